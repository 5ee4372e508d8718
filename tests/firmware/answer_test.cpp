#include "firmware/alarm/answer.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

Outcome asked(OperatorAction action, AlarmState before, Verdict verdict = Verdict::met,
              Duration shelve_for = 1h) {
    AlarmPlan plan;
    plan.latch = before.latched;
    const OperatorOrder order{action, shelve_for};
    return answer_to(order, before, step(before, verdict, plan, t0 + 1s, order)).outcome;
}

}  // namespace

TEST_CASE("answer: each request is done once and then was so already", "[firmware][alarm]") {
    using A = OperatorAction;
    AlarmState quiet{Phase::clear, t0, false, false, std::nullopt};
    AlarmState firing{Phase::firing, t0, false, false, std::nullopt};
    CHECK(asked(A::acknowledge, firing) == Outcome::done);
    firing.acknowledged = true;
    CHECK(asked(A::acknowledge, firing) == Outcome::already);
    CHECK(asked(A::shelve, quiet) == Outcome::done);
    CHECK(asked(A::unshelve, quiet) == Outcome::already);
    CHECK(asked(A::suppress, quiet) == Outcome::done);
    CHECK(asked(A::unsuppress, quiet) == Outcome::already);
    CHECK(asked(A::out_of_service, quiet) == Outcome::done);
    CHECK(asked(A::in_service, quiet) == Outcome::already);
    quiet.suppressed = quiet.out_of_service = true;
    quiet.shelved_until = t0 + 1h;
    CHECK(asked(A::shelve, quiet) == Outcome::done);  // a new time
    CHECK(asked(A::unshelve, quiet) == Outcome::done);
    CHECK(asked(A::suppress, quiet) == Outcome::already);
    CHECK(asked(A::unsuppress, quiet) == Outcome::done);
    CHECK(asked(A::out_of_service, quiet) == Outcome::already);
    CHECK(asked(A::in_service, quiet) == Outcome::done);
    CHECK(asked(A::reset, quiet) == Outcome::already);
}

TEST_CASE("answer: what the evidence forbids is refused with a reason", "[firmware][alarm]") {
    using A = OperatorAction;
    const AlarmState quiet{Phase::clear, t0, false, false, std::nullopt};
    const AlarmState latched{Phase::firing, t0, true, false, std::nullopt};
    CHECK(asked(A::acknowledge, quiet, Verdict::unmet) == Outcome::refused);
    CHECK(asked(A::reset, latched, Verdict::met) == Outcome::refused);
    CHECK(asked(A::reset, latched, Verdict::no_evidence) == Outcome::refused);
    CHECK(asked(A::reset, latched, Verdict::unmet) == Outcome::done);
    CHECK(asked(A::shelve, quiet, Verdict::unmet, 0s) == Outcome::refused);
    CHECK_FALSE(answer_to({A::reset, 0s}, latched, latched).why.empty());
}
