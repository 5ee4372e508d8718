// What an alarm is, as resolved from the site file. Pure values. Terms: ISA-18.2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/reading.hpp"
#include "contract/support/time.hpp"
#include "firmware/alarm/annunciation.hpp"

namespace firebreak {

enum class Compare : std::uint8_t { above, below, equals, differs, silent };

/// One condition on one point; an alarm's conditions are joined by `any` or `all`.
struct ConditionPlan {
    PointId point;  ///< measure empty for `silent`
    Compare compare = Compare::above;
    double limit = 0;       ///< in the point's unit
    double hysteresis = 0;  ///< once met, un-met only beyond limit -/+ hysteresis
};

struct AlarmPlan {
    std::string name;
    Severity severity = Severity::medium;
    std::vector<ConditionPlan> conditions;
    bool all = false;      ///< true: every condition must be met; false: any one
    Duration on_delay{};   ///< how long met before firing (ISA-18.2 on-delay)
    Duration off_delay{};  ///< how long un-met before clear
    bool latch = false;
    Annunciation annunciation;
    std::string message;  ///< for people
};

}  // namespace firebreak
