// Which targets stand in for each other, and where the service that they are stands: as a
// [[topology.service]] says, else by the same `service`, the same backend, the same cluster. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

struct StandingService {
    std::string name;  ///< for people
    Place place;
    std::vector<std::size_t> targets;                         ///< by their places in the policy
    std::map<std::string, std::vector<std::size_t>> servers;  ///< of the topology, by site

    /// Where it stands. Of one without servers in the topology there may be others.
    [[nodiscard]] std::set<std::string> sites(const PolicyPlan& plan) const;
};

/// Every target that is drained is in at least one; loads are where they say which service they
/// bear. Complains of targets that a service names and that do not exist.
[[nodiscard]] std::vector<StandingService> services_of(const PolicyPlan& plan,
                                                       Complaints& complaints);

/// All that a policy puts down, as if it were one: what drains, and loads where nothing does.
[[nodiscard]] StandingService whole_of(const PolicyPlan& plan);

}  // namespace firebreak
