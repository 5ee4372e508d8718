#include "host/topology/emptied.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "host/topology/down_at_once.hpp"
#include "host/topology/last_ready.hpp"
#include "host/topology/services.hpp"
#include "host/topology_file.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_rules = 3;  // told of a site
constexpr std::size_t most_sites = 8;

enum class Darkness { none, where_it_can, where_it_must };

/// Everything of a service down at once, and by what.
struct EmptiedBy {
    std::map<std::string, Takings> sites;
    bool dark = false;                   ///< some of it has no power
    std::optional<LastReady> last = {};  ///< by one event, all but so much

    [[nodiscard]] Takings all() const {
        Takings out;
        for (const auto& [site, taken] : sites) out.add(taken);
        return out;
    }
};

/// Where a service stands, and what there may lose its power.
struct StandsAt {
    std::set<std::string> sites;
    std::map<std::string, Takings> dark;
};

/// All sites of a service, while it burns like that; nothing when some of it stays.
std::optional<EmptiedBy> emptied(const DownAtOnce& down, const StandingService& service,
                                 const StandsAt& stands, const Fire& fire, Darkness darkness) {
    EmptiedBy out;
    // Servers without power may read as ready for a while: they keep nobody else's up.
    const bool ready_keeps = darkness == Darkness::none;
    for (const auto& site : stands.sites) {
        auto drained = down.drained(service, site, fire, ready_keeps);
        const auto dark = stands.dark.find(site);
        const bool asks = darkness == Darkness::where_it_can || !drained;
        if (darkness != Darkness::none && asks && dark != stands.dark.end()) {
            out.dark = true;
            out.sites.emplace(site, dark->second);
        } else if (drained) {
            out.sites.emplace(site, std::move(*drained));
        } else {
            return std::nullopt;
        }
    }
    if ((darkness != Darkness::none) != out.dark || !down.is_allowed(out.all())) {
        return std::nullopt;
    }
    return out;
}

/// `but_for_last`: also all but the last ones, by one event.
std::optional<EmptiedBy> emptied(const PolicyPlan& plan, const DownAtOnce& down,
                                 const StandingService& service, bool but_for_last) {
    StandsAt stands{service.sites(plan), {}};
    if (stands.sites.empty()) return std::nullopt;
    for (const auto& site : stands.sites) {
        // At its only site it goes with its racks, and no other is to carry on: that was asked.
        if (stands.sites.size() < 2) break;
        if (auto dark = down.dark(service, site)) stands.dark.emplace(site, std::move(*dark));
    }
    for (const auto& fire : down.fires()) {
        for (const auto darkness :
             {Darkness::none, Darkness::where_it_can, Darkness::where_it_must}) {
            auto found = emptied(down, service, stands, fire, darkness);
            if (found) return found;
        }
    }
    if (!but_for_last) return std::nullopt;
    auto last = last_ready(plan, down, service);
    if (!last) return std::nullopt;
    auto sites = std::exchange(last->sites, {});
    return EmptiedBy{std::move(sites), false, std::move(last)};
}

/// Who asks: the rules, or a drill, which has its place and its name.
using Asker = const DrillPlan*;

std::string told(const Takings& taken, Asker drill) {
    std::vector<std::string> whys;
    for (const auto* rule : drill == nullptr ? taken.rules : std::vector<const RulePlan*>{}) {
        whys.push_back(fmt::format("by the rule at {} ({} while {})", where(rule->place),
                                   to_string(rule->at_least), describe_cause(*rule)));
    }
    for (const auto* room : taken.rooms) {
        whys.push_back("to make room by the capacity at " + where(room->place));
    }
    std::string out;
    for (std::size_t i = 0; i < std::min(whys.size(), most_rules); ++i) {
        out += (i == 0 ? " " : " and ") + whys[i];
    }
    if (whys.size() > most_rules) out += fmt::format(" and {} more", whys.size() - most_rules);
    return out;
}

std::string example_of(const EmptiedBy& found, Asker drill) {
    std::string out;
    std::size_t count = 0;
    for (const auto& [site, taken] : found.sites) {
        if (++count > most_sites) break;
        out += fmt::format("{}{}{}", out.empty() ? "" : ", ", site, told(taken, drill));
    }
    if (found.sites.size() > most_sites) {
        out += fmt::format(", and {} more sites", found.sites.size() - most_sites);
    }
    return out;
}

