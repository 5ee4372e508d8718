// The agent's own history and alarm book, fed with readings as fast as the machine can, and a plain
// threshold beside them. No other detector code. Owned by one thread; time is an argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "firmware/alarm/book.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// One alarm that began to fire.
struct Firing {
    std::size_t detector = 0;  ///< index into DetectorNames
    double at = 0;             ///< s from the start
    std::size_t seat = 0;      ///< whose reading it was, of the baseline

    bool operator==(const Firing&) const = default;
};

using DetectorNames = std::vector<std::string>;
inline constexpr std::size_t baseline_detector = 0;  ///< 60 Cel or more in two readings in a row
inline constexpr std::size_t all_detectors = 1;      ///< any alarm above severity low

/// The baseline, all together, and each rule; a template's alarms are one detector.
[[nodiscard]] DetectorNames detector_names(const SitePlan& site);

class Detectors {
public:
    explicit Detectors(const SitePlan& site);

    /// At start only. Points that the site does not have are nobody's evidence.
    std::size_t seat(const PointId& point);

    /// Nothing: the sensor gave no reading. `at` in s from the start.
    void hear(std::size_t seat, std::optional<double> value, double at);
    /// Once after all readings of an instant.
    void judge(double at);

    [[nodiscard]] const std::vector<Firing>& firings() const { return firings_; }

private:
    struct Seat {
        Reading reading;
        std::size_t device = 0;
        bool heat = false;  ///< a temperature of a cell, which the baseline looks at
        int hot = 0;        ///< readings in a row that the baseline minds
    };

    void take(const std::vector<Transition>& transitions, double at);

    History history_;
    AlarmBook book_;
    std::vector<Seat> seats_;
    std::vector<std::string> devices_;
    std::vector<bool> news_;                ///< of each device, since the last judgement
    std::vector<std::size_t> detector_of_;  ///< of each alarm
    std::vector<Firing> firings_;
};

}  // namespace firebreak
