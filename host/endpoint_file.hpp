// The [[endpoint]] tables of a policy file: what carries out the steps, and how. All errors are
// kept.
#pragma once

#include <string>

#include "host/policy.hpp"

namespace firebreak {

/// Appends to plan.endpoints, and checks the table against those before it.
void read_endpoint(Section& section, PolicyPlan& plan);

/// One line for people, without a line end.
[[nodiscard]] std::string describe(const EndpointPlan& endpoint);

}  // namespace firebreak
