#include "host/topology_file.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "host/actuate/nut_text.hpp"
#include "host/drain/drain_file.hpp"
#include "host/endpoint_file.hpp"
#include "host/hostlist.hpp"
#include "host/machine.hpp"

namespace firebreak {
namespace {

constexpr std::size_t longest_item = 64;
constexpr std::size_t longest_node = 253;        // RFC 1123; what fits the wire's item and held
constexpr std::size_t longest_held = 48 * 1024;  // all of a target's in one message

/// HAProxy's own rule for proxy and server names (configuration.txt, 2.6: letters, digits and
/// "-_.:"), which keeps blanks, ";" and line ends out of its command line.
bool is_item(std::string_view text, std::size_t longest = longest_item) {
    return !text.empty() && text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.' || c == ':';
           });
}

/// What is wrong with them is said; they are given back all the same.
std::vector<std::string> checked(std::vector<std::string> items, Section& section,
                                 std::string_view key, std::size_t longest = longest_item) {
    if (items.empty()) {
        section.complain(key, "no " + std::string(key) + ": name at least one");
    }
    if (items.size() > max_held) {
        section.complain(key, "more than " + std::to_string(max_held) +
                                  " in one target: make more targets of them");
    }
    std::set<std::string> seen;
    std::size_t together = 0;
    for (const auto& item : items) {
        together += item.size() + 3;
        if (!is_item(item, longest)) {
            section.complain(key, "\"" + item + "\" is no name: use up to " +
                                      std::to_string(longest) + " of A-Z a-z 0-9 - _ . :");
        } else if (!seen.insert(item).second) {
            section.complain(key, "\"" + item + "\" stands twice: leave one out");
        }
    }
    if (together > longest_held) {
        section.complain(key,
                         "these names are too long to be told of in one message: make more "
                         "targets of them");
    }
    return items;
}

/// The endpoint a target names, which must be one of its kind.
template <class How>
void read_endpoint_name(Section& section, TargetPlan& target, const PolicyPlan& plan) {
    target.endpoint = section.text("endpoint");
    if (!section.has("endpoint")) return;
    std::vector<std::string_view> names;
    for (const auto& endpoint : plan.endpoints) {
        if (endpoint.name == target.endpoint) {
            if (std::holds_alternative<How>(endpoint.how)) return;
            return section.complain("endpoint",
                                    "\"" + endpoint.name + "\" is an endpoint of another kind");
        }
        names.push_back(endpoint.name);
    }
    section.complain("endpoint", "there is no endpoint \"" + target.endpoint + "\"" +
                                     hint(target.endpoint, names));
}

/// Nodes, where Slurm writes many at once "n[1-9]", each a name of its own afterwards.
std::vector<std::string> nodes_of(Section& section) {
    std::vector<std::string> nodes;
    for (const auto& text : section.texts("nodes")) {
        auto some = expand_hostlist(text, max_held);
        if (!some) {
            section.complain("nodes", some.error().what);
            continue;
        }
        nodes.insert(nodes.end(), some->begin(), some->end());
    }
    return nodes;
}

void read_haproxy(Section section, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = TargetKind::haproxy;
    read_endpoint_name<HaproxyEndpoint>(section, target, plan);
    target.backend = section.text("backend");
    target.items = checked(section.texts("servers"), section, "servers");
    constexpr std::array<std::pair<std::string_view, bool>, 2> choices = {
        {{"state", false}, {"weight", true}}};
    target.drain_by_weight = section.choice_or<bool>("drain_by", choices, false);
    if (section.has("backend") && !is_item(target.backend)) {
        section.complain("backend",
                         "\"backend\" must name a backend as HAProxy's configuration does");
    }
    section.finish();
}

void read_outlet(Section section, TargetPlan& target) {
    target.kind = TargetKind::outlet;
    target.agent = section.name("agent");
    target.items = checked(section.texts("outlets"), section, "outlets");
    target.after = section.texts("after");
    section.finish();
}

void read_kubernetes(Section section, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = TargetKind::kubernetes;
    target.ladder = Ladder::nodes;
    read_endpoint_name<KubernetesEndpoint>(section, target, plan);
    target.items = checked(nodes_of(section), section, "nodes", longest_node);
    section.finish();
}

void read_slurm(Section section, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = TargetKind::slurm;
    target.ladder = section.flag_or("power_down", false) ? Ladder::nodes_power_off : Ladder::nodes;
    read_endpoint_name<SlurmEndpoint>(section, target, plan);
    target.items = checked(nodes_of(section), section, "nodes");
    section.finish();
}

