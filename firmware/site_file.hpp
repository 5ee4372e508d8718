// Reads a site's TOML and the profiles it names. All errors of all files are kept.
#pragma once

#include <string>
#include <vector>

#include "firmware/site.hpp"

namespace firebreak {

[[nodiscard]] SitePlan load_site(const std::string& path,
                                 const std::vector<std::string>& profile_folders,
                                 Complaints& complaints);

/// The resolved plan for people: buses, devices with their reads, alarms, outlets.
[[nodiscard]] std::string describe(const SitePlan& plan);

}  // namespace firebreak
