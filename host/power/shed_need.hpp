// How many kW a UPS must lose, and by when: from its load, its capacity, its overload curve and
// its runtime on battery. Pure. kW and durations; what is not known asks for nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/overload.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct UpsRating {
    double kw = 0;                     ///< what it may carry for ever
    std::vector<CurvePoint> overload;  ///< loads in per cent of `kw`
    Duration stop{};    ///< how long an orderly stop of what it feeds takes; 0: nothing is stopped
    Duration margin{};  ///< so much earlier is the stop begun: the way of an order, and doubt
    Duration hold{};    ///< to last so long from the loss of mains; 0: as long as it lasts
};

struct UpsState {
    double load_kw = 0;
    double used = 0;  ///< of what the overload curve allows, 0 cold to 1 no more
    bool on_battery = false;
    std::optional<Duration> runtime;  ///< at the present load
    Duration on_battery_for{};        ///< so much of `hold` is over
};

struct ShedNeed {
    double kw = 0;                   ///< 0: nothing is to be shed
    std::optional<Duration> within;  ///< from now on; nothing: no hurry
    std::string why;                 ///< for people, "" while nothing is needed

    bool operator==(const ShedNeed&) const = default;
};

/// Less than 0.5 % of its capacity: its load has gone to other feeds, or it is dead.
[[nodiscard]] inline bool carries_nothing(const UpsRating& rating, const UpsState& state) {
    return state.load_kw < 0.005 * rating.kw;
}

[[nodiscard]] ShedNeed shed_need(const UpsRating& rating, const UpsState& state);

}  // namespace firebreak
