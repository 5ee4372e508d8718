#include "host/policy_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "contract/topic.hpp"
#include "contract/trust_file.hpp"
#include "host/endpoint_file.hpp"
#include "host/topology_file.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Posture>, 4> rungs = {{{"watch", Posture::watch},
                                                                        {"drain", Posture::drain},
                                                                        {"shed", Posture::shed},
                                                                        {"cut", Posture::cut}}};

void read_guard(Section section, GuardPlan& guard) {
    guard.min_ready =
        static_cast<int>(section.integer_or("min_ready", guard.min_ready, {0, 10000}));
    guard.max_steps_per_minute = static_cast<int>(
        section.integer_or("max_steps_per_minute", guard.max_steps_per_minute, {1, 100000}));
    guard.evidence_max_age = section.duration_or("evidence_max_age", guard.evidence_max_age);
    if (guard.evidence_max_age <= Duration::zero()) {
        section.complain("evidence_max_age", "\"evidence_max_age\" must be above 0s");
    }
    section.finish();
}

/// A host in the building that burns goes down with the traffic it should have moved: that is
/// how Pangyo's failover was lost. It may watch its own site, but not be the one to drain it.
void check_domain(const PolicyPlan& plan, const RulePlan& rule, Section& section) {
    if (rule.at_least < Posture::drain) return;
    if (rule.site.empty()) {
        section.complain("while",
                         "a rule that asks for " + std::string(to_string(rule.at_least)) +
                             " must name its site: any site would include this host's own");
    } else if (rule.site == plan.site) {
        section.complain("while", "this host stands in \"" + plan.site +
                                      "\", the domain that fails: run it elsewhere, or ask for "
                                      "\"watch\" only");
    }
}

void read_while(Section section, RulePlan& rule) {
    rule.site = section.name_or("site", "");
    rule.agent = section.name_or("agent", "");
    rule.alarm = section.name_or("alarm", "");
    rule.silence = section.flag_or("silent", false);
    if (rule.alarm.empty() == !rule.silence) {
        section.complain("", "a rule needs either alarm = \"…\" or silent = true");
    }
    section.finish();
}

void read_rule(Section& section, PolicyPlan& plan) {
    RulePlan rule;
    rule.place = section.place();
    if (auto condition = section.table("while")) {
        read_while(*condition, rule);
    } else {
        section.complain("while", "\"while\" is missing: say while = {site = …, alarm = …}");
    }
    rule.at_least = section.choice_or<Posture>("at_least", rungs, Posture::watch);
    if (!section.has("at_least")) {
        section.complain("at_least", "\"at_least\" is missing: one of watch, drain, shed, cut");
    }
    rule.targets = section.texts("targets");
    if (rule.targets.empty()) section.complain("targets", "no targets: name at least one");
    std::vector<std::string_view> names;
    for (const auto& target : plan.targets) names.push_back(target.name);
    for (const auto& name : rule.targets) {
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        section.complain("targets", "there is no target \"" + name + "\"" + hint(name, names));
    }
    check_domain(plan, rule, section);
    section.finish();
    plan.rules.push_back(std::move(rule));
}

std::string any_if_empty(const std::string& name) {
    return name.empty() ? "any" : name;
}

std::string describe_target(const TargetPlan& target) {
    std::string items;
    for (const auto& item : target.items) items += ' ' + item;
    if (target.kind == TargetKind::haproxy) {
        return fmt::format("  {} (tier {}, {}): haproxy {} backend {}:{}\n", target.name,
                           target.tier, target.site, target.endpoint, target.backend, items);
    }
    if (!by_message(target)) {
        return fmt::format("  {} (tier {}, {}): by {}:{}\n", target.name, target.tier, target.site,
                           target.endpoint, items);
    }
    std::string after;
    for (const auto& name : target.after) after += (after.empty() ? ", after " : " and ") + name;
    return fmt::format("  {} (tier {}, {}): outlets of {}:{}{}\n", target.name, target.tier,
                       target.site, target.agent, items, after);
}

}  // namespace

PolicyPlan parse_policy(ConfigFile& file, Complaints& complaints) {
    PolicyPlan plan;
    if (!file.parsed()) return plan;
    Section root = file.root();
    plan.site = root.name("site");
    plan.host = root.name("host");
    plan.armed = root.flag_or("armed", false);
    plan.heartbeat = root.duration_or("heartbeat", plan.heartbeat);
    plan.calm_for = root.duration_or("calm_for", plan.calm_for);
    if (plan.heartbeat < std::chrono::milliseconds(100) || plan.heartbeat > std::chrono::hours(1)) {
        root.complain("heartbeat", "\"heartbeat\" must be from 100ms to 1h");
    }
    if (auto broker = root.table("broker")) {
        plan.broker = read_broker(*broker);
    } else {
        root.complain("broker",
                      "\"broker\" is missing: add [broker] with url = \"mqtt://host:port\"");
    }
    plan.trust = read_trust(root);
    if (auto guard = root.table("guard")) read_guard(*guard, plan.guard);
    read_topology(root, plan, complaints);
    for (auto& section : root.rows("rule")) read_rule(section, plan);
    if (plan.rules.empty()) root.complain("rule", "no rule: nothing would ever be done");
    root.finish();
    return plan;
}

PolicyPlan load_policy(const std::string& path, Complaints& complaints) {
    auto file = ConfigFile::load(path, complaints);
    return parse_policy(file, complaints);
}

std::string describe(const PolicyPlan& plan) {
    std::string out = fmt::format(
        "host {} at {}, {}\n", plan.host, plan.site,
        plan.armed ? "armed: orders are carried out" : "rehearsing: armed = true is not set");
    out += fmt::format("broker {}, heartbeat {}, calm for {} before each rung back\n",
                       describe(plan.broker), format_duration(plan.heartbeat),
                       format_duration(plan.calm_for));
    out += fmt::format("guards: {} others ready, {} steps a minute, evidence at most {} old\n",
                       plan.guard.min_ready, plan.guard.max_steps_per_minute,
                       format_duration(plan.guard.evidence_max_age));
    out += describe(plan.trust);
    out += "endpoints\n";
    for (const auto& endpoint : plan.endpoints) {
        out += "  " + describe(endpoint) + '\n';
    }
    out += "targets, and who votes for what\n";
    for (const auto& target : plan.targets) {
        out += describe_target(target);
        for (const auto& ballot : ballots_for(plan, target)) {
            const auto& rule = *ballot.rule;
            const Origin agent{any_if_empty(rule.site), Role::agent, any_if_empty(rule.agent)};
            const auto own = std::find(rule.targets.begin(), rule.targets.end(), target.name);
            out += fmt::format("    at least {} while {}{}\n", to_string(ballot.at_least),
                               alarm_name(agent, rule.silence ? "silent" : rule.alarm),
                               own == rule.targets.end() ? " (its outlets are to be shed)" : "");
        }
    }
    return out;
}

}  // namespace firebreak
