#include "firmware/bus/poll_schedule.hpp"

#include <map>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant(1h);

/// A bus in pure time: every read takes `cost`, a dead device `timeout`.
struct Line {
    PollSchedule schedule;
    Instant now = t0;
    Duration cost = 5ms;
    Duration timeout = 500ms;
    std::map<std::size_t, Fault> faults;
    std::map<std::size_t, std::vector<Instant>> ends;  ///< of every read, by device

    explicit Line(const std::vector<PollPlan>& plans) : schedule(plans, t0) {}

    /// Does what a bus thread does, until `end`.
    void run_until(Instant end) {
        while (now < end) {
            const auto poll = schedule.next(now);
            if (!poll) {
                const auto wake = schedule.wake();
                REQUIRE(wake > now);  // or the bus thread would spin
                now = std::min(wake, end);
                continue;
            }
            const auto fault = faults.find(poll->device);
            if (fault == faults.end()) {
                now += cost;
                schedule.done(*poll, std::nullopt, now);
            } else {
                if (fault->second == Fault::timeout) now += timeout;
                schedule.done(*poll, fault->second, now);
            }
            ends[poll->device].push_back(now);
        }
    }

    std::size_t reads(std::size_t device) { return ends[device].size(); }
};

}  // namespace

TEST_CASE("poll_schedule: without devices there is nothing to do, ever",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({}, t0);
    CHECK_FALSE(schedule.next(t0));
    CHECK(schedule.wake() == never);
    PollSchedule blockless({{.device = 0, .blocks = 0, .period = 1s}}, t0);
    CHECK(blockless.wake() == never);
}

TEST_CASE("poll_schedule: every device is due at the start and then once a period",
          "[firmware][poll_schedule]") {
    Line line({{0, 1, 100ms}, {1, 1, 250ms}});
    line.run_until(t0 + 1s);
    CHECK(line.reads(0) == 10);
    CHECK(line.reads(1) == 4);
    CHECK(line.schedule.tally(0).missed == 0);
    CHECK(line.schedule.tally(1).missed == 0);
}

TEST_CASE("poll_schedule: periods do not drift, however long the reads take",
          "[firmware][poll_schedule]") {
    Line line({{0, 1, 100ms}});
    line.cost = 33ms;
    line.run_until(t0 + 1h);
    CHECK(line.reads(0) == 36000);
    CHECK(line.ends[0].back() == t0 + 1h - 100ms + 33ms);
}

TEST_CASE("poll_schedule: the earliest deadline goes first, not the first device",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 1, 10s}, {1, 1, 100ms}, {2, 1, 1s}}, t0);
    const auto first = schedule.next(t0);
    CHECK(first == Poll{1, 0});
    schedule.done(*first, std::nullopt, t0 + 1ms);
    const auto second = schedule.next(t0 + 1ms);
    CHECK(second == Poll{2, 0});
    schedule.done(*second, std::nullopt, t0 + 2ms);
    CHECK(schedule.next(t0 + 2ms) == Poll{0, 0});
}

TEST_CASE("poll_schedule: asking twice gives the same answer", "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 2, 100ms}}, t0);
    CHECK(schedule.next(t0) == schedule.next(t0));
    CHECK_FALSE(schedule.next(t0 - 1ms));
}

TEST_CASE("poll_schedule: a round reads every block in order, and an urgent neighbour cuts in",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 3, 1s}, {1, 1, 100ms}}, t0);
    std::vector<Poll> seen;
    Instant now = t0;
    for (int i = 0; i < 5; ++i) {
        const auto poll = schedule.next(now);
        REQUIRE(poll);
        seen.push_back(*poll);
        now += 60ms;
        schedule.done(*poll, std::nullopt, now);
    }
    CHECK(seen == std::vector<Poll>{{1, 0}, {0, 0}, {1, 0}, {0, 1}, {1, 0}});
}

TEST_CASE("poll_schedule: a dead device costs one timeout a back-off round, however many blocks",
          "[firmware][poll_schedule]") {
    Line line({{0, 7, 1s}});
    line.faults[0] = Fault::timeout;
    line.run_until(t0 + 60s);
    // 1, 2, 4, 8, 10, 10 … seconds apart, each with one timeout of 0.5 s.
    CHECK(line.reads(0) == 9);
    CHECK(line.ends[0][1] - line.ends[0][0] == 1500ms);
    CHECK(line.ends[0][2] - line.ends[0][1] == 2500ms);
    CHECK(line.ends[0][7] - line.ends[0][6] == 10500ms);
    CHECK(line.schedule.tally(0).timeouts == 9);
}

TEST_CASE("poll_schedule: with one of 32 units dead the others keep 98 % of their reads on time",
          "[firmware][poll_schedule]") {
    std::vector<PollPlan> plans;
    for (std::size_t i = 0; i < 32; ++i) plans.push_back({i, 1, 1s});
    Line line(plans);
    line.cost = 10ms;
    line.faults[7] = Fault::timeout;
    line.run_until(t0 + 600s);
    for (std::size_t i = 0; i < 32; ++i) {
        if (i == 7) continue;
        CHECK(line.reads(i) >= 588);
        CHECK(line.schedule.tally(i).missed <= 12);
    }
    CHECK(line.reads(7) <= 65);
}

TEST_CASE("poll_schedule: a device that comes back is polled at its period again",
          "[firmware][poll_schedule]") {
    Line line({{0, 2, 100ms}});
    line.faults[0] = Fault::timeout;
    line.run_until(t0 + 120s);
    line.faults.clear();
    const auto before = line.reads(0);
    line.run_until(line.now + 10500ms);
    CHECK(line.reads(0) > before);  // within the longest silence
    const auto after = line.reads(0);
    line.run_until(line.now + 10s);
    CHECK(line.reads(0) - after == 200);
}

