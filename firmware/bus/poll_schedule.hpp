// Which block of which device a bus reads next. Pure: time is an argument; one thread owns it.
// Earliest deadline first; periods do not drift. A device that does not answer backs off and costs
// its bus one timeout a round; a lost port pauses the whole bus, with back-off of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "contract/support/backoff.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct Poll {
    std::size_t device = 0;
    std::size_t block = 0;

    bool operator==(const Poll&) const = default;
};

/// A device as the schedule sees it: its number, how many blocks make a round, how often.
struct PollPlan {
    std::size_t device = 0;
    std::size_t blocks = 0;
    Duration period = std::chrono::seconds(1);
};

struct PollTally {
    std::uint64_t good = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t corrupt = 0;
    std::uint64_t refused = 0;  ///< exceptions, busy ones too
    std::uint64_t lost = 0;     ///< the port was gone
    std::uint64_t missed = 0;   ///< rounds that ended after their period, or were left out
};

class PollSchedule {
public:
    PollSchedule(const std::vector<PollPlan>& plans, Instant start);

    /// What to read now, or nothing until wake(). Asking does not change anything.
    [[nodiscard]] std::optional<Poll> next(Instant now) const;
    /// When next() will have something; `never` without devices.
    [[nodiscard]] Instant wake() const;

    /// `poll`, which next() gave, ended at `now`: well, or with `fault`.
    void done(const Poll& poll, std::optional<Fault> fault, Instant now);

    /// Counts of a device by its number; all zero for an unknown one.
    [[nodiscard]] PollTally tally(std::size_t device) const;

private:
    struct Slot {
        PollPlan plan;
        Instant due;            ///< when this round was, or will be, released
        std::size_t block = 0;  ///< the next one of the round
        Backoff backoff;
        bool held_by_port = false;  ///< backs off only because the port was gone
        PollTally tally;
    };

    void answered(Slot& slot, Instant now);
    void silent(Slot& slot, Instant now);
    void port_lost(Slot& slot, Instant now);
    void port_found(Instant now);
    static void advance(Slot& slot, Instant now);

    std::vector<Slot> slots_;
    Backoff port_backoff_;
    int port_losses_ = 0;  ///< in a row
    Instant paused_until_;
};

}  // namespace firebreak
