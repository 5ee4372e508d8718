// Reads a policy's TOML (with its topology: endpoints and targets). All errors are kept.
#pragma once

#include <string>

#include "host/policy.hpp"

namespace firebreak {

[[nodiscard]] PolicyPlan load_policy(const std::string& path, Complaints& complaints);
[[nodiscard]] PolicyPlan parse_policy(ConfigFile& file, Complaints& complaints);

/// The resolved plan for people: targets, who votes for what, guards, armed or rehearsing.
[[nodiscard]] std::string describe(const PolicyPlan& plan);

}  // namespace firebreak
