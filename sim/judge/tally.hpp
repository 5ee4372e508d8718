// What the detectors are worth: found, lead, false alarms, each beside the plain threshold. Pure.
// Leads in seconds; false alarms per 1,000 sensor-hours with a 95 % bound after Garwood.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/judge/rooms.hpp"

namespace firebreak {

/// The middle of a set; nothing for none.
[[nodiscard]] std::optional<double> median(std::vector<double> values);

/// The most events a stretch may expect with 95 % confidence (one-sided), when so many were seen:
/// Poisson, by bisection. 0 seen: 3.0.
[[nodiscard]] double poisson_bound(std::size_t seen);

struct Score {
    std::string detector;
    std::size_t failing = 0, found = 0;  ///< found: after the failure, not after the runaway
    std::optional<double> lead_runaway, lead_60, lead_80;  ///< s, medians where found; minus: late
    /// Of rooms at 500 W or less: median of this detector's lead over the threshold's, before the
    /// runaway and before 80 Cel.
    std::optional<double> times_baseline, times_80;
    std::size_t behind = 0;        ///< rooms where the threshold was earlier
    std::size_t false_alarms = 0;  ///< in normal rooms, and before the failure in the others
    double sensor_hours = 0;       ///< of the normal rooms

    [[nodiscard]] double found_share() const;
    [[nodiscard]] double false_rate() const;   ///< per 1,000 sensor-hours
    [[nodiscard]] double false_bound() const;  ///< 95 %
};

[[nodiscard]] std::vector<Score> tally(const DetectorNames& names,
                                       const std::vector<RoomOutcome>& outcomes);

[[nodiscard]] std::string describe(const std::vector<Score>& scores);
[[nodiscard]] std::string to_json(const std::vector<Score>& scores);
/// Median lead before runaway over false alarms; further up and left is better.
[[nodiscard]] std::string draw(const std::vector<Score>& scores);

}  // namespace firebreak
