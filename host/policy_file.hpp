// Reads a policy's TOML (with its topology: endpoints and targets). All errors are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/policy.hpp"

namespace firebreak {

[[nodiscard]] PolicyPlan load_policy(const std::string& path, Complaints& complaints);
/// `devices`: the text of the list that [topology] names, where that file is not to be asked.
[[nodiscard]] PolicyPlan parse_policy(ConfigFile& file, Complaints& complaints,
                                      std::optional<std::string_view> devices = std::nullopt);

/// The resolved plan for people: targets, who votes for what, guards, armed or rehearsing.
[[nodiscard]] std::string describe(const PolicyPlan& plan);

}  // namespace firebreak
