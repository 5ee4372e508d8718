// Reads a site's TOML and the profiles it names. All errors of all files are kept.
#pragma once

#include <string>
#include <vector>

#include "firmware/board.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// `board`: where the serial ports are that the site names.
[[nodiscard]] SitePlan load_site(const std::string& path,
                                 const std::vector<std::string>& profile_folders,
                                 Complaints& complaints, const Board& board = {});

/// The resolved plan for people: buses, devices with their reads, alarms, outlets.
[[nodiscard]] std::string describe(const SitePlan& plan);

}  // namespace firebreak
