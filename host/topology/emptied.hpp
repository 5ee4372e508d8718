// A policy that could leave nothing of a service at any of its sites at once: drained by rules, to
// make room for what others drain, or without power. It is refused, with the rules as example.
// Pure.
#pragma once

#include "host/policy.hpp"

namespace firebreak {

/// Complains of every service of which no guard keeps the last ones. Of one at a single site this
/// is asked only where the topology knows that it has no other; where no service is in danger, also
/// of all targets together.
void check_emptied(const PolicyPlan& plan, Complaints& complaints);

}  // namespace firebreak
