#include "host/topology/single_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "host/plan.hpp"
#include "host/power/servers_off.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

/// What each replica falls with, as a name; nothing when nobody can tell, "" when with no single.
using FallsWith = std::function<std::optional<std::string>(std::size_t server)>;

enum class Spread { one, several, unknown };

/// Whether all replicas fall with one thing, which is then `what`.
Spread spread(const std::vector<std::size_t>& replicas, const FallsWith& falls_with,
              std::string& what) {
    bool unknown = false;
    std::set<std::string> names;
    for (const auto server : replicas) {
        const auto name = falls_with(server);
        if (!name) {
            unknown = true;
        } else if (name->empty()) {
            return Spread::several;  // this one falls with no single thing
        } else {
            names.insert(*name);
        }
        if (names.size() > 1) return Spread::several;
    }
    if (unknown) return Spread::unknown;
    what = *names.begin();
    return Spread::one;
}

/// The one UPS, or the one battery room, that a server hangs on.
FallsWith by_power(const PowerMap& map, const std::function<std::string(const MapUps&)>& name) {
    return [&map, name](std::size_t server) -> std::optional<std::string> {
        const auto& feeds = map.feeds[server];
        if (feeds.empty()) return std::nullopt;
        std::set<std::string> names;
        for (const auto ups : feeds) names.insert(name(map.upss[ups]));
        return names.size() == 1 ? *names.begin() : std::string();
    };
}

std::string warn_of_service(const PowerMap& map, const MapService& service,
                            const std::vector<std::size_t>& replicas) {
    if (replicas.empty()) return "service " + service.name + " has no active server";
    const std::vector<std::pair<std::string, FallsWith>> causes = {
        {"UPS", by_power(map, [](const MapUps& ups) { return ups.name; })},
        {"battery room",
         by_power(map, [](const MapUps& ups) { return ups.room + " at " + ups.site; })},
        {"site", [&](std::size_t server) { return map.servers[server].site; }}};
    std::string unknown;
    for (const auto& [kind, falls_with] : causes) {
        std::string what;
        const auto found = spread(replicas, falls_with, what);
        if (found == Spread::one) {
            return fmt::format("service {}: all {} replicas fall with one {}, {}{}", service.name,
                               replicas.size(), kind, what, unknown);
        }
        if (found == Spread::unknown && unknown.empty()) {
            unknown = fmt::format("; cannot tell whether with one {}: not every rack says its PDUs",
                                  kind);
        }
    }
    return unknown.empty() ? "" : "service " + service.name + unknown;
}

/// UPSs that are overloaded already, or would be once one of a pair that shares racks is gone.
void warn_of_load(const PowerMap& map, std::vector<std::string>& warnings) {
    const auto kw = connected_kw(map);
    std::map<std::pair<std::size_t, std::size_t>, double>
        shared;  // what falls to one, by the other
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        const auto& feeds = map.feeds[i];
        if (feeds.size() < 2) continue;
        const auto all = static_cast<double>(feeds.size());
        const auto more = map.servers[i].kw / (all - 1) - map.servers[i].kw / all;
        for (const auto stays : feeds) {
            for (const auto falls : feeds) {
                if (stays != falls) shared[{stays, falls}] += more;
            }
        }
    }
    for (std::size_t i = 0; i < map.upss.size(); ++i) {
        const auto& ups = map.upss[i];
        if (kw[i] <= ups.kw) continue;
        warnings.push_back(
            fmt::format("{} is to carry {:.1f} kW and may carry {:.1f}", ups.name, kw[i], ups.kw));
    }
    for (const auto& [pair, more] : shared) {
        const auto& ups = map.upss[pair.first];
        const auto then = kw[pair.first] + more;
        if (then <= ups.kw || kw[pair.first] > ups.kw) continue;
        warnings.push_back(fmt::format("without {} {} would carry {:.1f} kW and may carry {:.1f}",
                                       map.upss[pair.second].name, ups.name, then, ups.kw));
    }
}

