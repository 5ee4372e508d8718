// The topology as a picture: sites, UPSs by battery room, PDUs, racks, services and what feeds
// what, with single points marked. Pure; an SVG 1.1 document. A large site's racks are summed up.
#pragma once

#include <string>

#include "host/policy.hpp"

namespace firebreak {

/// "" when the policy has no topology.
[[nodiscard]] std::string draw_topology(const PolicyPlan& plan);

}  // namespace firebreak
