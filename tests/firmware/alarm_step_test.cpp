// The laws of step(), checked over every phase, verdict, delay, latch, order and age.
#include "firmware/alarm/step.hpp"

#include <functional>
#include <optional>
#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
constexpr Phase phases[] = {Phase::unknown, Phase::clear, Phase::pending, Phase::firing,
                            Phase::fading};
constexpr Verdict verdicts[] = {Verdict::met, Verdict::unmet, Verdict::no_evidence};

struct Case {
    AlarmState state;
    Verdict verdict;
    AlarmPlan plan;
    Instant now;
    std::optional<OperatorOrder> order;
};

AlarmPlan plan_of(Duration on_delay, Duration off_delay, bool latch,
                  Duration re_alarm = Duration::zero()) {
    AlarmPlan plan;
    plan.annunciation.re_alarm = re_alarm;
    plan.name = "a";
    plan.on_delay = on_delay;
    plan.off_delay = off_delay;
    plan.latch = latch;
    return plan;
}

/// Every state that step() can reach under this plan.
std::vector<AlarmState> states(const AlarmPlan& plan) {
    std::vector<AlarmState> all;
    for (const Phase phase : phases) {
        for (const bool acknowledged : {false, true}) {
            if (acknowledged && !is_active(phase)) continue;
            for (const std::optional<Instant> shelved :
                 {std::optional<Instant>{}, std::optional(t0 + 1s), std::optional(t0 + 1h)}) {
                AlarmState state{phase, t0, phase == Phase::firing && plan.latch, acknowledged,
                                 shelved};
                if (acknowledged) state.acknowledged_at = t0;
                all.push_back(state);
                // Each silence by itself and all of them: none has a law with another.
                if (shelved == t0 + 1s) continue;
                for (const int silence : {1, 2, 4, 7}) {
                    state.suppressed = (silence & 1) != 0;
                    state.suppressed_by_design = (silence & 2) != 0;
                    state.out_of_service = (silence & 4) != 0;
                    all.push_back(state);
                }
            }
        }
    }
    return all;
}

void for_every_case(const std::function<void(const Case&)>& law) {
    const std::vector<std::optional<OperatorOrder>> orders = {
        std::nullopt,
        OperatorOrder{OperatorAction::acknowledge, 0s},
        OperatorOrder{OperatorAction::reset, 0s},
        OperatorOrder{OperatorAction::shelve, 10s},
        OperatorOrder{OperatorAction::shelve, 0s},
        OperatorOrder{OperatorAction::shelve, -5s},
        OperatorOrder{OperatorAction::unshelve, 0s},
        OperatorOrder{OperatorAction::suppress, 0s},
        OperatorOrder{OperatorAction::unsuppress, 0s},
        OperatorOrder{OperatorAction::out_of_service, 0s},
        OperatorOrder{OperatorAction::in_service, 0s},
    };
    const Duration delays[] = {0s, 1s, 10s};
    // Also a little before the phase began: a shell that is wrong about time must do no harm.
    const Duration ages[] = {-1s, 0s, 999ms, 1s, 5s, 10s, 2h};
    for (const Duration on : delays) {
        for (const Duration off : delays) {
            for (const int kind : {0, 1, 2, 3}) {
                const bool latch = (kind & 1) != 0;
                const AlarmPlan plan = plan_of(on, off, latch, kind < 2 ? 0s : 5s);
                for (const auto& state : states(plan)) {
                    for (const Verdict verdict : verdicts) {
                        for (const Duration age : ages) {
                            for (const auto& order : orders) {
                                law({state, verdict, plan, t0 + age, order});
                            }
                        }
                    }
                }
            }
        }
    }
}

std::string show(const Case& c) {
    return std::string(to_string(c.state.phase)) + " " + std::string(to_string(c.verdict)) +
           " age " + std::to_string(seconds(c.now - c.state.since)) + " latch " +
           std::to_string(c.plan.latch) + " order " +
           (c.order ? std::string(to_string(c.order->action)) : "none");
}

