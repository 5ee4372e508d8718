// Reads [topology] of a policy file, and the lists it names. All errors are kept.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "contract/support/config_file.hpp"
#include "host/topology/power_map.hpp"

namespace firebreak {

/// The texts of lists by the key that names them, as they once were.
using RecordedLists = std::map<std::string, std::string, std::less<>>;

/// `recorded`: in place of the files themselves, which are then not asked.
[[nodiscard]] PowerMap read_power_map(Section section, Complaints& complaints,
                                      const RecordedLists* recorded = nullptr);

}  // namespace firebreak
