// The sections of a policy file that are about operators: [operator] and [[drill]].
#pragma once

#include "host/policy.hpp"

namespace firebreak {

/// Without [operator] the socket stands beside the journal; without either there is none.
void read_operator(Section& root, PolicyPlan& plan);

/// The targets and the topology must have been read before.
void read_drills(Section& root, PolicyPlan& plan);

[[nodiscard]] std::string describe_operators(const PolicyPlan& plan);

}  // namespace firebreak
