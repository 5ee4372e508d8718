// How many transitions of alarms a second an agent gets to a subscriber when each is on the disk
// before it is published, and the floor: the same bytes appended to a file and synced by a loop.
#pragma once

#include <string>

namespace firebreak {

/// An agent whose 64 alarms change at every read, 100 times a second, until it is killed.
void run_restless_agent(const std::string& url, const std::string& state_folder);

struct AlarmRate {
    double arrived = 0;  ///< transitions a second at a subscriber
    double bytes = 0;    ///< of one, its payload
    bool in_order = true;
};
/// `agent` is the program and words that end up in run_restless_agent().
[[nodiscard]] AlarmRate measure_alarm_rate(const std::string& program);

/// Transitions a second of that many bytes, 64 in one append, each append synced (fdatasync).
[[nodiscard]] double synced_appends(double bytes);

}  // namespace firebreak
