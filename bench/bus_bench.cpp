// How close to the wire the agent reads.
//   rtu_<baud>_<registers>: requests a second over what the line itself allows: the characters of
//     request and answer, and two gaps of 3.5 characters. `_standard`: the gap of 1.75 ms that the
//     standard has above 19200 baud, in the limit too. `_thread`: through the bus thread.
//   tcp: points a second through bus and codec, over a raw libmodbus loop doing the same reads.
//   blocks: reads a second planned for the shipped profiles, over the fewest there can be.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "bench/bus/paced_slave.hpp"
#include "bench/bus/raw_libmodbus.hpp"
#include "firmware/bus/bus_thread.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/rtu.hpp"
#include "firmware/profile/profile_file.hpp"
#include "firmware/profile/codec.hpp"
#include "tests/support/block_optimum.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration run_for = 4s;

void figure(const std::string& name, double value, const std::string& unit, double floor,
            const std::string& floor_is) {
    std::printf("bus.%s %.4f %s   (%s %.1f, ratio %.3f)\n", name.c_str(), value, unit.c_str(),
                floor_is.c_str(), floor, value / floor);
    static_cast<void>(std::fflush(stdout));
}

/// A figure of reads that failed would be none.
[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bus_bench: %s\n", why.c_str());
    std::exit(1);
}

double line_limit(const LinePlan& line, std::size_t registers, Duration gap) {
    const auto characters = std::size_t{8} + 5 + registers * 2;
    return 1 / seconds(time_on_line(line, characters) + 2 * gap);
}

BusPlan plan_for(const PacedSlave& slave, Duration gap) {
    BusPlan plan;
    plan.name = "line";
    plan.wire = Wire::serial;
    plan.line = slave.line();
    plan.gap = gap;
    plan.timeout = 1s;
    return plan;
}

LinePlan line_at(int baud) {
    LinePlan line;
    line.baud = baud;
    return line;
}

void rtu(int baud, std::uint16_t registers, Duration gap, const std::string& suffix) {
    const auto line = line_at(baud);
    PacedSlave slave(line, gap);
    const auto plan = plan_for(slave, gap);
    const auto bus = make_modbus_bus(plan, slave.port(plan));
    const ReadRequest request{.unit = 1, .table = Table::holding, .address = 0, .count = registers};
    static_cast<void>(bus->read(request));
    int good = 0;
    const auto start = Clock::now();
    auto now = start;
    while (now - start < run_for) {
        if (bus->read(request)) ++good;
        now = Clock::now();
    }
    figure("rtu_" + std::to_string(baud) + "_" + std::to_string(registers) + suffix,
           good / seconds(now - start), "requests/s", line_limit(line, registers, gap),
           "line allows");
}

void rtu_by_thread(int baud, Duration gap) {
    constexpr std::uint16_t registers = 10;
    const auto line = line_at(baud);
    PacedSlave slave(line, gap);
    const auto plan = plan_for(slave, gap);
    DevicePlan device;
    device.name = "d";
    device.blocks = {{Table::holding, 0, registers, {}, 1ms}};  // always due
    std::atomic<int> good = 0;
    const auto start = Clock::now();
    {
        const BusThread thread(make_modbus_bus(plan, slave.port(plan)), 0, {device},
                               [&](const BusNews& news) {
                                   const auto* report = std::get_if<BusReport>(&news);
                                   if (report != nullptr && report->words) ++good;
                               });
        std::this_thread::sleep_for(run_for);
        const double rate = good / seconds(Clock::now() - start);
        figure("rtu_" + std::to_string(baud) + "_" + std::to_string(registers) + "_thread", rate,
               "requests/s", line_limit(line, registers, gap), "line allows");
    }
}

void serial_lines() {
    for (const int baud : {9600, 19200, 115200}) {
        const auto gap = time_on_line(line_at(baud), 7) / 2;
        rtu(baud, 10, gap, "");
        rtu(baud, 125, gap, "");
        rtu_by_thread(baud, gap);
    }
    rtu(115200, 10, standard_gap(line_at(115200)), "_standard");
    rtu(115200, 125, standard_gap(line_at(115200)), "_standard");
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

DevicePlan device_of_words(std::uint16_t count) {
    Profile profile;
    for (std::uint16_t i = 0; i < count; ++i) {
        Register reg;
        reg.measure = "measure." + std::to_string(i);
        reg.table = Table::holding;
        reg.address = i;
        reg.scale = 0.1;
        profile.registers.push_back(reg);
    }
    DevicePlan device;
    device.name = "device";
    std::vector<std::size_t> all(count);
    std::iota(all.begin(), all.end(), std::size_t{0});
    device.blocks = plan_blocks(profile, all, 0);
    device.profile = std::make_shared<const Profile>(std::move(profile));
    return device;
}

/// Rounds in turn, so that a machine that slows down slows both.
void tcp(std::uint16_t count) {
    constexpr int rounds = 21;
    constexpr int reads = 1500;
    const LibmodbusServer server;
    LibmodbusClient raw(server.port());
    BusPlan plan;
    plan.host = "127.0.0.1";
    plan.port = server.port();
    const auto bus = make_modbus_bus(plan);
    const auto device = device_of_words(count);
    std::vector<double> ours, floors, ratios;
    std::size_t points = 0;
    for (int round = 0; round < rounds; ++round) {
        auto start = Clock::now();
        for (int i = 0; i < reads; ++i) {
            const auto words =
                bus->read({.unit = 255, .table = Table::holding, .address = 0, .count = count});
            if (!words) continue;
            points += decode_block(*device.profile, device.base, device.blocks[0], *words).size();
        }
        const double our_time = seconds(Clock::now() - start);
        start = Clock::now();
        for (int i = 0; i < reads; ++i) {
            if (!raw.read(count)) give_up("the raw loop failed");
        }
        const double raw_time = seconds(Clock::now() - start);
        ours.push_back(reads * count / our_time);
        floors.push_back(reads * count / raw_time);
        ratios.push_back(raw_time / our_time);
    }
    if (points != std::size_t{rounds} * reads * count) give_up("a read of ours failed");
    std::printf(
        "bus.tcp_%d %.0f points/s   (raw libmodbus %.0f, median ratio %.3f, %.3f to %.3f)\n", count,
        median(ours), median(floors), median(ratios),
        *std::min_element(ratios.begin(), ratios.end()),
        *std::max_element(ratios.begin(), ratios.end()));
    static_cast<void>(std::fflush(stdout));
}

void blocks() {
    double planned = 0, optimum = 0, worst = 1;
    int profiles = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(FIREBREAK_SOURCE_DIR "/firmware/profiles")) {
        Complaints complaints;
        const auto profile = load_profile(entry.path().string(), complaints);
        if (!complaints.empty()) give_up(complaints.text());
        std::vector<std::size_t> all(profile.registers.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        const double ours = reads_a_second(plan_blocks(profile, all, 0));
        const double best = optimal_reads_a_second(profile, 1s);
        planned += ours;
        optimum += best;
        worst = std::max(worst, ours / best);
        ++profiles;
    }
    figure("blocks", planned, "reads/s on " + std::to_string(profiles) + " profiles", optimum,
           "fewest");
    std::printf("bus.blocks_worst %.4f of the fewest\n", worst);
}

}  // namespace

int main() {
    blocks();
    tcp(20);
    tcp(125);
    serial_lines();
    return 0;
}