/// A shutdown that upsd announces cannot be taken back: it has to be asked for twice.
Ladder read_cut(Section& section) {
    constexpr std::array<std::pair<std::string_view, bool>, 2> choices = {
        {{"off", false}, {"fsd", true}}};
    constexpr std::array<std::pair<std::string_view, bool>, 2> sheds = {
        {{"off", true}, {"on", false}}};
    const bool fsd = section.choice_or<bool>("cut", choices, false);
    const bool off = section.choice_or<bool>("shed", sheds, true);
    const bool agreed = section.flag_or("fsd_cannot_be_undone", false);
    if (fsd && !agreed) {
        section.complain("cut",
                         "\"fsd\" shuts down every machine that listens to the UPS, and nobody can "
                         "take it back: say fsd_cannot_be_undone = true, too");
    }
    if (!fsd && agreed) section.complain("cut", "fsd_cannot_be_undone belongs to cut = \"fsd\"");
    if (!fsd && !off) section.complain("shed", "shed = \"on\" belongs to cut = \"fsd\"");
    return !fsd ? Ladder::outlets : off ? Ladder::outlets_fsd : Ladder::fsd_only;
}

void read_nut(Section section, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = TargetKind::nut;
    read_endpoint_name<NutEndpoint>(section, target, plan);
    target.items = checked(section.texts("items"), section, "items");
    target.after = section.texts("after");
    target.ladder = read_cut(section);
    for (const auto& name : target.items) {
        const auto item = parse_nut_item(name);
        if (!item) {
            section.complain("items", "\"" + name +
                                          "\" is neither a UPS, like \"room\", nor one of "
                                          "its outlets, like \"room:2\"");
        } else if (!item->outlet.empty() && target.ladder != Ladder::outlets) {
            section.complain("items",
                             "\"" + name + "\": \"fsd\" is for a whole UPS, not an outlet");
        }
    }
    section.finish();
}

/// Items that are none of ours, and which of our ladders they are asked.
void read_items(Section& section, TargetPlan& target) {
    constexpr std::array<std::pair<std::string_view, Ladder>, 2> choices = {
        {{"servers", Ladder::servers}, {"outlets", Ladder::outlets}}};
    target.items = checked(section.texts("items"), section, "items");
    if (!section.has("as")) {
        section.complain("as", "\"as\" is missing: its items are \"servers\" or \"outlets\"");
    }
    target.ladder = section.choice_or<Ladder>("as", choices, Ladder::servers);
    if (target.ladder == Ladder::outlets) target.after = section.texts("after");
}

/// Items of a program's or a service's own.
template <class How>
void read_own(Section section, TargetKind kind, TargetPlan& target, const PolicyPlan& plan) {
    target.kind = kind;
    target.backend = target.name;
    read_endpoint_name<How>(section, target, plan);
    read_items(section, target);
    section.finish();
}

void read_mqtt(Section section, TargetPlan& target) {
    target.kind = TargetKind::mqtt;
    target.agent = section.name("agent");
    read_items(section, target);
    target.answer_within = section.duration_or("answer_within", std::chrono::seconds(10));
    if (target.answer_within < std::chrono::seconds(1) ||
        target.answer_within > std::chrono::hours(1)) {
        section.complain("answer_within", "\"answer_within\" must be from 1s to 1h");
    }
    section.finish();
}

/// One line a kind.
bool read_kind(Section& section, TargetPlan& target, const PolicyPlan& plan) {
    int kinds = 0;
    if (auto table = section.table("haproxy")) ++kinds, read_haproxy(*table, target, plan);
    if (auto table = section.table("outlet")) ++kinds, read_outlet(*table, target);
    if (auto table = section.table("slurm")) ++kinds, read_slurm(*table, target, plan);
    if (auto table = section.table("kubernetes")) ++kinds, read_kubernetes(*table, target, plan);
    if (auto table = section.table("nut")) ++kinds, read_nut(*table, target, plan);
    if (auto table = section.table("mqtt")) ++kinds, read_mqtt(*table, target);
    if (auto table = section.table("exec")) {
        ++kinds, read_own<ExecEndpoint>(*table, TargetKind::exec, target, plan);
    }
    if (auto table = section.table("webhook")) {
        ++kinds, read_own<WebhookEndpoint>(*table, TargetKind::webhook, target, plan);
    }
    return kinds == 1;
}

