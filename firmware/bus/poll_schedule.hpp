// Which block of which device a bus reads next. Pure: time is an argument; one thread owns it.
// Earliest deadline first; periods do not drift. A device that does not answer backs off, is
// tried again when nobody else waits, and costs its bus one timeout a round; a lost port pauses
// the whole bus, with back-off of its own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "contract/support/backoff.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/profile/blocks.hpp"

namespace firebreak {

struct Poll {
    std::size_t device = 0;
    std::size_t block = 0;
    Instant due{};  ///< when it was released, for whoever measures

    bool operator==(const Poll& other) const {
        return device == other.device && block == other.block;
    }
};

/// Blocks of a device that are read one after the other, once a period.
struct PollPlan {
    std::size_t device = 0;
    std::size_t blocks = 0;
    Duration period = std::chrono::seconds(1);
    std::size_t first = 0;  ///< number of the first of them
};

/// One plan for each run of blocks with the same period.
[[nodiscard]] std::vector<PollPlan> poll_plans(std::size_t device,
                                               const std::vector<Block>& blocks);

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
    /// A device may have several plans.
    PollSchedule(const std::vector<PollPlan>& plans, Instant start);
    PollSchedule(const PollSchedule&) = delete;  // slots point into its own devices
    PollSchedule& operator=(const PollSchedule&) = delete;

    /// What to read now, or nothing until wake(). Asking does not change anything.
    [[nodiscard]] std::optional<Poll> next(Instant now) const;
    /// When next() will have something; `never` without devices.
    [[nodiscard]] Instant wake() const;

    /// `poll`, which next() gave, ended at `now`: well, or with `fault`.
    void done(const Poll& poll, std::optional<Fault> fault, Instant now);

    /// Other plans for one device, which keeps its back-off and its counts.
    void replace(std::size_t device, const std::vector<PollPlan>& plans, Instant now);

    /// Counts of a device by its number; all zero for an unknown one.
    [[nodiscard]] PollTally tally(std::size_t device) const;

private:
    struct Device {
        Backoff backoff;
        bool silent = false;        ///< its last answer did not come
        bool held_by_port = false;  ///< backs off only because the port was gone
        PollTally tally;
    };
    struct Slot {
        PollPlan plan;
        Instant due;           ///< when this round was, or will be, released
        std::size_t next = 0;  ///< the next of its blocks
        Device* device = nullptr;
    };

    void add(PollPlan plan, Instant due);
    [[nodiscard]] bool before(const Slot& a, const Slot& b, Instant now) const;
    Slot* find(const Poll& poll);
    void hold(std::size_t device, Instant until);
    void answered(Slot& slot, Instant now);
    void silent(Slot& slot, Instant now);
    void port_lost(Slot& slot, Instant now);
    void port_found(Instant now);
    static void advance(Slot& slot, Instant now);

    std::map<std::size_t, Device> devices_;  ///< by number; addresses stay
    std::vector<Slot> slots_;                ///< by device
    Backoff port_backoff_;
    int port_losses_ = 0;  ///< in a row
    Instant paused_until_;
};

}  // namespace firebreak
