// The alarm step: one pure function from state, verdict and time to the next state (ISA-18.2).
// Laws, checked exhaustively in tests/firmware/alarm_step_test.cpp: missing evidence never starts
// and never clears an alarm; a pending one runs on; a latched one clears only on reset while
// un-met; zero delays pass in one step; stepping twice at one instant changes nothing more; what
// silences an alarm moves no phase.
#pragma once

#include <cstdint>
#include <optional>

#include "contract/alarm.hpp"
#include "contract/posture.hpp"
#include "contract/support/time.hpp"
#include "firmware/alarm/condition.hpp"
#include "firmware/alarm/plan.hpp"

namespace firebreak {

struct AlarmState {
    Phase phase = Phase::unknown;
    Instant since{};            ///< when the phase began
    bool latched = false;       ///< only with Phase::firing: held until an operator resets it
    bool acknowledged = false;  ///< only while active: the next occurrence asks anew
    std::optional<Instant> shelved_until;
    bool suppressed = false;            ///< by request
    bool suppressed_by_design = false;  ///< while others hold; step() leaves it alone
    bool out_of_service = false;
    Instant acknowledged_at{};      ///< only while acknowledged
    std::uint32_t asked_again = 0;  ///< how often an acknowledgement of this occurrence has lapsed

    bool operator==(const AlarmState&) const = default;
};

/// Whether it asks nothing of anybody, whatever its phase.
[[nodiscard]] constexpr bool is_silenced(const AlarmState& state) {
    return state.shelved_until || state.suppressed || state.suppressed_by_design ||
           state.out_of_service;
}

/// What an operator asks; `shelve_for` counts for shelve only.
struct OperatorOrder {
    OperatorAction action = OperatorAction::acknowledge;
    Duration shelve_for{};
};

[[nodiscard]] AlarmState step(AlarmState state, Verdict verdict, const AlarmPlan& plan, Instant now,
                              const std::optional<OperatorOrder>& order = std::nullopt);

/// When the state changes by time alone if the verdict stays; `never` if it does not.
[[nodiscard]] Instant next_change(const AlarmState& state, Verdict verdict, const AlarmPlan& plan);

}  // namespace firebreak