void read_target(Section& section, PolicyPlan& plan) {
    TargetPlan target;
    target.place = section.place();
    target.name = section.name("name");
    target.tier = static_cast<int>(section.integer_or("tier", 1, {1, 1000}));
    target.needs = section.texts("needs");
    target.impact = section.number_or("impact", 1, {0.001, 1e6});
    target.site = section.name("site");
    if (!read_kind(section, target, plan)) {
        section.complain("",
                         "a target needs exactly one of haproxy, outlet, slurm, exec, webhook, "
                         "kubernetes, nut and mqtt");
    }
    const bool behind_haproxy = target.kind == TargetKind::haproxy;
    target.service = section.text_or("service", behind_haproxy ? target.backend : target.name);
    if (section.has("load")) target.load = section.number_or("load", 0, {0, 1e12});
    if (behind_haproxy) target.pace = plan.pace;
    if (auto pace = section.table("pace")) {
        if (!behind_haproxy) {
            section.complain("pace", "only a HAProxy tells how its servers fare");
        }
        target.pace = read_pace(*pace, plan.pace.value_or(PacePlan{}));
    }
    for (const auto& other : plan.targets) {
        if (!target.name.empty() && other.name == target.name) {
            section.complain("name", "there is a target \"" + other.name + "\" already");
        }
    }
    section.finish();
    plan.targets.push_back(std::move(target));
}

/// Two names of one machine, when it is by these that two targets meet there.
std::string by_two_names(const PolicyPlan& plan, const TargetPlan& a, const TargetPlan& b) {
    const auto* one = endpoint_of(plan, a);
    const auto* other = endpoint_of(plan, b);
    if (one == other || one == nullptr || other == nullptr) return "";
    return "endpoints \"" + one->name + "\" (" + where(one->place) + ") and \"" + other->name +
           "\" (" + where(other->place) + ") are the same";
}

/// What is put down twice would be brought back once by each.
void check_owners(const PolicyPlan& plan, Complaints& complaints) {
    std::map<std::string, const TargetPlan*> owners;
    for (const auto& target : plan.targets) {
        const auto behind = by_message(target)
                                ? alarm_name({target.site, Role::agent, target.agent}, "")
                                : machine_behind(plan, target) + ' ' + target.backend + ' ';
        for (const auto& item : std::set<std::string>(target.items.begin(), target.items.end())) {
            const auto [owner, is_new] = owners.emplace(behind + item, &target);
            if (is_new) continue;
            const auto& first = *owner->second;
            auto what = "\"" + item + "\" belongs to target \"" + first.name + "\" (" +
                        where(first.place) + ") already: an item has one target";
            if (const auto names = by_two_names(plan, first, target); !names.empty()) {
                what += "; " + names;
            }
            complaints.add(target.place, std::move(what));
        }
    }
}

/// What must stay ready of a backend is counted by the endpoint's name: it must have one.
void check_backends(const PolicyPlan& plan, Complaints& complaints) {
    std::map<std::string, const TargetPlan*> backends;
    for (const auto& target : plan.targets) {
        if (target.kind != TargetKind::haproxy) continue;
        const auto key = machine_behind(plan, target) + ' ' + target.backend;
        const auto& first = *backends.emplace(key, &target).first->second;
        const auto names = by_two_names(plan, first, target);
        if (names.empty()) continue;
        complaints.add(target.place,
                       names + ", and what min_ready keeps of backend \"" + target.backend +
                           "\" would be counted twice: name one of them in target \"" + first.name +
                           "\" (" + where(first.place) + "), too");
    }
}

void check_after(const PolicyPlan& plan, Complaints& complaints) {
    std::vector<std::string_view> names;
    for (const auto& target : plan.targets) {
        if (!is_load(target)) names.push_back(target.name);
    }
    for (const auto& target : plan.targets) {
        for (const auto& name : target.after) {
            if (std::find(names.begin(), names.end(), name) != names.end()) continue;
            complaints.add(target.place, "after: there is no target \"" + name +
                                             "\" to be drained" + hint(name, names));
        }
    }
}

}  // namespace

std::string hint(std::string_view word, const std::vector<std::string_view>& names) {
    const auto near = nearest(word, names);
    return near.empty() ? "" : "; did you mean \"" + std::string(near) + "\"?";
}

std::vector<std::string> read_targets(Section& section, const PolicyPlan& plan) {
    auto targets = section.texts("targets");
    if (targets.empty()) section.complain("targets", "no targets: name at least one");
    std::vector<std::string_view> names;
    for (const auto& target : plan.targets) names.push_back(target.name);
    for (const auto& name : targets) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        section.complain("targets", "there is no target \"" + name + "\"" + hint(name, names));
    }
    return targets;
}

void read_topology(Section& root, PolicyPlan& plan, Complaints& complaints) {
    for (auto& section : root.rows("endpoint")) read_endpoint(section, plan);
    for (auto& section : root.rows("target")) read_target(section, plan);
    if (plan.targets.empty()) root.complain("target", "no target: add a [[target]]");
    check_owners(plan, complaints);
    check_backends(plan, complaints);
    check_after(plan, complaints);
}

}  // namespace firebreak
