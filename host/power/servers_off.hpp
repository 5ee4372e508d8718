// Which servers items of targets feed, and which have no power once some of it is cut. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/policy.hpp"

namespace firebreak {

struct FedBy {
    std::size_t target = 0;  ///< its place in the policy
    std::string item;
    std::string pdu;  ///< over which feed; "" all of them
};

/// By the servers' places in the topology. None without one.
[[nodiscard]] std::map<std::size_t, std::vector<FedBy>> fed_by(
    const PolicyPlan& plan, const std::set<std::size_t>& targets);

/// Which feeds each server has: looked up once, for a site may have tens of thousands.
class FeedIndex {
public:
    explicit FeedIndex(const PowerMap& map);

    /// UPSs that feed it still, by their places, when these PDUs do not; "" is all of them.
    [[nodiscard]] std::vector<std::size_t> left_of(std::size_t server,
                                                   const std::set<std::string>& without) const;
    /// One whose other feed nobody knows of is off.
    [[nodiscard]] bool is_off(std::size_t server, const std::set<std::string>& without) const;

private:
    /// Of each rack, and of each server with PDUs of its own: PDU and its UPS.
    std::vector<std::vector<std::pair<std::string, std::size_t>>> feeds_;
    std::vector<std::size_t> feeds_of_;  ///< by server
};

}  // namespace firebreak
