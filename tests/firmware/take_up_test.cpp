#include "firmware/alarm/take_up.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};
const Now now{Instant{1000h}, wall0};

AlarmNotice shelved(WallTime at, WallTime until) {
    AlarmNotice notice;
    notice.phase = Phase::clear;
    notice.shelved = true;
    notice.shelve = Deed{"kim", at};
    notice.shelved_until = until;
    return notice;
}

std::optional<Duration> left(const AlarmNotice& earlier) {
    const auto state = taken_up({}, {}, earlier, now);
    if (!state.shelved_until) return std::nullopt;
    return *state.shelved_until - now.steady;
}

}  // namespace

TEST_CASE("take-up: shelving goes on for what is left of it", "[firmware][alarm]") {
    CHECK(left(shelved(wall0 - 20min, wall0 + 40min)) == 40min);
    CHECK_FALSE(left(shelved(wall0 - 1h, wall0)));
    CHECK_FALSE(left(shelved(wall0 - 2h, wall0 - 1h)));
}

TEST_CASE("take-up: with a clock that fell back to 1970 shelving never outlasts its own length",
          "[firmware][alarm]") {
    const auto later = wall0 + std::chrono::hours(24 * 365 * 50);
    CHECK(left(shelved(later, later + 30min)) == 30min);
    auto unsigned_by = shelved(later, later + 30min);
    unsigned_by.shelve.reset();
    CHECK(left(unsigned_by) == 24h);
    CHECK_FALSE(left(shelved(later + 1h, later)));  // labels that contradict each other
    const WallTime last{std::chrono::milliseconds(253'402'300'799'999)};
    CHECK(left(shelved(WallTime{}, last)) == 24h);  // and no overflow
}

TEST_CASE("take-up: a shelved alarm of which no end is known is not shelved", "[firmware][alarm]") {
    auto notice = shelved(wall0, wall0 + 1h);
    notice.shelved_until.reset();
    CHECK_FALSE(left(notice));
}

TEST_CASE("take-up: suppressed by request and out of service last, suppressed by design does not",
          "[firmware][alarm]") {
    AlarmNotice earlier;
    earlier.phase = Phase::clear;
    earlier.suppress = Deed{"bms", wall0};
    earlier.out_of_service = Deed{"kim", wall0};
    earlier.suppressed_by = "ups-on-battery";
    const auto state = taken_up({}, {}, earlier, now);
    CHECK(state.suppressed);
    CHECK(state.out_of_service);
    CHECK_FALSE(state.suppressed_by_design);  // this life's evidence says that
    CHECK(state.phase == Phase::unknown);
}

TEST_CASE("take-up: an acknowledged alarm is not asked about anew, but its time begins anew",
          "[firmware][alarm]") {
    AlarmNotice earlier;
    earlier.phase = Phase::firing;
    earlier.acknowledged = true;
    earlier.asked_again = 2;
    const auto state = taken_up({}, {}, earlier, now);
    CHECK(state.phase == Phase::firing);
    CHECK(state.acknowledged);
    CHECK(state.acknowledged_at == now.steady);
    CHECK(state.asked_again == 2);
}
