#include "firmware/alarm/take_up.hpp"

#include <algorithm>

namespace firebreak {

namespace {

constexpr WallTime::duration longest_shelving = std::chrono::hours(24);

std::optional<Instant> shelved_until(const AlarmNotice& earlier, Now now) {
    if (!earlier.shelved || !earlier.shelved_until) return std::nullopt;
    const WallTime until = *earlier.shelved_until;
    // All are labels of wall time: far off each other they say only that a clock was wrong.
    auto left = std::min(until - now.wall, longest_shelving);
    if (earlier.shelve) left = std::min(left, until - earlier.shelve->at);
    if (left <= WallTime::duration::zero()) return std::nullopt;
    return now.steady + left;
}

}  // namespace

AlarmState taken_up(const AlarmState& present, const AlarmPlan& plan, const AlarmNotice& earlier,
                    Now now) {
    AlarmState state = present;
    if (!state.shelved_until) state.shelved_until = shelved_until(earlier, now);
    state.out_of_service = state.out_of_service || earlier.out_of_service.has_value();
    state.suppressed = state.suppressed || earlier.suppress.has_value();
    if (!is_active(earlier.phase) || is_active(state.phase)) return state;
    // Evidence of this life outranks the earlier word, but evidence does not open a latch.
    const bool latched = earlier.latched && plan.latch;
    if (!latched && state.phase != Phase::unknown) return state;
    state.phase = Phase::firing;
    state.since = now.steady;
    state.latched = plan.latch;
    state.acknowledged = earlier.acknowledged;
    state.acknowledged_at = state.acknowledged ? now.steady : Instant{};
    state.asked_again = static_cast<std::uint32_t>(earlier.asked_again);
    return state;
}

}  // namespace firebreak
