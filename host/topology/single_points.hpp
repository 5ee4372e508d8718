// What a policy and its topology say of each other: services that one fire takes away whole,
// UPSs that carry too much, a broker in the zone that it guards. Pure.
#pragma once

#include <string>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

/// Warnings, one a line for people. Without a topology only of the broker.
[[nodiscard]] std::vector<std::string> single_points(const PolicyPlan& plan);

}  // namespace firebreak
