// An actuator over a program of the site's own: it is started to set items and to show them.
// docs/policy.md has its side. Owned by one crew worker. Each order ends within the endpoint's
// timeout, or at once when `stop_fd` becomes readable. Errors: see the seam; by exit code busy
// (75), port_lost (69), else refused; corrupt when it shows what is no list of states.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "host/actuate/actuator.hpp"

namespace firebreak {

/// `items`: target name to the names of its items.
[[nodiscard]] std::unique_ptr<Actuator> make_exec(
    const EndpointPlan& endpoint, std::map<std::string, std::vector<std::string>> items,
    int stop_fd);

/// "ITEM STATE" a line. Pure.
[[nodiscard]] Result<ItemStates> parse_shown(std::string_view text);

}  // namespace firebreak
