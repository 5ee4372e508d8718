// The active alarms that a host should have acknowledged: each from when it first asked until a host's ack,
// its end, or its silencing. The longest owed one is what the condition on `a_host` looks at.
// Owned by the core; bounded by the site's alarms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

#include "contract/support/time.hpp"

namespace firebreak {

/// What stands for the hosts where a condition names a device: no device can have this name.
inline constexpr const char* a_host = "a host";
/// The agent's own alarm: an ack is overdue.
inline constexpr const char* host_silent = "host-silent";
/// For as long as nobody is asked. Adding it to an instant does not overflow.
inline constexpr Duration for_ever = std::chrono::hours(24 * 36'500);

class HostAcks {
public:
    struct Owed {
        std::uint64_t seq = 0;  ///< of the notice that first asked
        Instant since{};
        Duration within{};

        [[nodiscard]] Instant overdue() const { return since + within; }
        bool operator==(const Owed&) const = default;
    };

    /// Its alarm asks now: an ack of the notice `seq`, or of a later one, is owed.
    void asks(std::size_t alarm, const Owed& owed) { owed_.try_emplace(alarm, owed); }
    /// It asks nothing any more.
    void ends(std::size_t alarm) { owed_.erase(alarm); }
    /// A host has acted on the notice `seq` of this life.
    void acked(std::size_t alarm, std::uint64_t seq);

    /// The one that is overdue first.
    [[nodiscard]] std::optional<Owed> first() const;

    /// Whether that one has changed, or become overdue, since the last call.
    [[nodiscard]] bool take_due(Instant now);
    [[nodiscard]] Instant next_deadline() const { return due_; }

private:
    std::map<std::size_t, Owed> owed_;  ///< by alarm
    std::optional<Owed> told_;
    Instant due_{};  ///< when it becomes overdue, until that has been told; before all: at once
};

}  // namespace firebreak
