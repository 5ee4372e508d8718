// How an alarm is brought before people, as resolved from the site file. Pure values, ISA-18.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

/// OPC UA Part 9 counts from 1 to 1000; a severity stands in the middle of its band.
[[nodiscard]] constexpr std::uint64_t priority_of(Severity severity) {
    return 200 * (static_cast<std::uint64_t>(severity) + 1);
}

struct Annunciation {
    std::uint64_t priority = 0;  ///< 0: its severity's
    Duration re_alarm{};         ///< still active so long after it was acknowledged, it asks again
    std::string group;           ///< of which the first is marked; empty: none
    std::vector<std::string> suppressed_by;  ///< alarms; while one is active this one is silenced
};

/// When there are more new alarms than a person can look at; EEMUA 191's and ISA-18.2's numbers.
struct FloodPlan {
    std::size_t begins_above = 10;  ///< new alarms within the time
    std::size_t ends_below = 5;
    Duration within = std::chrono::minutes(10);
};

}  // namespace firebreak
