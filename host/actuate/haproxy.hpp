// An actuator over HAProxy's runtime API: one connection a line, as its CLI wants it without
// "prompt". Owned by one crew worker. Each call ends within the endpoint's timeout, or at once
// when `stop_fd` becomes readable. Errors: see the seam; port_lost when nobody listens.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "host/actuate/actuator.hpp"

namespace firebreak {

/// By target and server: the weight last read that was more than 0.
using ServerWeights = std::map<std::pair<std::string, std::string>, unsigned>;

/// `backends`: target name to backend name. `by_weight`: targets that are drained by weight 0;
/// their states bear the weight that is or would be given back, "drain@30". `before`: as an earlier
/// life had read them. `watched`: targets of which feedback is read, and the servers of theirs,
/// which do not receive.
[[nodiscard]] std::unique_ptr<Actuator> make_haproxy(
    const EndpointPlan& endpoint, std::map<std::string, std::string> backends, int stop_fd,
    std::set<std::string> by_weight = {}, ServerWeights before = {},
    std::map<std::string, std::set<std::string>> watched = {});

}  // namespace firebreak
