#include "host/topology_file.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "contract/topic.hpp"
#include "host/actuate/haproxy.hpp"

namespace firebreak {
namespace {

constexpr Duration longest_timeout = std::chrono::seconds(30);
constexpr std::size_t longest_item = 64;  // what fits the wire's item and held

/// HAProxy's own rule for proxy and server names (configuration.txt, 2.6: letters, digits and
/// "-_.:"), which keeps blanks, ";" and line ends out of its command line.
bool is_item(std::string_view text) {
    return !text.empty() && text.size() <= longest_item &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == ':';
           });
}

std::vector<std::string> items_of(Section& section, std::string_view key, std::string_view what) {
    auto items = section.texts(key);
    if (items.empty()) {
        section.complain(key, "no " + std::string(what) + ": name at least one");
    }
    std::set<std::string> seen;
    for (const auto& item : items) {
        if (!is_item(item)) {
            section.complain(key,
                             "\"" + item + "\" is no name: use up to 64 of A-Z a-z 0-9 - _ . :");
        } else if (!seen.insert(item).second) {
            section.complain(key, "\"" + item + "\" stands twice: leave one out");
        }
    }
    return items;
}

void read_endpoint(Section& section, PolicyPlan& plan) {
    EndpointPlan endpoint;
    endpoint.name = section.name("name");
    endpoint.address = section.text("haproxy");
    endpoint.timeout = section.duration_or("timeout", endpoint.timeout);
    if (!endpoint.address.empty()) {
        if (const auto why = address_complaint(endpoint.address); !why.empty()) {
            section.complain("haproxy", why);
        }
    }
    if (endpoint.timeout <= Duration::zero() || endpoint.timeout > longest_timeout) {
        section.complain("timeout", "\"timeout\" must be above 0s and at most 30s");
    }
    for (const auto& other : plan.endpoints) {
        if (!endpoint.name.empty() && other.name == endpoint.name) {
            section.complain("name", "there is an endpoint \"" + other.name + "\" already");
        }
    }
    section.finish();
    plan.endpoints.push_back(std::move(endpoint));
}

void read_haproxy(Section section, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = TargetKind::haproxy;
    target.endpoint = section.text("endpoint");
    target.backend = section.text("backend");
    target.items = items_of(section, "servers", "servers");
    if (section.has("backend") && !is_item(target.backend)) {
        section.complain("backend",
                         "\"backend\" must name a backend as HAProxy's configuration does");
    }
    std::vector<std::string_view> names;
    for (const auto& endpoint : plan.endpoints) names.push_back(endpoint.name);
    if (section.has("endpoint") &&
        std::find(names.begin(), names.end(), target.endpoint) == names.end()) {
        section.complain("endpoint", "there is no endpoint \"" + target.endpoint + "\"" +
                                         hint(target.endpoint, names));
    }
    section.finish();
}

void read_outlet(Section section, TargetPlan& target) {
    target.kind = TargetKind::outlet;
    target.agent = section.name("agent");
    target.items = items_of(section, "outlets", "outlets");
    target.after = section.texts("after");
    section.finish();
}

void read_target(Section& section, PolicyPlan& plan) {
    TargetPlan target;
    target.place = section.place();
    target.name = section.name("name");
    target.tier = static_cast<int>(section.integer_or("tier", 1, {1, 1000}));
    target.site = section.name("site");
    auto haproxy = section.table("haproxy");
    auto outlet = section.table("outlet");
    if (haproxy) read_haproxy(*haproxy, target, plan);
    if (outlet) read_outlet(*outlet, target);
    if (haproxy.has_value() == outlet.has_value()) {
        section.complain("", "a target needs either haproxy = {…} or outlet = {…}");
    }
    for (const auto& other : plan.targets) {
        if (!target.name.empty() && other.name == target.name) {
            section.complain("name", "there is a target \"" + other.name + "\" already");
        }
    }
    section.finish();
    plan.targets.push_back(std::move(target));
}

/// What is put down twice would be brought back once by each.
void check_owners(const PolicyPlan& plan, Complaints& complaints) {
    std::map<std::string, std::string> owners;
    for (const auto& target : plan.targets) {
        const bool outlet = target.kind == TargetKind::outlet;
        const auto where = outlet ? alarm_name({target.site, Role::agent, target.agent}, "")
                                  : target.endpoint + ' ' + target.backend + ' ';
        for (const auto& item : std::set<std::string>(target.items.begin(), target.items.end())) {
            const auto [owner, is_new] = owners.emplace(where + item, target.name);
            if (is_new) continue;
            complaints.add(target.place, "\"" + item + "\" belongs to target \"" + owner->second +
                                             "\" already: an item has one target");
        }
    }
}

void check_after(const PolicyPlan& plan, Complaints& complaints) {
    std::vector<std::string_view> names;
    for (const auto& target : plan.targets) {
        if (target.kind == TargetKind::haproxy) names.push_back(target.name);
    }
    for (const auto& target : plan.targets) {
        for (const auto& name : target.after) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            complaints.add(target.place, "after: there is no haproxy target \"" + name + "\"" +
                                             hint(name, names));
        }
    }
}

}  // namespace

std::string hint(std::string_view word, const std::vector<std::string_view>& names) {
    const auto near = nearest(word, names);
    return near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?";
}

void read_topology(Section& root, PolicyPlan& plan, Complaints& complaints) {
    for (auto& section : root.rows("endpoint")) read_endpoint(section, plan);
    for (auto& section : root.rows("target")) read_target(section, plan);
    if (plan.targets.empty()) root.complain("target", "no target: add a [[target]]");
    check_owners(plan, complaints);
    check_after(plan, complaints);
}

}  // namespace firebreak
