// Reads a profile's TOML. All errors are kept, each with its place; a profile with errors
// must not be used. Looks in the given folders, in order, for "<name>.toml".
#pragma once

#include <string>
#include <vector>

#include "firmware/profile/profile.hpp"

namespace firebreak {

/// `name` is the profile's name; used in messages as the file name when it has none.
[[nodiscard]] Profile parse_profile(ConfigFile& file, const std::string& name,
                                    Complaints& complaints);

[[nodiscard]] Profile load_profile(const std::string& path, Complaints& complaints);

/// Path of "<name>.toml" in the first folder that has it, or "".
[[nodiscard]] std::string find_profile(const std::string& name,
                                       const std::vector<std::string>& folders);

/// Folders searched by default: $FIREBREAK_PROFILES, /etc/firebreak/profiles,
/// /usr/share/firebreak/profiles, and the source tree's when run from a build.
[[nodiscard]] std::vector<std::string> profile_folders();

}  // namespace firebreak
