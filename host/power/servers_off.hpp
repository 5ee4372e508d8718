// Which servers items of targets feed, and which have no power once some of it is cut. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

struct FedBy {
    std::size_t target = 0;  ///< its place in the policy
    std::string pdu;         ///< over which feed; "" all of them
};

/// By the servers' places in the topology. None without one.
[[nodiscard]] std::map<std::size_t, std::vector<FedBy>> fed_by(
    const PolicyPlan& plan, const std::set<std::size_t>& targets);

/// Without these feeds; "" is all of them. One whose other feed nobody knows of is off.
[[nodiscard]] bool is_off(const PowerMap& map, std::size_t server,
                          const std::set<std::string>& without);

}  // namespace firebreak