void warn_of_broker(const PolicyPlan& plan, std::vector<std::string>& warnings) {
    const auto& site = plan.map->broker_site;
    if (site.empty()) {
        warnings.emplace_back(
            "cannot tell whether the broker stands in a zone it guards: say broker_site");
    }
    for (const auto& rule : plan.rules) {
        if (site.empty() || rule.at_least < Posture::drain || rule.site != site) continue;
        warnings.push_back("the broker stands at " + site +
                           ", a site that is drained: no alarm would come out of a fire there");
        return;
    }
}

/// The first rule that puts a target down.
const RulePlan* put_down_by(const PolicyPlan& plan, const TargetPlan& target) {
    for (const auto& ballot : ballots_for(plan, target)) {
        if (depth_of(action_for(ladder_of(target), ballot.at_least)) > 0) return ballot.rule;
    }
    return nullptr;
}

/// Whether a guard leaves some of its items as they are.
bool is_kept(const PolicyPlan& plan, const TargetPlan& target) {
    const bool keeps_ready = plan.guard.min_ready > 0 || plan.guard.min_elsewhere > 0;
    return plan.guard.max_tier_percent < 100 || (has_backend(target) && keeps_ready);
}

/// The first rule that switches a load off whole: by power only what is too much goes.
const RulePlan* switched_off_by(const PolicyPlan& plan, const TargetPlan& target) {
    if (!is_load(target) || plan.guard.max_tier_percent < 100) return nullptr;
    for (const auto& ballot : ballots_for(plan, target)) {
        const auto depth = depth_of(action_for(ladder_of(target), ballot.at_least));
        if (depth > 0 && !ballot.rule->by_power) return ballot.rule;
    }
    return nullptr;
}

bool same_backend(const TargetPlan& a, const TargetPlan& b) {
    return has_backend(a) && has_backend(b) && a.endpoint == b.endpoint && a.backend == b.backend;
}

using Emptied = std::map<std::string, const RulePlan*>;  ///< by site, and what would do it

/// The targets that a service names, and those that have the same servers by another name.
std::vector<const TargetPlan*> targets_of(const PolicyPlan& plan, const MapService& service,
                                          Complaints& complaints) {
    const auto places = places_of(plan.targets);
    std::vector<const TargetPlan*> named;
    for (const auto& name : service.targets) {
        const auto found = places.find(name);
        if (found == places.end()) {
            complaints.add(service.place, "there is no target \"" + name + "\"");
        } else {
            named.push_back(&plan.targets[found->second]);
        }
    }
    std::vector<const TargetPlan*> all;
    for (const auto& target : plan.targets) {
        const bool is_of = std::any_of(named.begin(), named.end(), [&](const auto* one) {
            return one == &target || same_backend(*one, target);
        });
        if (is_of) all.push_back(&target);
    }
    return all;
}

/// Loads that rules switch off whole, and what they feed.
struct Switched {
    std::map<std::size_t, const RulePlan*> by;  ///< by the load's place
    std::map<std::size_t, std::vector<FedBy>> feeds;

    explicit Switched(const PolicyPlan& plan) {
        std::set<std::size_t> loads;
        for (std::size_t i = 0; i < plan.targets.size(); ++i) {
            const auto* rule = switched_off_by(plan, plan.targets[i]);
            if (rule == nullptr) continue;
            by[i] = rule;
            loads.insert(i);
        }
        feeds = fed_by(plan, loads);
    }

    /// The rule that leaves none of these servers with power; nothing when some keep it. A load
    /// that waits for a target which a guard never lets down whole waits for ever.
    [[nodiscard]] const RulePlan* darkens(const PolicyPlan& plan,
                                          const std::vector<const TargetPlan*>& service,
                                          const std::vector<std::size_t>& servers) const {
        const auto waits = [&](const TargetPlan& load) {
            return std::any_of(service.begin(), service.end(), [&](const auto* target) {
                const auto& after = load.after;
                return is_kept(plan, *target) &&
                       std::find(after.begin(), after.end(), target->name) != after.end();
            });
        };
        const RulePlan* rule = nullptr;
        for (const auto server : servers) {
            std::set<std::string> cut;
            const auto fed = feeds.find(server);
            if (fed == feeds.end()) return nullptr;
            for (const auto& feed : fed->second) {
                if (waits(plan.targets[feed.target])) continue;
                cut.insert(feed.pdu);
                rule = by.at(feed.target);
            }
            if (!is_off(*plan.map, server, cut)) return nullptr;
        }
        return rule;
    }
};

