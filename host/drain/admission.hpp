// What a receiving site can hold of the traffic that drains send to it: the most important tier in
// full, then the next; the first tier that does not fit gives in proportion, those behind it get
// nothing. Pure. Loads and capacity are in one unit of the caller's: requests a second, say.
#pragma once

#include <cstddef>
#include <vector>

namespace firebreak {

struct Inflow {
    int tier = 1;     ///< 1 is the most important
    double load = 0;  ///< what is there and what arrives
};

/// Shares by inflow, 0 to 1. `before` are those of the last time, or none: a share falls at once
/// and rises only when more than `hysteresis` (a part of the capacity) is free for it, so that a
/// load about the limit does not swing.
[[nodiscard]] std::vector<double> admit(const std::vector<Inflow>& inflows, double capacity,
                                        const std::vector<double>& before, double hysteresis);

/// How many of `items` alike must be down so that no more than `share` of their load is carried.
[[nodiscard]] std::size_t items_down(std::size_t items, double share);

}  // namespace firebreak
