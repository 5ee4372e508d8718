#include "host/actuate/catalog.hpp"

#include <set>
#include <utility>

#include "host/actuate/exec.hpp"
#include "host/actuate/haproxy.hpp"
#include "host/actuate/kubernetes.hpp"
#include "host/actuate/marks.hpp"
#include "host/actuate/nut.hpp"
#include "host/actuate/slurm.hpp"
#include "host/actuate/webhook.hpp"

namespace firebreak {
namespace {

/// One of `TargetPlan`'s fields of every target behind this endpoint, by the target's name.
template <class Field>
std::map<std::string, Field> by_target(const EndpointPlan& endpoint, const PolicyPlan& policy,
                                       Field TargetPlan::*field) {
    std::map<std::string, Field> out;
    for (const auto& target : policy.targets) {
        if (by_message(target) || target.endpoint != endpoint.name) continue;
        out[target.name] = target.*field;
    }
    return out;
}

/// Of each service the sites where it is drained in steps: its servers elsewhere are looked at.
std::map<std::string, std::set<std::string>> paced_sites(const PolicyPlan& policy) {
    std::map<std::string, std::set<std::string>> sites;
    for (const auto& target : policy.targets) {
        if (target.pace && !target.service.empty()) sites[target.service].insert(target.site);
    }
    return sites;
}

/// One line a kind.
struct Make {
    const EndpointPlan& endpoint;
    const PolicyPlan& policy;
    int stop_fd;
    const ServerWeights& before;

    template <class Field>
    [[nodiscard]] auto all(Field TargetPlan::*field) const {
        return by_target(endpoint, policy, field);
    }
    [[nodiscard]] HostMarks marks() const {
        HostMarks marks{policy.site + '/' + policy.host};
        for (const auto& peer : policy.peers) marks.peers.push_back(peer.site + '/' + peer.host);
        return marks;
    }

    std::unique_ptr<Actuator> operator()(const HaproxyEndpoint& /*how*/) const {
        std::set<std::string> by_weight;
        std::map<std::string, std::set<std::string>> watched;
        const auto paced = paced_sites(policy);
        for (const auto& target : policy.targets) {
            if (target.kind != TargetKind::haproxy || target.endpoint != endpoint.name) continue;
            if (target.drain_by_weight) by_weight.insert(target.name);
            const auto sites = paced.find(target.service);
            const bool receives = sites != paced.end() && (sites->second.size() > 1 ||
                                                           !sites->second.contains(target.site));
            if (target.pace || receives)
                watched[target.name] = {target.items.begin(), target.items.end()};
        }
        return make_haproxy(endpoint, all(&TargetPlan::backend), stop_fd, std::move(by_weight),
                            before, std::move(watched));
    }
    std::unique_ptr<Actuator> operator()(const SlurmEndpoint& /*how*/) const {
        return make_slurm(endpoint, all(&TargetPlan::items), marks(), stop_fd);
    }
    std::unique_ptr<Actuator> operator()(const ExecEndpoint& /*how*/) const {
        return make_exec(endpoint, all(&TargetPlan::items), stop_fd);
    }
    std::unique_ptr<Actuator> operator()(const WebhookEndpoint& /*how*/) const {
        return make_webhook(endpoint, all(&TargetPlan::items), stop_fd);
    }
    std::unique_ptr<Actuator> operator()(const KubernetesEndpoint& /*how*/) const {
        return make_kubernetes(endpoint, all(&TargetPlan::items), marks(), stop_fd);
    }
    std::unique_ptr<Actuator> operator()(const NutEndpoint& /*how*/) const {
        return make_nut(endpoint, all(&TargetPlan::items), stop_fd);
    }
};

}  // namespace

std::unique_ptr<Actuator> make_actuator(const EndpointPlan& endpoint, const PolicyPlan& policy,
                                        int stop_fd, const ServerWeights& before) {
    return std::visit(Make{endpoint, policy, stop_fd, before}, endpoint.how);
}

}  // namespace firebreak
