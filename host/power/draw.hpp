// What falls from which UPS when items of targets are put off. Pure. kW.
// Items that feed the same servers go together: one cord of two alone sheds nothing, its load
// moves to the other. A load counts where it draws; what has lost one feed draws from the rest.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

struct DrawPart {
    double kw = 0;
    std::vector<std::size_t> feeds;  ///< UPSs, by their places in the topology
    std::vector<std::size_t> left;   ///< those of them that still feed it afterwards
};

/// What is put off in one step.
struct Draw {
    std::vector<std::pair<std::size_t, std::string>> items;  ///< place of the target, item
    int tier = 1;                                            ///< the most important of its targets
    double impact = 0;                                       ///< by server
    std::vector<DrawPart> parts;                             ///< its servers
};

/// Of these targets; complains of items that nobody knows to feed anything.
[[nodiscard]] std::vector<Draw> draws_of(const PolicyPlan& plan,
                                         const std::set<std::string>& targets,
                                         Complaints& complaints);

/// Those that some rule sheds by power.
[[nodiscard]] std::set<std::string> shed_by_power(const PolicyPlan& plan);

/// By UPS; `lost` are those that carry nothing any more.
[[nodiscard]] std::vector<double> falls_by(const Draw& draw, const std::vector<bool>& lost);

/// What hangs on each UPS, by the topology.
[[nodiscard]] std::vector<double> hangs_on(const PowerMap& map, const std::vector<bool>& lost);

}  // namespace firebreak
