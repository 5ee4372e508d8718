// Which actuator carries out which kind of target: one line a kind. Outlets have none here:
// they are switched by their room's agent, over MQTT.
#pragma once

#include <memory>

#include "host/actuate/actuator.hpp"
#include "host/actuate/haproxy.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// The actuator of one endpoint, knowing all the targets behind it; `before`: see make_haproxy().
[[nodiscard]] std::unique_ptr<Actuator> make_actuator(const EndpointPlan& endpoint,
                                                      const PolicyPlan& policy, int stop_fd,
                                                      const ServerWeights& before = {});

}  // namespace firebreak
