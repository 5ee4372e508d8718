#include "host/actuate/catalog.hpp"

#include "host/actuate/haproxy.hpp"

namespace firebreak {

std::unique_ptr<Actuator> make_actuator(const EndpointPlan& endpoint, const PolicyPlan& policy,
                                        int stop_fd) {
    std::map<std::string, std::string> backends;
    for (const auto& target : policy.targets) {
        if (target.kind == TargetKind::haproxy && target.endpoint == endpoint.name) {
            backends[target.name] = target.backend;
        }
    }
    return make_haproxy(endpoint, std::move(backends), stop_fd);
}

}  // namespace firebreak
