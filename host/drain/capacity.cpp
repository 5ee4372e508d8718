#include "host/drain/capacity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/drain/admission.hpp"
#include "host/topology_file.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

const SiteCapacity* capacity_of(const PolicyPlan& plan, const std::string& site) {
    const auto& sites = plan.drain.sites;
    const auto found = std::find_if(sites.begin(), sites.end(),
                                    [&](const auto& each) { return each.site == site; });
    return found == sites.end() ? nullptr : &*found;
}

/// What is drained is gone from where it was, and arrives where the service still stands.
std::vector<Burden> moved(const PolicyPlan& plan, const std::vector<bool>& drained) {
    struct Service {
        double lost = 0;
        std::size_t items = 0;  ///< of those that are left
    };
    std::map<std::string, Service> services;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        if (!target.load) continue;
        auto& service = services[target.service];
        if (drained[i]) {
            service.lost += *target.load;
        } else {
            service.items += target.items.size();
        }
    }
    std::vector<Burden> out(plan.targets.size());
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        if (!target.load || drained[i]) continue;
        const auto& service = services[target.service];
        out[i].received = service.lost * static_cast<double>(target.items.size()) /
                          static_cast<double>(service.items);
        out[i].load = *target.load + out[i].received;
    }
    return out;
}

void admit_at(const PolicyPlan& plan, const SiteCapacity& site, const std::vector<Burden>& before,
              std::vector<Burden>& now) {
    std::vector<std::size_t> there;
    std::vector<Inflow> inflows;
    std::vector<double> shares;
    double received = 0;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (plan.targets[i].site != site.site || now[i].load <= 0) continue;
        there.push_back(i);
        inflows.push_back({plan.targets[i].tier, now[i].load});
        shares.push_back(before.empty() ? 1 : before[i].share);
        received += now[i].received;
    }
    if (received <= 0) return;
    const auto admitted = admit(inflows, site.holds, shares, plan.drain.spare_percent / 100.0);
    for (std::size_t k = 0; k < there.size(); ++k) now[there[k]].share = admitted[k];
}

/// Which targets the rules may drain at a site, as if all of them did.
std::vector<bool> drained_at(const PolicyPlan& plan, const std::string& site) {
    std::vector<bool> out(plan.targets.size(), false);
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        const auto& target = plan.targets[i];
        if (target.site != site || !target.load) continue;
        for (const auto& ballot : ballots_for(plan, target)) {
            out[i] = out[i] || ballot.at_least >= Posture::drain;
        }
    }
    return out;
}

std::set<std::string> sites_with_load(const PolicyPlan& plan) {
    std::set<std::string> sites;
    for (const auto& target : plan.targets) {
        if (target.load) sites.insert(target.site);
    }
    return sites;
}

/// The most important tier that a site has, and whether all of it is carried.
void warn_of(const std::string& burning, const std::string& site,
             const std::vector<Burden>& burdens, PolicyPlan& plan) {
    const TargetPlan* first = nullptr;
    double share = 1;
    for (std::size_t i = 0; i < burdens.size(); ++i) {
        const auto& target = plan.targets[i];
        if (target.site != site || burdens[i].load <= 0) continue;
        if (first != nullptr && target.tier >= first->tier) continue;
        first = &target;
        share = burdens[i].share;
    }
    if (first == nullptr || share >= 1) return;
    plan.warnings.push_back(
        fmt::format("if {} drains, {} cannot hold even its most important: of tier {} {:.0f} % is "
                    "carried",
                    burning, site, first->tier, 100 * share));
}

void warn_of_drains(PolicyPlan& plan) {
    const auto sites = sites_with_load(plan);
    for (const auto& burning : sites) {
        const auto drained = drained_at(plan, burning);
        const auto then = burdens(plan, drained, {});
        std::set<std::string> unknown;
        for (std::size_t i = 0; i < then.size(); ++i) {
            const auto& target = plan.targets[i];
            if (then[i].received > 0 && capacity_of(plan, target.site) == nullptr) {
                unknown.insert(target.site);
            }
            const bool taken_over =
                std::any_of(plan.targets.begin(), plan.targets.end(), [&](const TargetPlan& other) {
                    const auto at = static_cast<std::size_t>(&other - plan.targets.data());
                    return other.load && other.service == target.service && !drained[at];
                });
            if (drained[i] && !taken_over) {
                plan.warnings.push_back(
                    fmt::format("if {} drains, no target elsewhere takes over \"{}\"", burning,
                                target.service));
            }
        }
        for (const auto& site : unknown) {
            plan.warnings.push_back(
                fmt::format("if {} drains, nobody knows whether {} can hold it: add a [[capacity]]",
                            burning, site));
        }
        for (const auto& site : sites) warn_of(burning, site, then, plan);
    }
}

}  // namespace

