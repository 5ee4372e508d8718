// What an alarm is, as resolved from the site file. Pure values. Terms: ISA-18.2.
// A condition compares a quantity, a number that readings make: the reading itself, its rate, how
// far it is from its peers, the time to a limit … All quantities compare alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/overload.hpp"
#include "contract/reading.hpp"
#include "contract/support/time.hpp"
#include "firmware/alarm/annunciation.hpp"

namespace firebreak {

enum class Compare : std::uint8_t { above, below, equals, differs, silent };

/// Points of one quantity that should do the same: the cells of a string.
struct GroupPlan {
    std::string name;
    std::vector<PointId> members;
};
using Group = std::shared_ptr<const GroupPlan>;

/// The newest reading.
struct Present {};
/// A robust slope, per second; with `peers`, less the median of theirs.
struct Rate {
    Duration window{};
    Group peers;
};
/// The newest reading less the middle of the window's first half.
struct Change {
    Duration window{};
    bool percent = false;  ///< of what it was
};
/// The newest reading less the median of the live peers; a negative one is below them.
struct Deviation {
    Group peers;
    bool percent = false;     ///< of the median
    bool either_way = false;  ///< without the sign
};
/// The newest reading less another point's: a battery above its room.
struct Difference {
    PointId other;
};
/// Seconds until the value reaches `limit`, by the slow edge of a straight line through the window.
struct TimeTo {
    double limit = 0;
    Duration window{};
    bool falling = false;  ///< the limit is a lower one
};
/// Seconds until the load has lasted too long, by the UPS's own curve.
struct Overload {
    std::vector<CurvePoint> curve;  ///< loads in the point's unit, rising; seconds falling
};
/// Seconds without any change while the peers' median moved by `moved`; without peers, while the
/// point's own habit says that it should have changed.
struct Stuck {
    Group peers;
    double moved = 0;
};
/// Seconds without a usable reading.
struct Missing {};
/// Another alarm, or any alarm that a template made: met while one of them is active.
struct OtherAlarm {
    std::string alarm;
};

using Quantity = std::variant<Present, Rate, Change, Deviation, Difference, TimeTo, Overload, Stuck,
                              Missing, OtherAlarm>;

/// Which readings of a point are believed. A step that no heat can make is a fault of the sensor:
/// what it says then is no evidence until it has come back, goes on rising, or has settled.
struct BeliefPlan {
    double jump = 0;  ///< unit per second; 0: every step is believed
    double least = std::numeric_limits<double>::lowest();
    double most = std::numeric_limits<double>::max();

    bool operator==(const BeliefPlan&) const = default;
};

/// One condition on one point.
struct ConditionPlan {
    PointId point;  ///< measure empty for `silent`, all empty for another alarm
    Compare compare = Compare::above;
    double limit = 0;       ///< in the quantity's unit
    double hysteresis = 0;  ///< once met, un-met only beyond limit -/+ hysteresis
    Quantity quantity = {};
    BeliefPlan belief = {};
    int samples = 1;        ///< so many readings in a row must meet it
    Duration held = {};     ///< met readings must span this
    Duration off_delay{};   ///< once met, it counts for so long after
    std::string kind = {};  ///< of sign: "heat", "gas"; of another alarm, that alarm's
};

/// How an alarm's conditions make one verdict.
struct JoinPlan {
    std::size_t at_least = 1;  ///< so many conditions; 0: all
    std::size_t kinds = 0;     ///< when above 0: signs of so many different kinds instead
    Duration within{};         ///< with kinds and confirmation: a sign counts for so long after
};

/// In a template: the member that the alarm is made for.
inline const PointId each_member{"", "*"};

struct AlarmPlan {
    std::string name;
    Severity severity = Severity::medium;
    std::vector<ConditionPlan> conditions;
    bool all = false;      ///< true: every condition must be met; false: see `join`
    Duration on_delay{};   ///< how long met before firing (ISA-18.2 on-delay)
    Duration off_delay{};  ///< how long un-met before clear
    bool latch = false;
    Annunciation annunciation;
    Duration ack_within{};  ///< a host should have acknowledged it by then; 0: none is asked to
    std::string message;    ///< for people
    JoinPlan join;
    std::vector<ConditionPlan> unless;        ///< all met: the alarm's conditions are un-met
    std::vector<ConditionPlan> confirmed_by;  ///< one of them is needed beside the conditions
    std::string kind;                         ///< of sign, for confirmation
    std::string made_by;                      ///< the template's name, where one made this
};

}  // namespace firebreak
