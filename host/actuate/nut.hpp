// An actuator over Network UPS Tools: a client of upsd that switches the loads of UPSs, or tells
// all that listen to one that it shuts down. Owned by one crew worker; an order ends within the
// endpoint's timeout, or when `stop_fd` becomes readable. Errors: see the seam, nut_text.hpp and
// stream.hpp; config when the login cannot be read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/actuate/actuator.hpp"

namespace firebreak {

/// `items`: target name to its UPSs and outlets.
[[nodiscard]] std::unique_ptr<Actuator> make_nut(
    const EndpointPlan& endpoint, std::map<std::string, std::vector<std::string>> items,
    int stop_fd);

}  // namespace firebreak