std::vector<Burden> burdens(const PolicyPlan& plan, const std::vector<bool>& drained,
                            const std::vector<Burden>& before) {
    auto now = moved(plan, drained);
    for (const auto& site : plan.drain.sites) admit_at(plan, site, before, now);
    return now;
}

std::string describe_site(const PolicyPlan& plan, const std::string& site,
                          const std::vector<Burden>& burdens) {
    double load = 0;
    double received = 0;
    std::string less;
    for (std::size_t i = 0; i < burdens.size(); ++i) {
        if (plan.targets[i].site != site) continue;
        load += burdens[i].load;
        received += burdens[i].received;
        if (burdens[i].share >= 1) continue;
        less += fmt::format("{}{} (tier {}) carries {:.0f} %", less.empty() ? "" : ", ",
                            plan.targets[i].name, plan.targets[i].tier, 100 * burdens[i].share);
    }
    if (received <= 0) return "";
    const auto* capacity = capacity_of(plan, site);
    if (capacity == nullptr) return fmt::format("{} must hold {:g} of nobody knows", site, load);
    return fmt::format("{} must hold {:g} of {:g}: {}", site, load, capacity->holds,
                       less.empty() ? "all is carried" : less);
}

std::set<std::string> items_to_yield(const std::vector<std::string>& items,
                                     const std::set<std::string>& down, double share) {
    const auto wanted = items_down(items.size(), share);
    std::set<std::string> out;
    for (const bool is_down : {true, false}) {
        for (auto item = items.rbegin(); item != items.rend() && out.size() < wanted; ++item) {
            if (down.contains(*item) == is_down) out.insert(*item);
        }
    }
    return out;
}

std::string describe_capacity(const PolicyPlan& plan) {
    if (plan.drain.sites.empty()) return "";
    std::string out = "capacity, in the unit of the loads\n";
    const auto sites = sites_with_load(plan);
    for (const auto& burning : sites) {
        const auto then = burdens(plan, drained_at(plan, burning), {});
        for (const auto& site : sites) {
            const auto line = describe_site(plan, site, then);
            if (!line.empty()) out += fmt::format("  if {} drains, {}\n", burning, line);
        }
    }
    return out;
}

void check_capacity(PolicyPlan& plan, Complaints& complaints) {
    if (plan.drain.sites.empty()) return;
    const auto sites = sites_with_load(plan);
    std::set<std::string> services;
    for (const auto& target : plan.targets) {
        if (capacity_of(plan, target.site) != nullptr) services.insert(target.service);
    }
    for (const auto& target : plan.targets) {
        const bool counted =
            capacity_of(plan, target.site) != nullptr || services.contains(target.service);
        if (!has_backend(target) || !counted || target.load) continue;
        complaints.add(target.place, fmt::format("\"load\" is missing: a [[capacity]] counts what "
                                                 "\"{}\" carries",
                                                 target.name));
    }
    for (const auto& site : plan.drain.sites) {
        if (!sites.contains(site.site)) {
            complaints.add(site.place,
                           fmt::format("no target with a \"load\" stands at \"{}\"{}", site.site,
                                       hint(site.site, {sites.begin(), sites.end()})));
        }
        double own = 0;
        for (const auto& target : plan.targets) {
            if (target.site == site.site) own += target.load.value_or(0);
        }
        if (own <= site.holds) continue;
        plan.warnings.push_back(fmt::format("{} carries {:g} without any drain, and holds {:g}",
                                            site.site, own, site.holds));
    }
    warn_of_drains(plan);
}

}  // namespace firebreak
