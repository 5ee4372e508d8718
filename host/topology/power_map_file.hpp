// Reads [topology] of a policy file, and the list of devices it names. All errors are kept.
#pragma once

#include <optional>
#include <string_view>

#include "contract/support/config_file.hpp"
#include "host/topology/power_map.hpp"

namespace firebreak {

/// `devices`: the list's text, where the file itself is not to be asked.
[[nodiscard]] PowerMap read_power_map(Section section, Complaints& complaints,
                                      std::optional<std::string_view> devices = std::nullopt);

/// Adds the active servers of a list of devices, as NetBox exports it.
void add_devices(PowerMap& map, std::string_view csv, const std::string& file,
                 Complaints& complaints);

}  // namespace firebreak
