// Reads a policy's TOML (with its topology: endpoints and targets). All errors are kept.
#pragma once

#include <string>

#include "host/policy.hpp"
#include "host/topology/power_map_file.hpp"

namespace firebreak {

[[nodiscard]] PolicyPlan load_policy(const std::string& path, Complaints& complaints);
/// `recorded`: the lists that [topology] names, as they once were, in place of the files.
[[nodiscard]] PolicyPlan parse_policy(ConfigFile& file, Complaints& complaints,
                                      const RecordedLists* recorded = nullptr);

/// The resolved plan for people: targets, who votes for what, guards, armed or rehearsing.
[[nodiscard]] std::string describe(const PolicyPlan& plan);

}  // namespace firebreak
