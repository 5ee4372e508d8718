// How long the largest rule of a policy takes at the pace that its guards allow. Pure.
#pragma once

#include <string>

#include "host/policy.hpp"

namespace firebreak {

/// One line for people; "" when no rule puts anything down.
[[nodiscard]] std::string describe_longest_rule(const PolicyPlan& plan);

/// Warns when that is longer than a fire waits.
void check_longest_rule(PolicyPlan& plan);

}  // namespace firebreak
