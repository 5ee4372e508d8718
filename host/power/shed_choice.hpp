// Which loads to put off so that every UPS falls by what it must: by tier, the highest number
// first; a tier is touched only when all of the less important ones together are not enough, and
// no tier gives more than the more important ones leave to do. Within a tier least impact. Pure.
// kW throughout.
#pragma once

#include <cstddef>
#include <vector>

namespace firebreak {

/// What is put off in one step.
struct ShedLoad {
    int tier = 1;            ///< 1 is the most important
    double impact = 1;       ///< above 0; only compared within a tier
    std::vector<double> kw;  ///< by UPS: how much that one's load falls
};

struct ShedChoice {
    std::vector<std::size_t> loads;  ///< rising; without any one of them the need is not met
    std::vector<double> kw;          ///< by UPS: what they take off
    bool enough = true;              ///< false: all that help do not meet the need
};

/// `need` by UPS; 0 or less needs nothing.
[[nodiscard]] ShedChoice choose_loads(const std::vector<ShedLoad>& loads,
                                      const std::vector<double>& need);

}  // namespace firebreak
