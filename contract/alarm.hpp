// An alarm as both programs and every dashboard see it. Terms follow ISA-18.2 / OPC UA Part 9.
// Retained, QoS 1: the newest notice of an alarm is its state. Times in it are labels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/posture.hpp"
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

/// What a person did, for the record.
struct Deed {
    std::string by;
    WallTime at{};

    bool operator==(const Deed&) const = default;
};

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

    // Left out where there is nothing to say.
    std::uint64_t priority = 0;  ///< 1 to 1000, OPC UA's severity: which to look at first
    std::optional<Deed> acknowledge = {}, shelve = {}, out_of_service = {}, suppress = {};
    std::optional<WallTime> shelved_until = {};
    std::string suppressed_by = {};  ///< the alarms that suppress it by design
    bool silenced = false;           ///< shelved, suppressed or out of service
    std::string group = {};          ///< of alarms of which the first is marked
    bool first_out = false;          ///< it came first of its group
    bool chattering = false;         ///< it comes and goes faster than anybody can look
    std::uint64_t asked_again = 0;   ///< how often its acknowledgement has lapsed
    Stamp stamp;

    /// It asks nothing of anybody.
    [[nodiscard]] bool is_silenced() const { return shelved || silenced; }

    bool operator==(const AlarmNotice&) const = default;
};

/// A transition, or what became of an operator's request, published once on the event topic.
struct AlarmEvent {
    std::string alarm;
    Phase from = Phase::unknown;
    Phase to = Phase::unknown;
    Severity severity = Severity::low;
    std::string cause;
    std::optional<OperatorAction> action = {};  ///< it is the record of a request
    std::string by = {};                        ///< whose
    std::optional<Outcome> outcome = {};        ///< done, already or refused; `cause` says why
    Stamp stamp;

    bool operator==(const AlarmEvent&) const = default;
};

/// More new alarms than a person can look at, and which of them came first. Retained.
struct FloodNotice {
    bool active = false;
    WallTime since{};                 ///< when it began, or ended
    std::uint64_t recent = 0;         ///< new alarms in the last ten minutes
    std::vector<std::string> alarms;  ///< of the flood, in the order in which they came
    Stamp stamp;

    bool operator==(const FloodNotice&) const = default;
};

}  // namespace firebreak
