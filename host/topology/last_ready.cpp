#include "host/topology/last_ready.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "host/guard/share.hpp"
#include "host/machine.hpp"
#include "host/topology/one_event.hpp"

namespace firebreak {
namespace {

using Rules = std::vector<const RulePlan*>;

/// Its servers and nodes, without the loads.
std::vector<std::size_t> traffic_of(const PolicyPlan& plan, const StandingService& service) {
    std::vector<std::size_t> out;
    for (const auto i : service.targets) {
        if (!is_load(plan.targets[i])) out.push_back(i);
    }
    return out;
}

/// What stays of it, counted, while all that targets name is asked to go.
LastReady count(const PolicyPlan& plan, const StandingService& service,
                const std::vector<std::size_t>& traffic) {
    std::map<std::string, std::set<std::string>> sites, backends;
    for (const auto i : traffic) {
        const auto& target = plan.targets[i];
        for (const auto& item : target.items) {
            const auto key = share_key(target, item);
            sites[target.site].insert(key);
            if (!has_backend(target)) continue;
            backends[machine_behind(plan, target) + ' ' + target.backend].insert(key);
        }
    }
    LastReady out;
    for (const auto& [backend, items] : backends) {
        out.kept += std::min(items.size(), static_cast<std::size_t>(plan.guard.min_ready));
    }
    if (!backends.empty()) {
        out.kept = std::max(out.kept, static_cast<std::size_t>(plan.guard.min_elsewhere));
    }
    for (const auto& [site, items] : sites) {
        out.all += items.size();
        out.smallest = out.smallest == 0 ? items.size() : std::min(out.smallest, items.size());
        const auto drawn = service.servers.find(site);
        if (drawn == service.servers.end() || drawn->second.size() <= items.size()) continue;
        out.kept += drawn->second.size() - items.size();
    }
    out.kept = std::min(out.kept, out.all);
    return out;
}

/// The first of a target's rules that this event sets off.
const RulePlan* set_off(const Rules& event, const Rules& rules) {
    const auto found = std::find_first_of(rules.begin(), rules.end(), event.begin(), event.end());
    return found == rules.end() ? nullptr : *found;
}

std::optional<std::map<std::string, Takings>> taken_by(const Rules& event, const PolicyPlan& plan,
                                                       const DownAtOnce& down,
                                                       const std::vector<std::size_t>& traffic) {
    std::map<std::string, Takings> sites;
    for (const auto i : traffic) {
        const auto* rule = set_off(event, down.put_down_by(i));
        if (rule == nullptr) return std::nullopt;
        down.take(sites[plan.targets[i].site], i, plan.targets[i].items, rule);
    }
    return sites;
}

}  // namespace

std::optional<LastReady> last_ready(const PolicyPlan& plan, const DownAtOnce& down,
                                    const StandingService& service) {
    const auto traffic = traffic_of(plan, service);
    Rules rules;
    std::set<std::string> sites;
    for (const auto i : traffic) {
        const auto& those = down.put_down_by(i);
        if (those.empty()) return std::nullopt;
        sites.insert(plan.targets[i].site);
        rules.insert(rules.end(), those.begin(), those.end());
    }
    if (sites.size() < 2 || sites != service.sites(plan)) return std::nullopt;
    auto out = count(plan, service, traffic);
    if (out.kept >= out.smallest) return std::nullopt;
    std::sort(rules.begin(), rules.end());  // they stand in one list: in the file's order
    rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
    for (const auto& event : events_of(rules)) {
        auto taken = taken_by(event, plan, down, traffic);
        if (!taken) continue;
        Takings all;
        for (const auto& [site, some] : *taken) all.add(some);
        if (!down.is_allowed(all)) continue;
        out.sites = std::move(*taken);
        return out;
    }
    return std::nullopt;
}

}  // namespace firebreak
