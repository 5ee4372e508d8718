// The cheapest set of items that gives enough in every dimension: a covering knapsack. Pure.
// Exact up to `exact_items`. Above that branch and bound within a core, after Pisinger 1997 (A
// minimal algorithm for the 0-1 knapsack problem); `bound` says how far from the optimum at most.
#pragma once

#include <cstddef>
#include <vector>

namespace firebreak {

inline constexpr std::size_t exact_items = 24;

struct CoverItem {
    double cost = 1;            ///< above 0
    std::vector<double> gives;  ///< by dimension, 0 or above
};

struct Cover {
    std::vector<std::size_t> taken;  ///< rising; nothing of it could be left out
    double cost = 0;
    double bound = 0;     ///< no cover costs less
    bool enough = false;  ///< false: not even all of them cover, and all that give are taken
};

/// Of covers that cost the same the one that gives most, as far as `worth` goes; then the one
/// that gives least beyond. `worth` is at least `need`, dimension by dimension.
[[nodiscard]] Cover cheapest_cover(const std::vector<CoverItem>& items,
                                   const std::vector<double>& need,
                                   const std::vector<double>& worth);

}  // namespace firebreak