TEST_CASE("poll_schedule: a single lost answer delays the next try by one period only",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 1, 100ms}}, t0);
    schedule.done({0, 0}, Fault::timeout, t0 + 50ms);
    CHECK(schedule.wake() == t0 + 150ms);
    schedule.done({0, 0}, std::nullopt, t0 + 160ms);
    schedule.done({0, 0}, Fault::timeout, t0 + 300ms);
    CHECK(schedule.wake() == t0 + 400ms);  // not twice the period: it had answered in between
}

TEST_CASE("poll_schedule: a device that answers badly is asked on, block by block",
          "[firmware][poll_schedule]") {
    for (const auto fault : {Fault::corrupt, Fault::refused, Fault::busy}) {
        PollSchedule schedule({{0, 2, 100ms}}, t0);
        schedule.done({0, 0}, fault, t0 + 10ms);
        CHECK(schedule.next(t0 + 10ms) == Poll{0, 1});
        schedule.done({0, 1}, std::nullopt, t0 + 20ms);
        CHECK(schedule.wake() == t0 + 100ms);
    }
}

TEST_CASE("poll_schedule: late and left-out rounds are counted as missed",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 1, 100ms}}, t0);
    schedule.done({0, 0}, std::nullopt, t0 + 100ms);  // just in time
    CHECK(schedule.tally(0).missed == 0);
    CHECK(schedule.next(t0 + 100ms));
    schedule.done({0, 0}, std::nullopt, t0 + 450ms);  // late, and two rounds never began
    CHECK(schedule.tally(0).missed == 3);
    CHECK(schedule.next(t0 + 450ms));  // the round of +400 ms
    schedule.done({0, 0}, std::nullopt, t0 + 460ms);
    CHECK(schedule.wake() == t0 + 500ms);  // still on the grid
    CHECK(schedule.tally(0).missed == 3);
}

TEST_CASE("poll_schedule: an overloaded bus serves everyone and never spins",
          "[firmware][poll_schedule]") {
    Line line({{0, 1, 10ms}, {1, 1, 10ms}, {2, 1, 50ms}});
    line.cost = 20ms;
    line.run_until(t0 + 30s);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(line.reads(i) > 100);
        CHECK(line.schedule.tally(i).missed > 0);
    }
}

TEST_CASE("poll_schedule: a lost port pauses the bus with back-off and probes with one read",
          "[firmware][poll_schedule]") {
    Line line({{0, 3, 100ms}, {1, 3, 100ms}, {2, 3, 100ms}});
    for (std::size_t i = 0; i < 3; ++i) line.faults[i] = Fault::port_lost;
    line.run_until(t0 + 60s);
    const auto tries = line.reads(0) + line.reads(1) + line.reads(2);
    CHECK(tries <= 20);  // 0.1, 0.2 … 5, 5 s apart, not 1,800 reads
    CHECK(tries >= 12);
}

TEST_CASE("poll_schedule: once the port is back every device is polled at once",
          "[firmware][poll_schedule]") {
    Line line({{0, 1, 100ms}, {1, 1, 100ms}, {2, 1, 100ms}});
    for (std::size_t i = 0; i < 3; ++i) line.faults[i] = Fault::port_lost;
    line.run_until(t0 + 60s);
    line.faults.clear();
    line.ends.clear();
    line.run_until(line.now + 5100ms);  // the longest pause
    for (std::size_t i = 0; i < 3; ++i) CHECK(line.reads(i) >= 1);
    line.ends.clear();
    line.run_until(line.now + 10s);
    for (std::size_t i = 0; i < 3; ++i) CHECK(line.reads(i) == 100);
}

TEST_CASE("poll_schedule: a gateway that hangs up on one unit does not slow its neighbours",
          "[firmware][poll_schedule]") {
    Line line({{0, 1, 100ms}, {1, 1, 100ms}});
    line.faults[0] = Fault::port_lost;
    line.run_until(t0 + 60s);
    CHECK(line.reads(1) == 600);
    CHECK(line.reads(0) < 20);
    CHECK(line.schedule.tally(0).lost == line.reads(0));
}

TEST_CASE("poll_schedule: a device that was dead before the port went stays in its own back-off",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 1, 1s}, {1, 1, 1s}}, t0);
    schedule.done({0, 0}, Fault::timeout, t0);
    schedule.done({1, 0}, Fault::port_lost, t0);
    schedule.done({1, 0}, Fault::port_lost, t0 + 1s);
    schedule.done({1, 0}, std::nullopt, t0 + 1200ms);
    CHECK(schedule.next(t0 + 1200ms) == Poll{0, 0});  // due since +1 s, by its own count
}

TEST_CASE("poll_schedule: a period of zero is a millisecond, not an endless loop",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{0, 1, 0ms}}, t0);
    schedule.done({0, 0}, std::nullopt, t0);
    CHECK(schedule.wake() == t0 + 1ms);
}

TEST_CASE("poll_schedule: an answer that nobody asked for changes nothing",
          "[firmware][poll_schedule]") {
    PollSchedule schedule({{3, 2, 100ms}}, t0);
    schedule.done({9, 0}, Fault::port_lost, t0);
    schedule.done({3, 1}, Fault::timeout, t0);
    CHECK(schedule.next(t0) == Poll{3, 0});
    CHECK(schedule.tally(9).lost == 0);
}
