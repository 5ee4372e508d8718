#include "host/unwise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "host/topology_file.hpp"

namespace firebreak {
namespace {

using Sites = std::set<std::string_view>;

std::string near(const std::string& site, const Sites& sites) {
    return hint(site, {sites.begin(), sites.end()});
}

Sites sites_of_targets(const PolicyPlan& plan) {
    Sites sites;
    for (const auto& target : plan.targets) sites.insert(target.site);
    return sites;
}

/// Where targets, hosts, the broker or anything of the topology stands.
Sites all_sites(const PolicyPlan& plan) {
    auto sites = sites_of_targets(plan);
    sites.insert(plan.site);
    for (const auto& peer : plan.peers) sites.insert(peer.site);
    if (!plan.map) return sites;
    if (!plan.map->broker_site.empty()) sites.insert(plan.map->broker_site);
    for (const auto& ups : plan.map->upss) sites.insert(ups.site);
    for (const auto& rack : plan.map->racks) sites.insert(rack.site);
    for (const auto& server : plan.map->servers) sites.insert(server.site);
    return sites;
}

void warn(PolicyPlan& plan, const Place& place, const std::string& what) {
    plan.warnings.push_back(where(place) + ": " + what);
}

void warn_of_sites(PolicyPlan& plan) {
    const auto sites = all_sites(plan);
    for (const auto& rule : plan.rules) {
        if (rule.site.empty() || sites.contains(rule.site)) continue;
        warn(plan, rule.place,
             fmt::format("nothing of this policy stands at \"{}\", whose alarms the rule waits "
                         "for{}",
                         rule.site, near(rule.site, sites)));
    }
    const auto targets = sites_of_targets(plan);
    for (const auto& ups : plan.upss) {
        if (targets.contains(ups.agent.site)) continue;
        warn(plan, ups.place,
             fmt::format("no target stands at \"{}\", where UPS \"{}\" does: nothing can be "
                         "shed there{}",
                         ups.agent.site, ups.name, near(ups.agent.site, targets)));
    }
}

void warn_of_targets_twice(PolicyPlan& plan) {
    for (const auto& rule : plan.rules) {
        std::set<std::string_view> seen, said;
        for (const auto& name : rule.targets) {
            if (seen.insert(name).second || !said.insert(name).second) continue;
            warn(plan, rule.place,
                 fmt::format("target \"{}\" stands twice in this rule: leave one out, or did you "
                             "mean another?",
                             name));
        }
    }
}

void warn_of_inrush(PolicyPlan& plan) {
    if (plan.restore.staged) return;
    const auto load =
        std::find_if(plan.targets.begin(), plan.targets.end(), [](const auto& target) {
            return ladder_of(target) != Ladder::fsd_only && is_load(target);
        });
    if (load == plan.targets.end()) return;
    warn(
        plan, load->place,
        fmt::format("\"{}\" is switched off and on, and there is no [restore]: all loads come back "
                    "at once, whatever current that draws",
                    load->name));
}

}  // namespace

void warn_of_unwise(PolicyPlan& plan) {
    warn_of_sites(plan);
    warn_of_targets_twice(plan);
    warn_of_inrush(plan);
}

}  // namespace firebreak
