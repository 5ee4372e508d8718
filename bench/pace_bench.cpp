// How well a bus keeps its time, with the real bus thread. Jitter: how long after its release a
// request goes out, on a bus that answers at once; the floor is how late this machine wakes up a
// thread that does nothing but sleep, at the same time. One dead of 32: a serial line (a
// pseudo-terminal whose far end takes as long as 19200 baud would), 32 units once a second, of
// which one never answers: the share of the other units' periods in which they were read.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/support/inbox.hpp"
#include "firmware/bus/bus_thread.hpp"
#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/rtu.hpp"
#include "tests/support/pty.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Instant clock_now() {
    return std::chrono::steady_clock::now();
}

double ms(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

DevicePlan device(std::uint8_t unit, std::uint16_t words, Duration period) {
    DevicePlan plan;
    plan.name = "d" + std::to_string(unit);
    plan.unit = unit;
    plan.period = period;
    plan.blocks = {
        {.table = Table::holding, .address = 0, .count = words, .registers = {}, .period = period}};
    return plan;
}

/// Answers at once and notes when it was asked. Read after its thread has ended.
class InstantBus final : public Bus {
public:
    explicit InstantBus(std::map<int, std::vector<Instant>>& asked) : asked_(asked) {}
    Result<Words> read(const ReadRequest& request) override {
        asked_[request.unit].push_back(clock_now());
        return Words(request.count);
    }
    Result<void> write(const WriteRequest&) override { return {}; }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override { return Bytes{}; }

private:
    std::map<int, std::vector<Instant>>& asked_;
};

double p99(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[values.size() * 99 / 100];
}

/// How late sleeping until each of these instants ends, in milliseconds.
std::vector<double> oversleep(Instant begin, Instant end, Duration period) {
    std::vector<double> late;
    for (auto due = begin; due < end; due += period) {
        std::this_thread::sleep_until(due);
        late.push_back(ms(clock_now() - due));
    }
    return late;
}

/// Milliseconds after the schedule's grid, whose phase is the earliest of all requests to it.
std::vector<double> lateness(const std::vector<Instant>& asked, Duration period) {
    std::vector<Duration> phases;
    for (std::size_t i = 1; i < asked.size(); ++i) {
        auto phase = (asked[i] - asked.front()) % period;
        // A little before the first request's own phase is early, not a period late.
        if (phase > period / 2) phase -= period;
        phases.push_back(phase);
    }
    const auto earliest = *std::min_element(phases.begin(), phases.end());
    std::vector<double> late;
    for (const auto phase : phases) late.push_back(ms(phase - earliest));
    return late;
}

/// Periods that seldom meet, so that the requests spread.
void measure_jitter() {
    constexpr auto lasts = 20s;
    std::map<int, std::vector<Instant>> asked;
    std::vector<DevicePlan> devices;
    for (std::uint8_t unit = 1; unit <= 8; ++unit) {
        devices.push_back(device(unit, 20, std::chrono::milliseconds(97 + 2 * unit)));
    }
    std::vector<double> floor;
    {
        BusThread thread(std::make_unique<InstantBus>(asked), 0, devices, [](const BusNews&) {});
        const auto begin = clock_now();
        floor = oversleep(begin, begin + lasts, 13ms);
    }
    std::vector<double> late;
    for (const auto& plan : devices) {
        const auto some = lateness(asked[plan.unit], plan.period);
        late.insert(late.end(), some.begin(), some.end());
    }
    const double most = p99(late);
    std::printf("pace.jitter_p50 %.3f ms\n", late[late.size() / 2]);
    std::printf("pace.jitter_p99 %.3f ms (bound: 5 ms; floor: a sleep's p99 %.3f ms)\n", most,
                p99(floor));
}

/// The far end: what a unit with ten words says, as late as the line would bring it.
LineReply answer_of(const LinePlan& line, const Bytes& request, std::uint8_t dead) {
    if (request.empty() || request[0] == dead) return {};
    Bytes pdu(2 + 2 * 10);
    pdu[0] = 0x03;
    pdu[1] = 20;
    auto frame = wrap_rtu(request[0], pdu);
    const auto takes = time_on_line(line, request.size() + frame.size());
    return {.parts = {std::move(frame)},
            .gap = std::chrono::ceil<std::chrono::milliseconds>(takes)};
}

struct Share {
    double on_time = 0;  ///< of the periods of the units other than number 16
    int timeouts = 0;
};

/// `dead` is 16, or 0 for none.
Share on_one_line(std::uint8_t dead) {
    constexpr auto period = 1s;  // of which 31 answers at 19200 baud take two thirds
    constexpr int rounds = 40;
    constexpr std::size_t watched_not = 15;  // device number of unit 16
    const TempDir folder;
    BusPlan plan;
    plan.name = "line";
    plan.wire = Wire::serial;
    plan.line.port.name = "rs485-1";
    plan.line.port.path = folder.path() / "line";
    const ScriptedLine line(plan.line.port.path, [&plan, dead](const Bytes& request) {
        return answer_of(plan.line, request, dead);
    });
    std::vector<DevicePlan> devices;
    for (std::uint8_t unit = 1; unit <= 32; ++unit) devices.push_back(device(unit, 10, period));
    Inbox<BusReport> reports(100'000);
    const auto begin = clock_now();
    {
        BusThread thread(make_modbus_bus(plan), 0, devices, [&](const BusNews& news) {
            if (const auto* report = std::get_if<BusReport>(&news)) reports.post(BusReport(*report));
        });
        std::this_thread::sleep_for((rounds + 1) * period);
    }
    std::map<std::size_t, std::set<long>> read_in;
    Share share;
    while (const auto report = reports.take_now()) {
        const auto round = static_cast<long>((report->at - begin) / period);
        if (!report->words) ++share.timeouts;
        if (!report->words || report->device == watched_not) continue;
        if (round >= 1 && round <= rounds) read_in[report->device].insert(round);
    }
    std::size_t read = 0;
    for (const auto& [unit, rounds_of] : read_in) read += rounds_of.size();
    share.on_time = static_cast<double>(read) / (31.0 * rounds);
    return share;
}

void measure_one_dead() {
    const auto alive = on_one_line(0);
    const auto dead = on_one_line(16);
    std::printf(
        "pace.one_dead_of_32 %.4f of the others' reads on time (bound: 0.98; with all 32 "
        "alive %.4f; %d timeouts of 500 ms in 41 s)\n",
        dead.on_time, alive.on_time, dead.timeouts);
}

}  // namespace

int main() {
    measure_jitter();
    measure_one_dead();
    return 0;
}