/// REQUIRE costs too much for tens of thousands of cases: only a broken law is told.
#define LAW(c, what)           \
    do {                       \
        if (!(what)) {         \
            INFO(show(c));     \
            FAIL_CHECK(#what); \
        }                      \
    } while (false)

AlarmState stepped(const Case& c) {
    return step(c.state, c.verdict, c.plan, c.now, c.order);
}

}  // namespace

TEST_CASE("step: stepping twice at one instant changes nothing more", "[firmware][alarm]") {
    int cases = 0;
    for_every_case([&](const Case& c) {
        const auto once = stepped(c);
        LAW(c, step(once, c.verdict, c.plan, c.now, c.order) == once);
        LAW(c, step(once, c.verdict, c.plan, c.now) == once);
        ++cases;
    });
    CHECK(cases > 30'000);
}

TEST_CASE("step: missing evidence never starts and never clears an alarm", "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        if (c.verdict != Verdict::no_evidence) return;
        const auto after = stepped(c);
        if (!is_active(c.state.phase) && c.state.phase != Phase::pending) {
            LAW(c, after.phase == c.state.phase);
        }
        if (is_active(c.state.phase)) LAW(c, after.phase == c.state.phase);
        LAW(c,
            after.latched == (c.state.latched || (after.phase == Phase::firing && c.plan.latch)));
    });
}

TEST_CASE("step: a pending alarm runs on without evidence and fires when its delay ends",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        if (c.state.phase != Phase::pending || c.verdict == Verdict::unmet) return;
        const bool over = c.now - c.state.since >= c.plan.on_delay;
        LAW(c, stepped(c).phase == (over ? Phase::firing : Phase::pending));
    });
}

TEST_CASE("step: a latched alarm ends only by a reset while un-met", "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        if (!c.state.latched) return;
        const bool reset = c.order && c.order->action == OperatorAction::reset;
        const auto after = stepped(c);
        LAW(c, after.latched == !(reset && c.verdict == Verdict::unmet));
        LAW(c, (after.phase == Phase::firing) == after.latched);
    });
}

TEST_CASE("step: only firing is ever latched, and under a latching plan always",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        LAW(c, after.latched == (after.phase == Phase::firing && c.plan.latch));
    });
}

TEST_CASE("step: on one step an alarm moves only in the direction of its evidence",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        if (c.verdict == Verdict::met) {
            LAW(c, after.phase == Phase::pending || after.phase == Phase::firing);
            if (is_active(c.state.phase)) LAW(c, after.phase == Phase::firing);
        }
        if (c.verdict == Verdict::unmet) {
            LAW(c, after.phase != Phase::pending && after.phase != Phase::unknown);
            if (!is_active(c.state.phase)) LAW(c, after.phase == Phase::clear);
        }
    });
}

TEST_CASE("step: with zero delays an alarm fires and clears in one step", "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        if (c.plan.on_delay == 0s && c.verdict == Verdict::met && c.now >= t0) {
            LAW(c, stepped(c).phase == Phase::firing);
        }
        if (c.plan.off_delay == 0s && c.verdict == Verdict::unmet && !c.plan.latch && c.now >= t0) {
            LAW(c, stepped(c).phase == Phase::clear);
        }
    });
}

TEST_CASE("step: a phase's beginning changes with the phase and only then", "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        LAW(c, after.since == (after.phase == c.state.phase ? c.state.since : c.now));
    });
}

TEST_CASE("step: an order moves no phase but a reset's, and acknowledges only what is active",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        const auto without = step(c.state, c.verdict, c.plan, c.now);
        const bool reset = c.order && c.order->action == OperatorAction::reset;
        if (!reset) LAW(c, after.phase == without.phase && after.latched == without.latched);
        LAW(c, !after.acknowledged || is_active(after.phase));
        if (c.order && c.order->action == OperatorAction::acknowledge) {
            LAW(c, after.acknowledged == is_active(after.phase));
        }
    });
}

