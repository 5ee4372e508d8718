#include "host/topology/services.hpp"

#include <algorithm>

#include "host/groups.hpp"
#include "host/machine.hpp"

namespace firebreak {
namespace {

/// Nodes of a cluster take each other's work, unless the policy says which service they are.
bool is_of_cluster(const TargetPlan& target) {
    return bears_marks(target) && target.service == target.name;
}

/// What a target has in common with those that stand in for it.
std::vector<std::string> ties_of(const PolicyPlan& plan, const TargetPlan& target) {
    if (is_of_cluster(target)) return {"cluster " + machine_behind(plan, target)};
    if (is_load(target) && target.service == target.name) return {};
    std::vector<std::string> ties = {"service " + target.service};
    if (has_backend(target)) {
        ties.push_back("backend " + machine_behind(plan, target) + ' ' + target.backend);
    }
    return ties;
}

/// By target: those of one number stand in for each other.
std::vector<std::size_t> kin_of(const PolicyPlan& plan) {
    Groups groups(plan.targets.size());
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        for (auto& tie : ties_of(plan, plan.targets[i])) {
            groups.join(first.emplace(std::move(tie), i).first->second, i);
        }
    }
    std::vector<std::size_t> kin;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) kin.push_back(groups.of(i));
    return kin;
}

/// Those that a service of the topology names or that name it, and all that stand in for them.
std::vector<std::size_t> named_by(const PolicyPlan& plan, const MapService& service,
                                  const std::vector<std::size_t>& kin, Complaints& complaints) {
    const auto places = places_of(plan.targets);
    std::set<std::size_t> named;
    for (const auto& name : service.targets) {
        const auto found = places.find(name);
        if (found == places.end()) {
            complaints.add(service.place, "there is no target \"" + name + "\"");
        } else {
            named.insert(kin[found->second]);
        }
    }
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        const bool bears = !is_load(target) && !is_of_cluster(target);
        if (bears && target.service == service.name) named.insert(kin[i]);
    }
    std::vector<std::size_t> targets;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        if (named.contains(kin[i])) targets.push_back(i);
    }
    return targets;
}

}  // namespace

std::set<std::string> StandingService::sites(const PolicyPlan& plan) const {
    std::set<std::string> out;
    for (const auto target : targets) out.insert(plan.targets[target].site);
    for (const auto& [site, those] : servers) out.insert(site);
    return out;
}

std::vector<StandingService> services_of(const PolicyPlan& plan, Complaints& complaints) {
    std::vector<StandingService> out;
    const auto kin = kin_of(plan);
    std::set<std::size_t> drawn;
    std::map<std::string, std::size_t> by_name;
    for (const auto& service : plan.map ? plan.map->services : std::vector<MapService>{}) {
        auto targets = named_by(plan, service, kin, complaints);
        drawn.insert(targets.begin(), targets.end());
        by_name.emplace(service.name, out.size());
        out.push_back({"service \"" + service.name + "\"", service.place, std::move(targets), {}});
    }
    for (std::size_t i = 0; plan.map && i < plan.map->servers.size(); ++i) {
        const auto& server = plan.map->servers[i];
        const auto service = by_name.find(server.service);
        if (service != by_name.end()) out[service->second].servers[server.site].push_back(i);
    }
    std::map<std::size_t, std::size_t> others;  // those that nobody has drawn, by their number
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        if (drawn.contains(i)) continue;
        const auto& target = plan.targets[i];
        const auto [at, is_new] = others.emplace(kin[i], out.size());
        if (is_new) {
            out.push_back({is_of_cluster(target) ? "the nodes of \"" + target.endpoint + "\""
                                                 : "service \"" + target.service + "\"",
                           target.place,
                           {},
                           {}});
        }
        out[at->second].targets.push_back(i);
    }
    return out;
}

StandingService whole_of(const PolicyPlan& plan) {
    std::set<std::string> drains;
    for (const auto& target : plan.targets) {
        if (!is_load(target)) drains.insert(target.site);
    }
    StandingService whole{"all that it knows of", {}, {}, {}};
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        if (whole.targets.empty()) whole.place = target.place;
        if (!is_load(target) || !drains.contains(target.site)) whole.targets.push_back(i);
    }
    return whole;
}

}  // namespace firebreak
