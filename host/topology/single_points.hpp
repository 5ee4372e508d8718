// What a policy and its topology say of each other: services that one fire takes away whole,
// UPSs that carry too much, a broker in the zone that it guards; and a policy that could put a
// service down at every site at once. Pure.
#pragma once

#include <string>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

/// Warnings, one a line for people. None: nothing was found, or there is no topology.
[[nodiscard]] std::vector<std::string> single_points(const PolicyPlan& plan);

/// Complains, with the rules as example, of every service of which rules may leave nothing at any
/// of its sites, drained or without power, and no guard keeps the last ones; without a topology, of
/// every backend with targets at several sites.
void check_emptied(const PolicyPlan& plan, Complaints& complaints);

}  // namespace firebreak
