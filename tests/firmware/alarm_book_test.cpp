#include "firmware/alarm/book.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

ConditionPlan above(const std::string& device, double limit, double hysteresis = 0) {
    return {{device, "temp"}, Compare::above, limit, hysteresis};
}

AlarmPlan plan(const std::string& name, std::vector<ConditionPlan> conditions, Duration on = 0s,
               Duration off = 0s, bool latch = false) {
    AlarmPlan alarm;
    alarm.name = name;
    alarm.conditions = std::move(conditions);
    alarm.on_delay = on;
    alarm.off_delay = off;
    alarm.latch = latch;
    return alarm;
}

struct Room {
    History history{t0};
    AlarmBook book;

    explicit Room(std::vector<AlarmPlan> plans) : book(std::move(plans), t0) {
        history.expect("a", 5s);
        history.expect("b", 5s);
    }
    std::vector<Transition> see(const std::string& device, double value, Duration at) {
        history.heard(device, t0 + at);
        history.add({{device, "temp"}, value, "", Unit::celsius, t0 + at});
        return book.look(device, history, t0 + at);
    }
    Phase phase(std::size_t alarm = 0) { return book.state(alarm).phase; }
};

AlarmNotice earlier(Phase phase, bool latched, bool acknowledged = false) {
    AlarmNotice notice;
    notice.alarm = "hot";
    notice.phase = phase;
    notice.latched = latched;
    notice.acknowledged = acknowledged;
    notice.cause = "said before";
    return notice;
}

}  // namespace

TEST_CASE("book: a reading that chatters about its limit cannot postpone the alarm",
          "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60, 5)}, 3s)});
    room.see("a", 61, 0s);
    CHECK(room.phase() == Phase::pending);
    room.see("a", 58, 1s);  // within the hysteresis: still met, still counting
    room.see("a", 61, 2s);
    room.see("a", 56, 2500ms);
    CHECK(room.phase() == Phase::pending);
    room.see("a", 59, 3s);
    CHECK(room.phase() == Phase::firing);
}

TEST_CASE("book: a pending alarm fires by time after its sensor died", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)}, 20s)});
    room.see("a", 80, 0s);
    CHECK(room.book.next_deadline() == t0 + 20s);
    CHECK(room.book.tick(room.history, t0 + 19s).empty());
    const auto changed = room.book.tick(room.history, t0 + 20s);
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].before.phase == Phase::pending);
    CHECK(changed[0].after.phase == Phase::firing);
    CHECK(changed[0].cause == "a temp 80 Cel above 60, 0 s old; clears at 60");
}

TEST_CASE("book: a fading alarm whose sensor died neither clears nor spins", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)}, 0s, 10s)});
    room.see("a", 80, 0s);
    room.see("a", 20, 1s);
    CHECK(room.phase() == Phase::fading);
    CHECK(room.book.next_deadline() == t0 + 11s);
    CHECK(room.book.tick(room.history, t0 + 11s).empty());  // stale since 6 s
    CHECK(room.phase() == Phase::fading);
    CHECK(room.book.next_deadline() == never);
    room.see("a", 20, 60s);
    CHECK(room.phase() == Phase::clear);
}

TEST_CASE("book: only the alarms that look at a device are judged by its news",
          "[firmware][alarm]") {
    Room room({plan("hot-a", {above("a", 60)}), plan("hot-b", {above("b", 60)}),
               plan("both", {above("a", 60), above("b", 60)})});
    const auto changed = room.see("a", 80, 0s);
    REQUIRE(changed.size() == 2);
    CHECK(changed[0].alarm == 0);
    CHECK(changed[1].alarm == 2);
    CHECK(room.phase(1) == Phase::unknown);
}

