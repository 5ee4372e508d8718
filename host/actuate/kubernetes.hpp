// An actuator over Kubernetes' API: cordon, evict by priority as disruption budgets allow, taint;
// and back, only what bears this host's mark. Owned by one crew worker; an order ends within the
// endpoint's timeout, or when `stop_fd` becomes readable. Errors: see the seam and http.hpp; busy
// while pods are still to go, config when the token cannot be read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/actuate/actuator.hpp"
#include "host/actuate/marks.hpp"

namespace firebreak {

/// `nodes`: target name to its nodes. `host`: whose marks count as ours, and as peers'.
[[nodiscard]] std::unique_ptr<Actuator> make_kubernetes(
    const EndpointPlan& endpoint, std::map<std::string, std::vector<std::string>> nodes,
    HostMarks host, int stop_fd);

}  // namespace firebreak
