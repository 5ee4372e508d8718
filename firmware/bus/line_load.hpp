// How busy a plan keeps a bus: what its reads cost on the line, before anything is asked.
// Pure. What a device takes to think is not known here and comes on top.
#pragma once

#include <vector>

#include "firmware/bus/plan.hpp"

namespace firebreak {

struct LineLoad {
    double reads_per_s = 0;
    double busy = 0;  ///< of each second on a serial line, 1 is all of it; 0 on a socket
};

/// Above this a serial line has no time left for slow answers, for retries and for dead units.
inline constexpr double most_busy = 0.8;

/// Of `devices`, those on bus `index`, which is `bus`.
[[nodiscard]] LineLoad line_load(const BusPlan& bus, std::size_t index,
                                 const std::vector<DevicePlan>& devices);

}  // namespace firebreak
