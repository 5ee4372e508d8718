// What a policy says that is allowed and yet most likely not meant: names of places where nothing
// stands, a target twice, loads that all come back at once. Pure; with file:line:column.
#pragma once

#include "host/policy.hpp"

namespace firebreak {

/// Adds to `warnings`, never to what is refused.
void warn_of_unwise(PolicyPlan& plan);

}  // namespace firebreak
