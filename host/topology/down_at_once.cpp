#include "host/topology/down_at_once.hpp"

#include <algorithm>

#include "host/drain/admission.hpp"
#include "host/drain/capacity.hpp"
#include "host/guard/share.hpp"
#include "host/plan.hpp"
#include "host/power/draw.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_sites = 6;  // whose fires are tried in every combination

/// The rules that put a target down, each once.
std::vector<const RulePlan*> rules_against(const PolicyPlan& plan, const TargetPlan& target,
                                           bool whole_by_power) {
    std::vector<const RulePlan*> out;
    for (const auto& ballot : ballots_for(plan, target)) {
        if (is_load(target) && ballot.rule->by_power && !whole_by_power) continue;
        if (depth_of(action_for(ladder_of(target), ballot.at_least)) == 0) continue;
        if (out.empty() || out.back() != ballot.rule) out.push_back(ballot.rule);
    }
    return out;
}

template <class Kind>
void add_once(std::vector<const Kind*>& all, const Kind* one) {
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

TierOf tier_of(const TargetPlan& target) {
    return {target.tier, is_load(target)};
}

/// Loads of which all hangs on UPSs that are stopped in good time: on battery that is their whole
/// load. By power else only what is too much of a load goes.
std::set<std::size_t> stopped_whole(const PolicyPlan& plan) {
    std::set<std::size_t> upss;
    for (const auto& ups : plan.upss) {
        if (ups.rating.stop > Duration::zero()) upss.insert(ups.ups);
    }
    std::set<std::size_t> out;
    if (upss.empty() || !plan.map) return out;
    std::map<std::size_t, std::size_t> going;  // items by target
    Complaints have_been_said;
    for (const auto& draw : draws_of(plan, shed_by_power(plan), have_been_said)) {
        const bool stops = std::any_of(draw.parts.begin(), draw.parts.end(), [&](const auto& part) {
            return std::any_of(part.feeds.begin(), part.feeds.end(),
                               [&](std::size_t ups) { return upss.contains(ups); });
        });
        if (!stops) continue;
        for (const auto& [target, item] : draw.items) ++going[target];
    }
    for (const auto& [target, items] : going) {
        if (items >= plan.targets[target].items.size()) out.insert(target);
    }
    return out;
}

/// Fires of these sites: every combination of a few, else each, all but each, and all.
std::vector<std::set<std::string>> fires_of(const std::set<std::string>& sites) {
    std::vector<std::set<std::string>> out;
    if (sites.size() <= most_sites) {
        for (std::size_t bits = 1; bits < (std::size_t{1} << sites.size()); ++bits) {
            auto& some = out.emplace_back();
            std::size_t bit = 0;
            for (const auto& site : sites) {
                if ((bits >> bit++ & 1U) != 0) some.insert(site);
            }
        }
        return out;
    }
    out.push_back(sites);
    for (const auto& site : sites) {
        out.push_back({site});
        out.push_back(sites);
        out.back().erase(site);
    }
    return out;
}

}  // namespace

void Takings::add(const Takings& other) {
    for (const auto* rule : other.rules) add_once(rules, rule);
    for (const auto* room : other.rooms) add_once(rooms, room);
    for (const auto& [tier, some] : other.items) items[tier].insert(some.begin(), some.end());
}

DownAtOnce::DownAtOnce(const PolicyPlan& plan) : plan_(plan), fires_(1) {
    std::set<std::size_t> loads;
    std::set<std::string> burning;
    std::map<TierOf, std::set<std::string>> items;
    const auto stopped = stopped_whole(plan);
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        put_down_.push_back(rules_against(plan, target, stopped.contains(i)));
        if (plan.guard.max_tier_percent < 100) {
            for (const auto& item : target.items) {
                items[tier_of(target)].insert(share_key(target, item));
            }
        }
        if (put_down_.back().empty()) continue;
        if (target.load) burning.insert(target.site);
        if (!is_load(target)) continue;
        switched_[i] = put_down_.back().front();
        loads.insert(i);
    }
    for (const auto& [tier, some] : items) items_[tier] = some.size();
    if (plan.map) {
        feeds_ = fed_by(plan, loads);
        index_.emplace(*plan.map);
    }
    if (plan.drain.sites.empty()) return;
    for (const auto& sites : fires_of(burning)) add_fire(sites);
}

void DownAtOnce::add_fire(const std::set<std::string>& sites) {
    std::vector<bool> drained;
    for (std::size_t i = 0; i < plan_.targets.size(); ++i) {
        const auto& target = plan_.targets[i];
        drained.push_back(target.load && !put_down_[i].empty() && sites.contains(target.site));
    }
    const auto then = burdens(plan_, drained, {});
    Fire fire{sites, {}};
    for (std::size_t i = 0; i < then.size(); ++i) {
        const auto items = plan_.targets[i].items.size();
        fire.gives_room.push_back(then[i].load > 0 && items_down(items, then[i].share) == items);
    }
    const auto& room = fire.gives_room;
    if (std::find(room.begin(), room.end(), true) != room.end()) fires_.push_back(std::move(fire));
}