/// Where nothing of a service may be left: all drained by rules, or without power.
Emptied emptied_sites(const PolicyPlan& plan, const std::vector<const TargetPlan*>& service,
                      const std::map<std::string, std::vector<std::size_t>>& servers,
                      const Switched& switched) {
    Emptied dark;
    for (const auto& [site, those] : servers) {
        // At its only site it goes with its racks, and no other is to carry on: that was asked.
        if (servers.size() < 2) break;
        if (const auto* rule = switched.darkens(plan, service, those)) dark.emplace(site, rule);
    }
    Emptied emptied = dark;
    for (const auto* target : service) {
        // Servers without power may read as ready for a while: they keep nobody else's up.
        const bool kept = dark.empty() ? is_kept(plan, *target) : plan.guard.max_tier_percent < 100;
        const auto* rule = kept ? nullptr : put_down_by(plan, *target);
        if (rule != nullptr && servers.contains(target->site)) emptied.emplace(target->site, rule);
    }
    return emptied;
}

void complain_of_emptied(const Emptied& emptied, const Place& place, const std::string& what,
                         Complaints& complaints) {
    std::string example;
    for (const auto& [site, rule] : emptied) {
        example += fmt::format("{}{} by the rule in line {}", example.empty() ? "" : ", ", site,
                               rule->place.line);
    }
    complaints.add(place, "the policy could put " + what + " down at every site: " + example +
                              "; keep some with min_ready, min_elsewhere or max_tier_percent");
}

/// Without a topology at least this: targets of one backend at several sites, and all go.
void check_backends(const PolicyPlan& plan, Complaints& complaints) {
    std::map<std::pair<std::string, std::string>, std::vector<const TargetPlan*>> backends;
    for (const auto& target : plan.targets) {
        if (has_backend(target)) backends[{target.endpoint, target.backend}].push_back(&target);
    }
    for (const auto& [key, targets] : backends) {
        std::set<std::string> sites;
        Emptied emptied;
        for (const auto* target : targets) {
            sites.insert(target->site);
            const auto* rule = is_kept(plan, *target) ? nullptr : put_down_by(plan, *target);
            if (rule != nullptr) emptied.emplace(target->site, rule);
        }
        if (sites.size() < 2 || emptied.size() < sites.size()) continue;
        complain_of_emptied(emptied, targets.front()->place,
                            "backend \"" + key.second + "\" of " + key.first, complaints);
    }
}

}  // namespace

std::vector<std::string> single_points(const PolicyPlan& plan) {
    std::vector<std::string> warnings;
    if (!plan.map) return warnings;
    const auto& map = *plan.map;
    std::map<std::string, std::vector<std::size_t>> replicas;
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        replicas[map.servers[i].service].push_back(i);
    }
    for (const auto& service : map.services) {
        auto warning = warn_of_service(map, service, replicas[service.name]);
        if (!warning.empty()) warnings.push_back(std::move(warning));
    }
    warn_of_load(map, warnings);
    warn_of_broker(plan, warnings);
    return warnings;
}

void check_emptied(const PolicyPlan& plan, Complaints& complaints) {
    if (!plan.map) return check_backends(plan, complaints);
    const auto& map = *plan.map;
    const Switched switched(plan);
    std::map<std::string, std::map<std::string, std::vector<std::size_t>>> servers;
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        servers[map.servers[i].service][map.servers[i].site].push_back(i);
    }
    for (const auto& service : map.services) {
        const auto targets = targets_of(plan, service, complaints);
        const auto& sites = servers[service.name];
        const auto emptied = emptied_sites(plan, targets, sites, switched);
        if (sites.empty() || emptied.size() < sites.size()) continue;
        complain_of_emptied(emptied, service.place, "service \"" + service.name + "\"", complaints);
    }
}

}  // namespace firebreak