TEST_CASE("step: shelving ends by time and is not prolonged by an order that says no time",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        const bool shelves =
            c.order && c.order->action == OperatorAction::shelve && c.order->shelve_for > 0s;
        if (shelves) {
            LAW(c, after.shelved_until == c.now + c.order->shelve_for);
        } else {
            LAW(c, !after.shelved_until || *after.shelved_until > c.now);
            LAW(c, !after.shelved_until || after.shelved_until == c.state.shelved_until);
        }
        if (c.order && c.order->action == OperatorAction::unshelve) LAW(c, !after.shelved_until);
    });
}

TEST_CASE("step: what silences an alarm moves no phase, latch or acknowledgement",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        auto loud = c;
        loud.state.shelved_until.reset();
        loud.state.suppressed = loud.state.suppressed_by_design = loud.state.out_of_service = false;
        const auto after = stepped(c);
        const auto heard = stepped(loud);
        LAW(c, after.phase == heard.phase && after.since == heard.since);
        LAW(c, after.latched == heard.latched && after.acknowledged == heard.acknowledged);
        LAW(c, after.suppressed_by_design == c.state.suppressed_by_design);
    });
}

TEST_CASE("step: suppressed and out of service begin and end by a request, and by nothing else",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto asked = [&c](OperatorAction action) {
            return c.order && c.order->action == action;
        };
        const auto after = stepped(c);
        LAW(c, after.suppressed == (asked(OperatorAction::suppress) ||
                                    (c.state.suppressed && !asked(OperatorAction::unsuppress))));
        LAW(c, after.out_of_service ==
                   (asked(OperatorAction::out_of_service) ||
                    (c.state.out_of_service && !asked(OperatorAction::in_service))));
        LAW(c, is_silenced(after) == (after.shelved_until || after.suppressed ||
                                      after.suppressed_by_design || after.out_of_service));
    });
}

TEST_CASE("step: an acknowledgement lapses while the alarm stays, after its time and not before",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        const auto after = stepped(c);
        const bool same = is_active(c.state.phase) && is_active(after.phase);
        const Duration lasts = c.plan.annunciation.re_alarm;
        const bool lapsed = same && c.state.acknowledged && lasts > 0s && c.now - t0 >= lasts;
        LAW(c, after.asked_again == (lapsed ? 1U : 0U));
        const bool seen = c.order && c.order->action == OperatorAction::acknowledge;
        if (lapsed) LAW(c, after.acknowledged == seen);
        if (same && c.state.acknowledged && !lapsed) {
            LAW(c, after.acknowledged && after.acknowledged_at == c.state.acknowledged_at);
        }
        LAW(c, after.acknowledged || after.acknowledged_at == Instant{});
    });
}

TEST_CASE("step: next_change is the first time at which waiting alone changes something",
          "[firmware][alarm]") {
    for_every_case([](const Case& c) {
        if (c.now < t0) return;
        const auto after = stepped(c);
        const Instant next = next_change(after, c.verdict, c.plan);
        LAW(c, next > c.now);
        if (next == never) {
            LAW(c, step(after, c.verdict, c.plan, c.now + 24h) == after);
        } else {
            LAW(c, step(after, c.verdict, c.plan, next - 1ns) == after);
            LAW(c, step(after, c.verdict, c.plan, next) != after);
        }
    });
}

TEST_CASE("step: fading returns to firing at once, as the same occurrence", "[firmware][alarm]") {
    const auto plan = plan_of(10s, 10s, false);
    const AlarmState fading{Phase::fading, t0, false, true, std::nullopt};
    const auto again = step(fading, Verdict::met, plan, t0 + 1s);
    CHECK(again.phase == Phase::firing);
    CHECK(again.acknowledged);
}

TEST_CASE("step: a new occurrence must be acknowledged anew", "[firmware][alarm]") {
    const auto plan = plan_of(0s, 0s, false);
    AlarmState state{Phase::firing, t0, false, true, std::nullopt};
    state = step(state, Verdict::unmet, plan, t0 + 1s);
    CHECK(state.phase == Phase::clear);
    CHECK_FALSE(state.acknowledged);
    state = step(state, Verdict::met, plan, t0 + 2s);
    CHECK(state.phase == Phase::firing);
    CHECK_FALSE(state.acknowledged);
}
