#include "firmware/alarm/condition.hpp"

#include <cmath>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const PointId heat{"ups1", "battery.temperature"};

History history_of(Result<double> value, Duration silent_after = 10s) {
    History history(t0);
    history.expect("ups1", silent_after);
    history.heard("ups1", t0);
    history.add({heat, std::move(value), "", Unit::celsius, t0});
    return history;
}

ConditionPlan compare(Compare how, double limit, double hysteresis = 0) {
    return {heat, how, limit, hysteresis};
}

bool met(const ConditionPlan& condition, double value, bool held = false) {
    return judge(condition, history_of(value), t0, held) == Verdict::met;
}

}  // namespace

TEST_CASE("condition: above and below are strict at the limit", "[firmware][alarm]") {
    CHECK_FALSE(met(compare(Compare::above, 60), 60));
    CHECK(met(compare(Compare::above, 60), 60.1));
    CHECK_FALSE(met(compare(Compare::below, 10), 10));
    CHECK(met(compare(Compare::below, 10), 9.9));
}

TEST_CASE("condition: once met it is un-met only beyond the hysteresis", "[firmware][alarm]") {
    const auto above = compare(Compare::above, 60, 5);
    CHECK_FALSE(met(above, 58, false));
    CHECK(met(above, 58, true));
    CHECK(met(above, 55, true));
    CHECK_FALSE(met(above, 54.9, true));
    const auto below = compare(Compare::below, 10, 2);
    CHECK(met(below, 12, true));
    CHECK_FALSE(met(below, 12.1, true));
    CHECK_FALSE(met(below, 11, false));
}

TEST_CASE("condition: without hysteresis it makes no difference that it was met",
          "[firmware][alarm]") {
    CHECK_FALSE(met(compare(Compare::above, 60), 60, true));
    CHECK_FALSE(met(compare(Compare::below, 60), 60, true));
}

TEST_CASE("condition: equals forgives the rounding of a scaled register", "[firmware][alarm]") {
    CHECK(met(compare(Compare::equals, 23.1), 231 * 0.1));
    CHECK_FALSE(met(compare(Compare::differs, 23.1), 231 * 0.1));
    CHECK_FALSE(met(compare(Compare::equals, 1), 0));
    CHECK(met(compare(Compare::differs, 1), 0));
}

TEST_CASE("condition: a missing, stale or unheard reading is no evidence", "[firmware][alarm]") {
    const auto condition = compare(Compare::above, 60);
    CHECK(judge(condition, history_of(fail(Fault::stale, "sentinel")), t0, true) ==
          Verdict::no_evidence);
    CHECK(judge(condition, history_of(90.0), t0 + 9999ms, true) == Verdict::met);
    CHECK(judge(condition, history_of(90.0), t0 + 10s, true) == Verdict::no_evidence);
    CHECK(judge(condition, history_of(20.0), t0 + 10s, true) == Verdict::no_evidence);
    CHECK(judge(condition, History(t0), t0, false) == Verdict::no_evidence);
    CHECK(judge(condition, history_of(std::nan("")), t0, false) == Verdict::no_evidence);
}

TEST_CASE("condition: silence is met by age alone, and unknown before the first answer",
          "[firmware][alarm]") {
    const ConditionPlan silent{{"ups1", ""}, Compare::silent, 0, 0};
    History history(t0);
    history.expect("ups1", 10s);
    CHECK(judge(silent, history, t0 + 9s, false) == Verdict::no_evidence);
    CHECK(judge(silent, history, t0 + 10s, false) == Verdict::met);
    history.heard("ups1", t0 + 11s);
    CHECK(judge(silent, history, t0 + 12s, true) == Verdict::unmet);
    CHECK(judge(silent, history, t0 + 21s, false) == Verdict::met);
}

TEST_CASE("condition: joined verdicts follow Kleene's logic", "[firmware][alarm]") {
    const auto m = Verdict::met;
    const auto u = Verdict::unmet;
    const auto n = Verdict::no_evidence;
    CHECK(join({m, n, u}, false) == m);
    CHECK(join({u, n}, false) == n);
    CHECK(join({u, u}, false) == u);
    CHECK(join({m, n, u}, true) == u);
    CHECK(join({m, n}, true) == n);
    CHECK(join({m, m}, true) == m);
    CHECK(join({}, true) == n);
    CHECK(join({}, false) == n);
}

TEST_CASE("condition: the cause names the point, the value, the unit and the limit",
          "[firmware][alarm]") {
    CHECK(explain(compare(Compare::above, 60), history_of(71.2), t0, Verdict::met) ==
          "ups1 battery.temperature 71.2 Cel above 60");
    CHECK(explain(compare(Compare::above, 60), history_of(41.0), t0, Verdict::unmet) ==
          "ups1 battery.temperature 41 Cel not above 60");
}
