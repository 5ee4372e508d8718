// Reads [[capacity]] and [pace], and a target's own. Errors go into the section's complaints.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "host/drain/drain_plan.hpp"

namespace firebreak {

/// What it does not say is as in `base`.
[[nodiscard]] PacePlan read_pace(Section section, PacePlan base);

/// One [[capacity]].
void read_capacity(Section& section, DrainPlan& plan);

[[nodiscard]] std::string describe(const PacePlan& plan);

}  // namespace firebreak
