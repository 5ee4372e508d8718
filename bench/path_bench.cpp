// From a register that changes in the room to the first server that HAProxy itself says is
// draining: simulator, Modbus TCP, agent, broker, host, HAProxy, all of them real processes, at the
// demo's period of 100 ms. What a poll may take is no part of the path: the change falls anywhere
// between two polls.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr int cycles = 100;
constexpr double period_ms = 100;

/// After the story's t0: every 1.6 s, each time a little later between two polls.
int begins_ms(int cycle) {
    return 3000 + cycle * 1600 + cycle * 37 % 100;
}

std::string story() {
    std::string changes;
    for (int cycle = 0; cycle < cycles; ++cycle) {
        for (const int to : {1, 0}) {
            changes += fmt::format(
                "[[change]]\nat = \"{}ms\"\ndevice = \"fire1\"\n"
                "measure = \"fire.gas.discharged\"\nto = {}\n",
                begins_ms(cycle) + (to == 1 ? 0 : 800), to);
        }
    }
    return changes;
}

double wall_ms() {
    return std::chrono::duration<double, std::milli>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

}  // namespace

int main() {
    Demo demo(story());
    demo.edit("site.toml", "latch = true\nmessage = \"the fire suppression",
              "message = \"the fire suppression");
    demo.edit("policy.toml", "calm_for = \"10s\"", "calm_for = \"100ms\"");
    demo.edit("policy.toml", "max_steps_per_minute = 600", "max_steps_per_minute = 60000");
    demo.start();
    // The room's log opens with the wall time of its story's begin, one second before t0.
    const double t0_ms = std::stod(demo.world()) + 1000;
    std::vector<double> took;
    const auto is = [&](const std::string& state) {
        const auto servers = demo.servers("text");
        return !servers.empty() && servers.at("pangyo-a") == state;
    };
    for (int cycle = 0; cycle < cycles; ++cycle) {
        const auto begins = t0_ms + begins_ms(cycle);
        while (wall_ms() < begins - 5) std::this_thread::sleep_for(1ms);
        if (!is("ready")) {
            std::fprintf(stderr, "path: the servers were not back before the next alarm\n");
            return 1;
        }
        while (!is("drain") && wall_ms() < begins + 1500) std::this_thread::sleep_for(500us);
        took.push_back(wall_ms() - begins);
    }
    std::sort(took.begin(), took.end());
    const auto quantile = [&](double share) {
        return took[static_cast<std::size_t>(share * static_cast<double>(took.size() - 1))];
    };
    for (const auto& [name, share] : {std::pair("p50", 0.5), {"p99", 0.99}, {"worst", 1.0}}) {
        std::printf(
            "path.register_to_first_draining_%s %.1f ms (poll period %.0f ms; beyond it %.1f ms, "
            "bound 250 ms at p99)\n",
            name, quantile(share), period_ms, quantile(share) - period_ms);
    }
    return quantile(0.99) - period_ms <= 250 ? 0 : 1;
}
