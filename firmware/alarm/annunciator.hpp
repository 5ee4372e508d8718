// What people must know of the alarms beside their phases: who did what, which came first of its
// group, which chatter, whether there is a flood. Owned by the core; takes time, does no I/O.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "firmware/alarm/book.hpp"
#include "firmware/alarm/chatter.hpp"
#include "firmware/alarm/flood.hpp"

namespace firebreak {

/// Of one alarm.
struct Annunciated {
    std::optional<Deed> acknowledge, shelve, out_of_service, suppress;
    std::optional<WallTime> shelved_until;
    bool first_out = false;
    Chatter chatter;
};

class Annunciator {
public:
    explicit Annunciator(const std::vector<AlarmPlan>& plans, const FloodPlan& flood = {});

    /// An alarm has changed; `by` asked for it, if anybody did.
    void hear(const Transition& change, Now now, const std::string& by = "");

    /// An earlier life's word of an alarm that the book has taken up.
    void take_up(std::size_t alarm, const AlarmState& state, const AlarmNotice& earlier);

    void tick(Instant now);

    /// Alarms of which something other than their state has changed since the last call.
    [[nodiscard]] std::vector<std::size_t> take_changed();
    /// True when the flood is to be said again.
    [[nodiscard]] bool take_flood();

    [[nodiscard]] const Annunciated& of(std::size_t alarm) const { return alarms_[alarm]; }
    [[nodiscard]] const Flood& flood() const { return flood_; }
    [[nodiscard]] std::size_t chattering() const;
    [[nodiscard]] Instant next_deadline() const;

private:
    struct Group {
        std::vector<std::size_t> active;  ///< of its alarms, those that are
        std::optional<std::size_t> first;
    };

    void came(std::size_t alarm, bool silenced, Instant now);
    void went(std::size_t alarm);
    void unmark(Group& group);
    void record(std::size_t alarm, const Transition& change, Now now, const std::string& by);

    std::vector<Annunciated> alarms_;
    std::vector<Group> groups_;
    std::vector<std::optional<std::size_t>> group_of_;  ///< by alarm
    Flood flood_;
    std::vector<std::size_t> changed_;
    bool flood_changed_ = false;
};

}  // namespace firebreak
