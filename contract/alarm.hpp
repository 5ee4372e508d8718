// An alarm as both programs and every dashboard see it. Terms follow ISA-18.2 / OPC UA Part 9.
// Retained, QoS 1: the newest notice of an alarm is its state. Times in it are labels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "contract/stamp.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

enum class Phase : std::uint8_t {
    unknown,  ///< no evidence yet since the agent started
    clear,    ///< the condition is not met
    pending,  ///< met, but not yet for long enough (on-delay)
    firing,   ///< active
    fading,   ///< no longer met, but not yet for long enough (off-delay)
};
[[nodiscard]] std::string_view to_string(Phase phase);
[[nodiscard]] std::optional<Phase> parse_phase(std::string_view text);

/// Whether an alarm in this phase counts as active for a policy.
[[nodiscard]] constexpr bool is_active(Phase phase) {
    return phase == Phase::firing || phase == Phase::fading;
}

/// ISA-18.2 priority, lowest first.
enum class Severity : std::uint8_t { low, medium, high, critical };
[[nodiscard]] std::string_view to_string(Severity severity);
[[nodiscard]] std::optional<Severity> parse_severity(std::string_view text);

/// What the agent says of one alarm, retained on its alarm topic.
struct AlarmNotice {
    std::string alarm;
    Phase phase = Phase::unknown;
    Severity severity = Severity::low;
    bool latched = false;       ///< stays active until an operator resets it
    bool acknowledged = false;  ///< an operator has seen it
    bool shelved = false;       ///< an operator silenced it for a time: no policy votes
    std::string cause;          ///< for people: "ups1 battery.temperature 71.2 Cel above 60"
    WallTime since{};           ///< when this phase began
    Stamp stamp;

    bool operator==(const AlarmNotice&) const = default;
};

/// A transition, published once on the event topic, not retained.
struct AlarmEvent {
    std::string alarm;
    Phase from = Phase::unknown;
    Phase to = Phase::unknown;
    Severity severity = Severity::low;
    std::string cause;
    Stamp stamp;

    bool operator==(const AlarmEvent&) const = default;
};

}  // namespace firebreak
