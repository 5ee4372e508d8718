// What a large site costs the host. (a) alarm message in to the last of 32,000 servers in DRAIN
// and read back, over the same command lines poured raw into the same HAProxy; (b) the same of
// Slurm nodes, over one scontrol call; (c) planning from 1,000 servers to a million, in process;
// (d) a flood of 100,000 alarms; (e) how near the choice of loads to shed comes to the best there
// is.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/host/edge.hpp"
#include "bench/host/fleet.hpp"
#include "bench/host/room_voice.hpp"
#include "bench/host/shed_optimality.hpp"
#include "bench/host/slurm_cluster.hpp"
#include "bench/support/process_figures.hpp"
#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "host/controller.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/heap.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of this thread: the core is one and waits for nothing, and a busy machine is not its doing.
double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// A broker that gives nothing up: what it drops is not the host's to lose.
constexpr auto patient = "max_queued_messages 0\nmax_inflight_messages 64\nset_tcp_nodelay true\n";

// ---- (c) ----

/// Processor seconds from the alarm to the orders of all servers; prints the heap that the site
/// takes.
int plan(std::size_t servers) {
    const Fleet fleet{servers};
    const auto before = live_heap_bytes();
    const Now now{Instant{} + 1h, {}};
    Controller controller(fleet.policy(), "bench", now);
    controller.take_in(LinkUp{}, now);
    const Origin room{"pangyo", Role::agent, "room"};
    Status status;
    status.online = true;
    status.heartbeat_s = 3600;
    status.stamp = {"life", 1, {}};
    controller.take_in(Arrived{to_string(Topic{room, Kind::status, "", ""}), to_json(status)}, now);
    controller.tick(now);
    for (const auto& order : controller.take_orders()) {
        const auto index = std::stoul(order.target.substr(order.target.find('-') + 1));
        controller.take_in(Receipt{order.target, {}, fleet.states(index, "ready")}, now);
    }
    controller.tick(now);
    const auto site = live_heap_bytes() - before;
    AlarmNotice gas;
    gas.alarm = "gas";
    gas.phase = Phase::firing;
    gas.stamp = {"life", 2, {}};
    const Arrived alarm{to_string(Topic{room, Kind::alarm, "gas", ""}), to_json(gas)};
    const auto start = processor_seconds();
    controller.handle(alarm, now);
    const auto orders = controller.take_orders();
    const auto took = processor_seconds() - start;
    std::size_t steps = 0;
    for (const auto& order : orders) steps += order.steps.size();
    if (steps != servers) {
        std::fprintf(stderr, "host: %zu of %zu servers were ordered down\n", steps, servers);
        return 1;
    }
    std::printf("%.6f %zu\n", took, site);
    return 0;
}

