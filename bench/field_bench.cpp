// What the agent costs at 10, 100 and 1,000 devices read once a second, with real processes: the
// simulator serves them over Modbus TCP, 100 units a bus, and a broker takes what is said. Each
// device is a SunSpec battery bank: one read of 62 registers, 16 measures, of which the charge
// moves at every read; one alarm watches each. Memory has a floor, the program's --version; the
// share of reads that were done on time shows that the figures are of an agent that keeps up.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/process_figures.hpp"
#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr int units_a_bus = 100;
constexpr auto settling = 10s;  // the first round, and everything said once
constexpr auto measuring = 20s;

struct Bound {
    int devices;
    double memory_mib;
};
constexpr Bound bounds[] = {{10, 16}, {100, 16}, {1000, 48}};

/// A site and a room of `devices` battery banks, in a folder of their own.
class Field {
public:
    explicit Field(int devices) : devices_(devices) {
        std::string site =
            fmt::format("site = \"field\"\nagent = \"a\"\n[broker]\nurl = \"{}\"\n", broker_.url());
        std::string story =
            "title = \"Field\"\nsource = \"bench\"\nt0 = \"00:00\"\n"
            "begins = \"-1m\"\nends = \"100m\"\n";
        for (int bus = 0; bus * units_a_bus < devices; ++bus) {
            site += fmt::format("[[bus]]\nname = \"lan{}\"\ntcp = \"127.0.0.1:{}\"\n", bus,
                                free_port());
        }
        for (int i = 0; i < devices; ++i) {
            site += fmt::format(
                "[[device]]\nname = \"bank{0}\"\nprofile = \"sunspec-802\"\nbus = \"lan{1}\"\n"
                "unit = {2}\nperiod = \"1s\"\n"
                "[[alarm]]\nname = \"low{0}\"\non_delay = \"1s\"\n"
                "[[alarm.when]]\ndevice = \"bank{0}\"\nmeasure = \"battery.charge\"\nbelow = 10\n",
                i, i / units_a_bus, 1 + i % units_a_bus);
            // 80 % in 80 minutes at a resolution of 0.01 %: another value at every read.
            story += fmt::format(
                "[[start]]\ndevice = \"bank{0}\"\n"
                "values = {{\"battery.charge\" = 100}}\n"
                "[[change]]\nat = \"-59s\"\nover = \"80m\"\n"
                "device = \"bank{0}\"\nmeasure = \"battery.charge\"\nto = 20\n",
                i);
        }
        folder_.write("site.toml", site);
        folder_.write("scenario.toml", story);
        folder_.write("room.toml",
                      "site = \"site.toml\"\nscenario = \"scenario.toml\"\nlog = \"room.csv\"\n"
                      "[servers]\nfirst_port = 18100\n");
    }

    [[nodiscard]] bool start() {
        const auto folder = folder_.path().string();
        sim_ = firebreak::firebreak("sim", {"run", "--config", "room.toml"}, folder);
        if (!eventually(
                [&] {
                    return sim_->err().find("ready") != std::string::npos ||
                           sim_->out().find("ready") != std::string::npos;
                },
                30s)) {
            return false;
        }
        agent_ = firebreak::firebreak("agent", {"run", "--config", "site.toml"}, folder);
        return eventually([&] { return reads() >= static_cast<std::uint64_t>(devices_); }, 30s);
    }

    [[nodiscard]] static std::string status_topic() {
        return to_string(Topic{{"field", Role::agent, "a"}, Kind::status, {}, {}});
    }

    /// Blocks read well so far, as the agent's status says it.
    [[nodiscard]] std::uint64_t reads() const {
        const auto status = parse_status(broker_.retained(status_topic()));
        std::uint64_t sum = 0;
        if (!status) return sum;
        for (const auto& [name, device] : status->devices) sum += device.reads;
        return sum;
    }
    [[nodiscard]] double up_s() const {
        const auto status = parse_status(broker_.retained(status_topic()));
        return status ? status->up_s : 0;
    }
    [[nodiscard]] pid_t agent() const { return agent_->pid(); }
    [[nodiscard]] std::string said() const { return agent_->err(); }
    [[nodiscard]] std::string room_said() const { return sim_->err(); }

private:
    int devices_;
    Mosquitto broker_;
    TempDir folder_;
    std::unique_ptr<Process> sim_, agent_;
};

struct Sample {
    std::uint64_t reads = 0;
    double up_s = 0;
};

bool measure(const Bound& bound, double floor) {
    Field field(bound.devices);
    if (!field.start()) {
        std::fprintf(stderr, "field: %d devices: nothing was read\n%s\n%s\n", bound.devices,
                     field.room_said().c_str(), field.said().c_str());
        return false;
    }
    std::this_thread::sleep_for(settling);
    const auto begin = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds(field.agent());
    const Sample before{field.reads(), field.up_s()};
    std::this_thread::sleep_for(measuring);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const double load = (cpu_seconds(field.agent()) - cpu) / took.count() * 100;
    const Sample after{field.reads(), field.up_s()};
    const double wanted = bound.devices * (after.up_s - before.up_s);
    std::printf("field.peak_memory_%d %.1f MiB (bound: %.0f MiB, floor: --version %.1f MiB)\n",
                bound.devices, memory_mib(field.agent(), "VmHWM"), bound.memory_mib, floor);
    std::printf("field.cpu_%d %.2f %% of a core\n", bound.devices, load);
    std::printf("field.reads_%d %.3f of those due (bound: 0.98)\n", bound.devices,
                static_cast<double>(after.reads - before.reads) / wanted);
    static_cast<void>(std::fflush(stdout));
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const double floor = version_mib("agent");
    bool well = true;
    for (const auto& bound : bounds) {
        if (argc > 1 && bound.devices != std::atoi(argv[1])) continue;
        well = measure(bound, floor) && well;
    }
    return well ? 0 : 1;
}
