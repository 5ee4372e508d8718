// What min_ready and min_elsewhere keep of a service that one event puts down whole, at every one
// of its sites. With a server of each backend left it is as good as empty. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "host/policy.hpp"
#include "host/topology/down_at_once.hpp"
#include "host/topology/services.hpp"

namespace firebreak {

struct LastReady {
    std::map<std::string, Takings> sites;  ///< all of them
    std::size_t kept = 0;                  ///< so many servers, whatever is asked
    std::size_t all = 0;
    std::size_t smallest = 0;  ///< so many has the smallest of its sites
};

/// Nothing when no single event does it, or when what is kept is as much as its smallest site has:
/// so much is all that is left when the others burn. Servers of the topology beyond those that
/// targets name stay as well. Of one site only it is not asked.
[[nodiscard]] std::optional<LastReady> last_ready(const PolicyPlan& plan, const DownAtOnce& down,
                                                  const StandingService& service);

}  // namespace firebreak
