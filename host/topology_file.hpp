// The topology sections of a policy file: [[endpoint]] and [[target]]. All errors are kept.
#pragma once

#include <string_view>

#include "host/policy.hpp"

namespace firebreak {

/// Appends to plan.endpoints and plan.targets, and checks them against each other.
void read_topology(Section& root, PolicyPlan& plan, Complaints& complaints);

/// The row's `targets`: at least one, and all known. The targets must have been read before.
[[nodiscard]] std::vector<std::string> read_targets(Section& section, const PolicyPlan& plan);

/// "; did you mean …?" or "" when no name is near.
[[nodiscard]] std::string hint(std::string_view word, const std::vector<std::string_view>& names);

}  // namespace firebreak