TEST_CASE("book: an all-alarm needs every sign and tells every sign", "[firmware][alarm]") {
    auto both = plan("both", {above("a", 60), above("b", 60)});
    both.all = true;
    both.message = "two signs";
    Room room({both});
    room.see("a", 80, 0s);
    CHECK(room.phase() == Phase::unknown);  // b might be anything
    room.see("b", 20, 0s);
    CHECK(room.phase() == Phase::clear);
    const auto changed = room.see("b", 70, 1s);
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].cause == "two signs: a temp 80 Cel above 60, 1 s old; clears at 60, "
          "b temp 70 Cel above 60, 0 s old; clears at 60");
}

TEST_CASE("book: a change of nothing is not mentioned", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)})});
    CHECK(room.see("a", 20, 0s).size() == 1);  // unknown to clear
    CHECK(room.see("a", 21, 1s).empty());
    CHECK_FALSE(room.book.operate("hot", {OperatorAction::acknowledge, 0s}, room.history, t0 + 1s));
    CHECK_FALSE(room.book.operate("none", {OperatorAction::reset, 0s}, room.history, t0 + 1s));
}

TEST_CASE("book: a reset is judged on present evidence, not on the last verdict",
          "[firmware][alarm]") {
    Room room({plan("gas", {above("a", 0.5)}, 0s, 0s, true)});
    room.see("a", 1, 0s);
    room.see("a", 0, 1s);
    CHECK(room.phase() == Phase::firing);
    // The sensor has been quiet for too long: nobody knows that the gas is gone.
    CHECK_FALSE(room.book.operate("gas", {OperatorAction::reset, 0s}, room.history, t0 + 30s));
    room.see("a", 0, 31s);
    CHECK(room.book.operate("gas", {OperatorAction::reset, 0s}, room.history, t0 + 31s));
    CHECK(room.phase() == Phase::clear);
}

TEST_CASE("book: a shelved alarm comes back by itself", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)})});
    room.see("a", 80, 0s);
    REQUIRE(room.book.operate("hot", {OperatorAction::shelve, 60s}, room.history, t0 + 1s));
    CHECK(room.book.next_deadline() == t0 + 61s);
    const auto changed = room.book.tick(room.history, t0 + 61s);
    REQUIRE(changed.size() == 1);
    CHECK_FALSE(changed[0].after.shelved_until);
    CHECK(changed[0].after.phase == Phase::firing);
}

TEST_CASE("book: a restart without evidence goes on firing what fired before",
          "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)}, 5s)});
    const auto taken =
        room.book.take_up(earlier(Phase::fading, false, true), Now{t0 + 1s, WallTime{}});
    REQUIRE(taken);
    CHECK(taken->after.phase == Phase::firing);
    CHECK(taken->after.acknowledged);
    CHECK(taken->cause == "said before");
    CHECK(room.book.tick(room.history, t0 + 100s).empty());
    room.see("a", 20, 101s);
    CHECK(room.phase() == Phase::clear);
}

TEST_CASE("book: a restart opens no latch, even when evidence came first", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)}, 0s, 0s, true)});
    room.see("a", 20, 0s);
    REQUIRE(room.book.take_up(earlier(Phase::firing, true), Now{t0 + 1s, WallTime{}}));
    room.see("a", 20, 2s);
    CHECK(room.phase() == Phase::firing);
    CHECK(room.book.state(0).latched);
}

TEST_CASE("book: evidence of this life outranks an earlier life's word", "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)})});
    room.see("a", 20, 0s);
    CHECK_FALSE(room.book.take_up(earlier(Phase::firing, false), Now{t0 + 1s, WallTime{}}));
    CHECK(room.phase() == Phase::clear);
}

TEST_CASE("book: an earlier life is taken up once, and only where it was active",
          "[firmware][alarm]") {
    Room room({plan("hot", {above("a", 60)}, 0s, 0s, true)});
    CHECK_FALSE(room.book.take_up(earlier(Phase::clear, false), Now{t0, WallTime{}}));
    CHECK_FALSE(room.book.take_up(earlier(Phase::firing, true), Now{t0, WallTime{}}));
    auto other = earlier(Phase::firing, true);
    other.alarm = "none";
    CHECK_FALSE(room.book.take_up(other, Now{t0, WallTime{}}));
    CHECK(room.phase() == Phase::unknown);
}
