// Reads [[ups]] of a policy file and holds it to the rules that shed by power. All errors are kept.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// The topology must have been read before.
void read_ups(Section& section, PolicyPlan& plan);

/// Complains of rules by power that nobody could reckon with.
void check_power(const PolicyPlan& plan, Complaints& complaints);

/// For people.
[[nodiscard]] std::string describe(const WatchedUps& ups);

}  // namespace firebreak
