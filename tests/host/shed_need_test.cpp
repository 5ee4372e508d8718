#include "host/power/shed_need.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// 100 kW, 10 s at 125 %, 3 s at 150 %.
UpsRating rating() {
    UpsRating out;
    out.kw = 100;
    out.overload = {{110, 60}, {125, 10}, {150, 3}};
    return out;
}

}  // namespace

TEST_CASE("shed need: an overload must lose what is above the capacity before the curve trips",
          "[host][power]") {
    const auto need = shed_need(rating(), {150, 0, false, {}});
    CHECK(need.kw == Approx(50));
    REQUIRE(need.within);
    CHECK(seconds(*need.within) == Approx(3));
    CHECK(need.why == "carries 150.0 kW and may carry 100.0, for 3s more");
    CHECK(seconds(*shed_need(rating(), {125, 0.4, false, {}}).within) == Approx(6));
    CHECK(seconds(*shed_need(rating(), {400, 0.5, false, {}}).within) == Approx(1.5));
    CHECK(shed_need(rating(), {100, 0.9, false, {}}) == ShedNeed{});
    CHECK_FALSE(shed_need(rating(), {105, 0, false, {}}).within);
    CHECK(shed_need(rating(), {105, 0, false, {}}).kw == Approx(5));
}

TEST_CASE("shed need: on battery all must be stopped while there is still time for it",
          "[host][power]") {
    auto with_stop = rating();
    with_stop.stop = 2min;
    with_stop.margin = 10s;
    CHECK(shed_need(with_stop, {80, 0, true, 5min}) == ShedNeed{});
    const auto now = shed_need(with_stop, {80, 0, true, 130s});
    CHECK(now.kw == Approx(80));
    CHECK(now.within == Duration(10s));
    CHECK(now.why == "on battery for 2m10s more, and an orderly stop takes 2m");
    CHECK(shed_need(with_stop, {80, 0, true, 30s}).within == Duration(0s));
    CHECK(shed_need(with_stop, {80, 0, false, 30s}) == ShedNeed{});
    CHECK(shed_need(with_stop, {80, 0, true, std::nullopt}) == ShedNeed{});
}

TEST_CASE("shed need: a runtime that is wanted is bought with the share of load that it lacks",
          "[host][power]") {
    auto held = rating();
    held.hold = 10min;
    const auto need = shed_need(held, {80, 0, true, 4min});
    CHECK(need.kw == Approx(48));  // 32 kW last 10 min where 80 kW last 4
    CHECK(shed_need(held, {80, 0, true, 10min}) == ShedNeed{});
    CHECK(shed_need(held, {80, 0, true, 4min, 6min}) == ShedNeed{});  // six of the ten are over
    // The greater of both needs counts, and the sooner of both ends.
    const auto both = shed_need(held, {150, 0, true, 9min});
    CHECK(both.kw == Approx(50));
    CHECK(seconds(*both.within) == Approx(3));
}