bool DownAtOnce::keeps_ready(const TargetPlan& target) const {
    return has_backend(target) && (plan_.guard.min_ready > 0 || plan_.guard.min_elsewhere > 0);
}

void DownAtOnce::take(Takings& taken, std::size_t target, const std::vector<std::string>& items,
                      const RulePlan* rule) const {
    const auto& plan = plan_.targets[target];
    if (rule != nullptr) add_once(taken.rules, rule);
    auto& those = taken.items[tier_of(plan)];
    for (const auto& item : items) those.insert(share_key(plan, item));
}

std::optional<Takings> DownAtOnce::drained(const StandingService& service, const std::string& site,
                                           const Fire& fire, bool ready_keeps) const {
    Takings taken;
    for (const auto i : service.targets) {
        const auto& target = plan_.targets[i];
        if (target.site != site || is_load(target)) continue;
        if (ready_keeps && keeps_ready(target)) return std::nullopt;
        const bool burns = !fire.sites || fire.sites->contains(site);
        const bool by_rule = burns && !put_down_[i].empty();
        if (!by_rule && (fire.gives_room.empty() || !fire.gives_room[i])) return std::nullopt;
        take(taken, i, target.items, by_rule ? put_down_[i].front() : nullptr);
        if (by_rule) continue;
        for (const auto& room : plan_.drain.sites) {
            if (room.site == site) add_once(taken.rooms, &room);
        }
    }
    if (taken.items.empty()) return std::nullopt;
    return taken;
}

std::vector<std::size_t> DownAtOnce::waited_for(const StandingService& service,
                                                std::size_t load) const {
    const auto& after = plan_.targets[load].after;
    std::vector<std::size_t> out;
    for (const auto i : service.targets) {
        const bool waits =
            std::find(after.begin(), after.end(), plan_.targets[i].name) != after.end();
        if (waits) out.push_back(i);
    }
    return out;
}

bool DownAtOnce::may_go(const StandingService& service, std::size_t load) const {
    const auto those = waited_for(service, load);
    return std::none_of(those.begin(), those.end(),
                        [&](std::size_t i) { return keeps_ready(plan_.targets[i]); });
}

void DownAtOnce::take_waited_for(Takings& taken, const StandingService& service,
                                 std::size_t load) const {
    for (const auto i : waited_for(service, load)) {
        take(taken, i, plan_.targets[i].items, nullptr);
    }
}

std::optional<Takings> DownAtOnce::by_loads(const StandingService& service,
                                            const std::string& site) const {
    Takings taken;
    for (const auto i : service.targets) {
        const auto& target = plan_.targets[i];
        if (target.site != site || !is_load(target)) continue;
        const auto off = switched_.find(i);
        if (off == switched_.end() || !may_go(service, i)) return std::nullopt;
        take(taken, i, target.items, off->second);
        take_waited_for(taken, service, i);
    }
    if (taken.items.empty()) return std::nullopt;
    return taken;
}

std::optional<Takings> DownAtOnce::dark(const StandingService& service,
                                        const std::string& site) const {
    const auto servers = service.servers.find(site);
    const auto is_fed = [&](std::size_t server) { return feeds_.contains(server); };
    const bool known = servers != service.servers.end() &&
                       std::any_of(servers->second.begin(), servers->second.end(), is_fed);
    if (!known) return by_loads(service, site);
    std::map<std::size_t, bool> goes;
    std::map<std::size_t, std::set<std::string>> off;  // by load
    for (const auto server : servers->second) {
        const auto fed = feeds_.find(server);
        if (fed == feeds_.end()) return std::nullopt;
        std::set<std::string> cut;
        for (const auto& feed : fed->second) {
            const auto [may, is_new] = goes.emplace(feed.target, false);
            if (is_new) may->second = may_go(service, feed.target);
            if (!may->second) continue;
            off[feed.target].insert(feed.item);
            cut.insert(feed.pdu);
        }
        if (!index_->is_off(server, cut)) return std::nullopt;
    }
    Takings taken;
    for (const auto& [load, items] : off) {
        take(taken, load, {items.begin(), items.end()}, switched_.at(load));
        take_waited_for(taken, service, load);
    }
    return taken;
}

std::size_t DownAtOnce::allowed(const TierOf& tier) const {
    const auto items = items_.find(tier);
    const auto all = items == items_.end() ? 0 : items->second;
    return all * static_cast<std::size_t>(plan_.guard.max_tier_percent) / 100;
}

bool DownAtOnce::is_allowed(const Takings& taken) const {
    if (plan_.guard.max_tier_percent >= 100) return true;
    return std::all_of(taken.items.begin(), taken.items.end(), [&](const auto& entry) {
        return entry.second.size() <= allowed(entry.first);
    });
}

}  // namespace firebreak
