// Reads [guard] and [[maintenance]] of a policy file. All errors are kept.
#pragma once

#include "host/policy.hpp"

namespace firebreak {

void read_guard(Section section, GuardPlan& guard);

/// The targets must have been read before.
void read_maintenance(Section& section, PolicyPlan& plan);

/// The guards' numbers for people, those that are switched off left out.
[[nodiscard]] std::string describe(const GuardPlan& guard);

}  // namespace firebreak
