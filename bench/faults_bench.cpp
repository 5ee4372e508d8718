// The agent among every kind of fault on every wire, with real processes and real sockets: three
// buses (Modbus TCP, RTU over TCP, a pseudo-terminal at 115200 baud), a device for each kind of
// fault, which hits one request in three at random, and one that is well. Polled far faster than
// a site would, so that a minute has the rounds of hours. What the agent holds after the first
// fifth of the time and at the end.   faults_bench [SECONDS]   (60)
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "bench/support/process_figures.hpp"
#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "sim/scenario.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr double period_s = 0.02;

std::string name_of(std::string_view bus, std::string_view kind) {
    auto name = fmt::format("{}-{}", bus, kind);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

class Faulty {
public:
    Faulty() {
        site_ = fmt::format("site = \"faults\"\nagent = \"a\"\n[broker]\nurl = \"{}\"\n",
                            broker_.url());
        story_ =
            "title = \"t\"\nsource = \"bench\"\nt0 = \"12:00\"\nbegins = \"0s\"\nends = \"48h\"\n";
        add_bus("tcp", fmt::format("tcp = \"127.0.0.1:{}\"", free_port()));
        add_bus("gateway", fmt::format("rtu_over_tcp = \"127.0.0.1:{}\"", free_port()));
        add_bus("line", "port = \"p\"\nbaud = 115200");
        folder_.write("site.toml", site_);
        folder_.write("scenario.toml", story_);
        folder_.write("board.toml", "board = \"b\"\n[[port]]\nname = \"p\"\npath = \"line.tty\"\n");
        folder_.write("room.toml",
                      "site = \"site.toml\"\nscenario = \"scenario.toml\"\nboard = \"board.toml\"\n"
                      "log = \"room.log\"\n[servers]\nfirst_port = 1\n");
    }

    [[nodiscard]] bool start() {
        const auto folder = folder_.path().string();
        sim_ = firebreak::firebreak("sim", {"run", "--config", "room.toml"}, folder);
        const auto ready = [&] { return sim_->err().find("event=ready") != std::string::npos; };
        if (!eventually(ready, 30s)) return false;
        agent_ = firebreak::firebreak(
            "agent", {"run", "--config", "site.toml", "--board", "board.toml"}, folder);
        return eventually([&] { return counts().reads > 100; }, 30s);
    }

    /// Of all devices, as the agent's status says it.
    [[nodiscard]] DeviceStatus counts() const {
        DeviceStatus sum;
        const auto topic = to_string(Topic{{"faults", Role::agent, "a"}, Kind::status, {}, {}});
        const auto status = parse_status(broker_.retained(topic));
        if (!status) return sum;
        for (const auto& [name, device] : status->devices) {
            sum.reads += device.reads;
            sum.timeouts += device.timeouts;
            sum.corrupt += device.corrupt;
            sum.exceptions += device.exceptions;
        }
        return sum;
    }
    [[nodiscard]] pid_t agent() const { return agent_->pid(); }
    [[nodiscard]] std::string said() const { return sim_->err() + agent_->err(); }

private:
    void add_bus(const std::string& bus, const std::string& keys) {
        site_ += fmt::format("[[bus]]\nname = \"{}\"\n{}\ntimeout = \"60ms\"\n", bus, keys);
        add_device(name_of(bus, "well"), bus, 100);
        for (const auto& [kind_name, kind] : fault_kinds) {
            if (kind == FaultKind::wrong_transaction && bus != "tcp") continue;
            const auto device = name_of(bus, kind_name);
            add_device(device, bus, static_cast<int>(kind) + 1);
            story_ += fmt::format("[[fault]]\nat = \"0s\"\ndevice = \"{}\"\nkind = \"{}\"\n",
                                  device, kind_name);
            if (kind != FaultKind::stuck) story_ += "chance = 0.3\n";
            if (kind == FaultKind::exception) story_ += "code = 2\n";
            if (kind == FaultKind::slow) story_ += "delay = \"50ms\"\n";
            if (kind == FaultKind::dribble) story_ += "delay = \"2ms\"\n";
        }
    }

    void add_device(const std::string& device, const std::string& bus, int unit) {
        site_ += fmt::format(
            "[[device]]\nname = \"{}\"\nbus = \"{}\"\nunit = {}\nprofile = \"xy-md02\"\n"
            "period = \"{}ms\"\n"
            "[[alarm]]\nname = \"{}\"\n[[alarm.when]]\ndevice = \"{}\"\nsilent = true\n",
            device, bus, unit, static_cast<int>(period_s * 1000), device, device);
        story_ += fmt::format(
            "[[start]]\ndevice = \"{}\"\nvalues = {{\"ambient.temperature\" = 23.5}}\n", device);
    }

    Mosquitto broker_;
    TempDir folder_;
    std::string site_, story_;
    std::unique_ptr<Process> sim_, agent_;
};

struct Held {
    double memory_mib;
    int descriptors;
};

}  // namespace

int main(int argc, char** argv) {
    const std::chrono::duration<double> whole(argc > 1 ? std::atof(argv[1]) : 60);
    Faulty faulty;
    if (!faulty.start()) {
        std::fprintf(stderr, "faults: nothing was read\n%s\n", faulty.said().c_str());
        return 1;
    }
    const auto held = [&] {
        return Held{memory_mib(faulty.agent(), "VmRSS"), descriptors(faulty.agent())};
    };
    std::this_thread::sleep_for(whole / 5);
    const auto early = held();
    std::this_thread::sleep_for(whole * 4 / 5);
    const auto late = held();
    const auto counts = faulty.counts();
    const auto reads = counts.reads + counts.timeouts + counts.corrupt + counts.exceptions;
    std::printf(
        "faults.reads %.0f (well %.0f, timeout or lost %.0f, corrupt %.0f, exception %.0f)\n",
        static_cast<double>(reads), static_cast<double>(counts.reads),
        static_cast<double>(counts.timeouts), static_cast<double>(counts.corrupt),
        static_cast<double>(counts.exceptions));
    std::printf(
        "faults.memory_growth %.2f MiB (of %.1f MiB after a fifth of the time; bound: 0.5)\n",
        late.memory_mib - early.memory_mib, early.memory_mib);
    std::printf("faults.descriptor_growth %d (of %d; bound: 1, the connection under way)\n",
                late.descriptors - early.descriptors, early.descriptors);
    return 0;
}