/// That the guards keep some, and too little.
std::string kept_of(const PolicyPlan& plan, const LastReady& last) {
    const auto elsewhere = plan.guard.min_elsewhere;
    return fmt::format("min_ready = {}{} of {} servers, less than the {} of its smallest site",
                       plan.guard.min_ready,
                       elsewhere > 0
                           ? fmt::format(" and min_elsewhere = {} keep {}", elsewhere, last.kept)
                           : fmt::format(" keeps {}", last.kept),
                       last.all, last.smallest);
}

/// What would keep some of it, or more.
std::string advice(const PolicyPlan& plan, const DownAtOnce& down, const StandingService& service,
                   const EmptiedBy& found, Asker drill) {
    const std::string apart = drill != nullptr ? ", or drill one site at a time" : "";
    if (found.last) {
        return fmt::format("{}; keep more with min_elsewhere (so many) or max_tier_percent{}",
                           kept_of(plan, *found.last),
                           drill != nullptr ? apart
                                            : ", or let each site's rules listen to that site's "
                                              "alarms (site = …)");
    }
    const bool backends =
        std::all_of(service.targets.begin(), service.targets.end(), [&](std::size_t target) {
            return is_load(plan.targets[target]) || has_backend(plan.targets[target]);
        });
    std::string out = found.dark ? "keep some with max_tier_percent, or let the loads wait (after) "
                                   "for servers that min_ready keeps"
                      : backends ? "keep some with min_ready, min_elsewhere or max_tier_percent"
                                 : "keep some with max_tier_percent (min_ready and min_elsewhere "
                                   "guard servers of a backend only)";
    out += apart;
    if (plan.guard.max_tier_percent >= 100) return out;
    const auto all = found.all();
    for (const auto& [tier, items] : all.items) {
        out += fmt::format("; max_tier_percent = {} lets {} {} of tier {} go, and these are {}",
                           plan.guard.max_tier_percent, down.allowed(tier),
                           tier.second ? "loads" : "items", tier.first, items.size());
    }
    return out;
}

bool complain(const PolicyPlan& plan, const DownAtOnce& down, const StandingService& service,
              Asker drill, bool but_for_last, Complaints& complaints) {
    // Of what stands at one site nobody knows what else there is.
    if (service.servers.empty() && service.sites(plan).size() < 2) return false;
    const auto found = emptied(plan, down, service, but_for_last);
    if (!found) return false;
    const auto who = drill != nullptr ? fmt::format("the drill \"{}\"", drill->name) : "the policy";
    complaints.add(
        drill != nullptr ? drill->place : service.place,
        fmt::format("{} could put {} down at every site{}: {}; {}", who, service.name,
                    found->last && drill == nullptr ? " by one event" : "",
                    example_of(*found, drill), advice(plan, down, service, *found, drill)));
    return true;
}

void ask(const PolicyPlan& plan, const std::vector<StandingService>& services, Asker drill,
         Complaints& complaints) {
    const DownAtOnce down(plan);
    bool any = false;
    bool apart = true;
    for (const auto& service : services) {
        any = complain(plan, down, service, drill, true, complaints) || any;
        apart = apart && service.sites(plan).size() < 2;
    }
    // Where services have been asked about, what is kept of each has been weighed.
    if (!any) static_cast<void>(complain(plan, down, whole_of(plan), drill, apart, complaints));
}

/// A drill asks like a rule for what it puts down whole. Loads go only where all that they wait for
/// does.
RulePlan as_rule(const PolicyPlan& plan, const DrillPlan& drill) {
    const std::set<std::string> targets(drill.targets.begin(), drill.targets.end());
    const std::set<std::string> items(drill.items.begin(), drill.items.end());
    std::set<std::string> whole;
    for (const auto& target : plan.targets) {
        const bool all =
            items.empty() || std::all_of(target.items.begin(), target.items.end(),
                                         [&](const auto& item) { return items.contains(item); });
        if (all && targets.contains(target.name)) whole.insert(target.name);
    }
    RulePlan rule;
    rule.alarm = "drill";
    rule.at_least = drill.posture;
    rule.place = drill.place;
    for (const auto& target : plan.targets) {
        const bool goes = std::all_of(target.after.begin(), target.after.end(),
                                      [&](const auto& name) { return whole.contains(name); });
        if (goes && whole.contains(target.name)) rule.targets.push_back(target.name);
    }
    return rule;
}

}  // namespace

void check_emptied(const PolicyPlan& plan, Complaints& complaints) {
    const auto services = services_of(plan, complaints);
    ask(plan, services, nullptr, complaints);
    if (plan.drills.empty()) return;
    auto drilled = plan;
    for (const auto& drill : plan.drills) {
        drilled.rules = {as_rule(plan, drill)};
        ask(drilled, services, &drill, complaints);
    }
}

}  // namespace firebreak
