// Lists as NetBox exports them, into the map of a site's power: devices, and the power feeds of
// their racks. Columns may stand in any order, others are ignored. Pure. All errors are kept.
#pragma once

#include <string>
#include <string_view>

#include "contract/support/complaint.hpp"
#include "host/topology/power_map.hpp"

namespace firebreak {

/// Adds the active servers of a list of devices.
void add_devices(PowerMap& map, std::string_view csv, const std::string& file,
                 Complaints& complaints);

/// Adds to each rack the power panels that feed it, and the racks that are not drawn yet. After the
/// devices: a list without sites goes by where the servers of a rack stand.
void add_feeds(PowerMap& map, std::string_view csv, const std::string& file,
               Complaints& complaints);

}  // namespace firebreak