bool planning() {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    for (const auto& [servers, bound] :
         std::vector<std::pair<std::size_t, std::string>>{{1000, ""},
                                                          {32'000, ", bound 50 ms"},
                                                          {320'000, ""},
                                                          {1'000'000, ", bound 2000 ms"}}) {
        std::vector<double> times;
        double bytes = 0;
        for (int round = 0; round < 3; ++round) {
            Process child(self, {"plan", std::to_string(servers)});
            if (child.wait(60s) != 0) {
                std::fprintf(stderr, "%s", child.err().c_str());
                return false;
            }
            const auto out = child.out();
            times.push_back(std::stod(out));
            bytes = std::stod(out.substr(out.find(' ')));
        }
        const auto count = static_cast<double>(servers);
        std::printf(
            "host.plan_%zu %.1f ms of processor (%.2f us a server%s), %.0f bytes a server\n",
            servers, median(times) * 1e3, median(times) * 1e6 / count, bound.c_str(),
            bytes / count);
    }
    return true;
}

// ---- (a) ----

/// One life of a real host, from the alarm to its last read-back; below 0 when it did not get
/// there.
double drained_in(const std::string& policy, std::size_t targets, const std::string& broker_url) {
    const TempDir folder;
    RoomVoice room(broker_url, "room");
    room.alarm("gas", Phase::clear);
    const auto host =
        firebreak::firebreak("host", {"run", "--config", folder.write("policy.toml", policy)});
    const auto pumped = [&](const std::function<bool()>& done) {
        return eventually(
            [&] {
                room.pump();
                return done();
            },
            60s);
    };
    // All targets are read once every five seconds: a round later all is known and at rest.
    const auto seen = [&] { return room.targets() == targets; };
    if (!pumped([&] { return seen() || !host->running(); }) || !seen()) {
        std::fprintf(stderr, "host: %s\n", host->err().substr(0, 2000).c_str());
        return -1;
    }
    const auto settled = Clock::now() + 3s;
    while (Clock::now() < settled) room.pump();
    const auto start = Clock::now();
    room.alarm("gas", Phase::firing);
    while (room.drained() < targets && seconds_since(start) < 60) room.pump();
    const auto took = seconds_since(start);
    if (room.drained() == targets) return took;
    std::fprintf(stderr, "host: %zu of %zu targets drained; held back by %s\n%s\n", room.drained(),
                 targets, room.blocked().c_str(), host->err().substr(0, 2000).c_str());
    return -1;
}

bool drain() {
    const Fleet fleet{32'000};
    Edge edge(fleet);
    std::vector<double> ours, raw;
    for (int round = 0; round < 7; ++round) {
        const Mosquitto broker(Mosquitto::At::once, patient);
        const auto policy =
            fleet.policy_file(fmt::format("seoul-{}", round), broker.url(), edge.socket());
        const auto took = drained_in(policy, fleet.backends(), broker.url());
        if (took < 0) return false;
        if (edge.count("drain") != fleet.servers) {
            std::fprintf(stderr, "host: HAProxy does not say that all servers are drained\n");
            return false;
        }
        ours.push_back(took);
        edge.pour("ready");
        raw.push_back(edge.pour("drain"));
        edge.pour("ready");
    }
    std::printf("host.alarm_to_32000_drained %.3f s   (raw %.3f s, ratio %.2f, bound 1.3)\n",
                median(ours), median(raw), median(ours) / median(raw));
    return true;
}

// ---- (b) ----

bool slurm() {
    constexpr std::size_t nodes = 32'000;
    const SlurmCluster cluster(nodes);
    std::vector<double> ours, call, whole, least;
    for (int round = 0; round < 5; ++round) {
        const Mosquitto broker(Mosquitto::At::once, patient);
        const auto policy = slurm_policy_file(nodes, broker.url(), cluster.conf());
        const auto took = drained_in(policy, nodes / Fleet::a_backend, broker.url());
        if (took < 0) return false;
        if (cluster.count_drained() != nodes) {
            std::fprintf(stderr, "host: slurmctld does not say that all nodes are drained\n");
            return false;
        }
        ours.push_back(took);
        cluster.update("undrain");
        call.push_back(cluster.update("drain"));
        whole.push_back(cluster.show());
        least.push_back(cluster.show_alike());
        cluster.update("undrain");
    }
    const auto floor = median(call) + median(least);
    std::printf(
        "host.alarm_to_32000_slurm_nodes_drained %.3f s   (one scontrol call %.3f s, ratio %.2f, "
        "bound 1.5; that and the least reading back %.3f s, ratio %.2f; scontrol show node alone "
        "%.3f s, sinfo alone %.3f s)\n",
        median(ours), median(call), median(ours) / median(call), floor, median(ours) / floor,
        median(whole), median(least));
    return true;
}

// ---- (d) ----

bool flood() {
    constexpr std::uint64_t alarms = 100'000;
    constexpr int kinds = 1000;
    const Fleet fleet{1000};
    Edge edge(fleet);
    const Mosquitto broker(Mosquitto::At::once, patient);
    const TempDir folder;
    const auto config =
        folder.write("policy.toml", fleet.policy_file("seoul-1", broker.url(), edge.socket()));
    const auto host = firebreak::firebreak("host", {"run", "--config", config});
    RoomVoice room(broker.url(), "room");
    room.alarm("gas", Phase::clear);
    const auto ready = [&] {
        room.pump();
        return room.targets() == fleet.backends();
    };
    if (!eventually(ready, 30s)) return false;
    const auto settle = [&] {  // a status a second says what the host has had
        const auto until = Clock::now() + 3s;
        while (Clock::now() < until) room.pump();
        const auto of_others = room.host()->counters.at("messages.received") - room.heard();
        return static_cast<std::int64_t>(of_others);
    };
    const auto before = settle();
    const auto start = Clock::now();
    for (std::uint64_t i = 0; i + 1 < alarms; ++i) {
        room.alarm(fmt::format("cell-{}", i % kinds),
                   i / kinds % 2 == 0 ? Phase::firing : Phase::clear);
    }
    room.alarm("gas", Phase::firing);  // the last one is the one that matters
    const auto last = Clock::now();
    const auto rate = static_cast<double>(alarms) / seconds_since(start);
    while (room.drained() < fleet.backends() && seconds_since(last) < 60) room.pump();
    const auto took = seconds_since(last);
    const auto lost = static_cast<std::int64_t>(alarms) - (settle() - before);
    std::printf(
        "host.flood_100000 %.0f alarms/s, posture reached %.3f s after the last (bound 1 s), "
        "%lld lost (bound 0)\n",
        rate, took, static_cast<long long>(lost));
    return lost == 0 && room.drained() == fleet.backends();
}

}  // namespace

int main(int argc, char** argv) {
    const std::string only = argc > 1 ? argv[1] : "";
    if (only == "plan") return plan(std::stoul(argv[2]));
    bool good = true;
    if (only.empty() || only == "planning") good = planning() && good;
    if (only.empty() || only == "drain") good = drain() && good;
    if (only.empty() || only == "slurm") good = slurm() && good;
    if (only.empty() || only == "flood") good = flood() && good;
    if (only.empty() || only == "shed") good = shed_optimality() && good;
    return good ? 0 : 1;
}
