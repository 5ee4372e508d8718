#include "host/topology/emptied.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "host/topology/down_at_once.hpp"
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
    bool dark = false;  ///< some of it has no power

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

std::optional<EmptiedBy> emptied(const PolicyPlan& plan, const DownAtOnce& down,
                                 const StandingService& service) {
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
    return std::nullopt;
}

std::string told(const Takings& taken) {
    std::vector<std::string> whys;
    for (const auto* rule : taken.rules) {
        whys.push_back(fmt::format("by the rule at {} ({} while {})", where(rule->place),
                                   to_string(rule->at_least), describe_cause(*rule)));
    }
    for (const auto* room : taken.rooms) {
        whys.push_back("to make room by the capacity at " + where(room->place));
    }
    std::string out;
    for (std::size_t i = 0; i < std::min(whys.size(), most_rules); ++i) {
        out += (i == 0 ? "" : " and ") + whys[i];
    }
    if (whys.size() > most_rules) out += fmt::format(" and {} more", whys.size() - most_rules);
    return out;
}

std::string example_of(const EmptiedBy& found) {
    std::string out;
    std::size_t count = 0;
    for (const auto& [site, taken] : found.sites) {
        if (++count > most_sites) break;
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", site, told(taken));
    }
    if (found.sites.size() > most_sites) {
        out += fmt::format(", and {} more sites", found.sites.size() - most_sites);
    }
    return out;
}

/// What would keep some of it.
std::string advice(const PolicyPlan& plan, const DownAtOnce& down, const StandingService& service,
                   const EmptiedBy& found) {
    const bool backends =
        std::all_of(service.targets.begin(), service.targets.end(), [&](std::size_t target) {
            return is_load(plan.targets[target]) || has_backend(plan.targets[target]);
        });
    std::string out = found.dark ? "keep some with max_tier_percent, or let the loads wait (after) "
                                   "for servers that min_ready keeps"
                      : backends ? "keep some with min_ready, min_elsewhere or max_tier_percent"
                                 : "keep some with max_tier_percent (min_ready and min_elsewhere "
                                   "guard servers of a backend only)";
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
              Complaints& complaints) {
    // Of what stands at one site nobody knows what else there is.
    if (service.servers.empty() && service.sites(plan).size() < 2) return false;
    const auto found = emptied(plan, down, service);
    if (!found) return false;
    complaints.add(service.place,
                   fmt::format("the policy could put {} down at every site: {}; {}", service.name,
                               example_of(*found), advice(plan, down, service, *found)));
    return true;
}

}  // namespace

void check_emptied(const PolicyPlan& plan, Complaints& complaints) {
    const auto services = services_of(plan, complaints);
    const DownAtOnce down(plan);
    bool any = false;
    for (const auto& service : services) any = complain(plan, down, service, complaints) || any;
    if (!any) static_cast<void>(complain(plan, down, whole_of(plan), complaints));
}

}  // namespace firebreak
