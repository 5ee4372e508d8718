#include "host/policy_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "contract/metrics/exporter.hpp"
#include "contract/topic.hpp"
#include "contract/trust_file.hpp"
#include "host/drain/capacity.hpp"
#include "host/drain/drain_file.hpp"
#include "host/endpoint_file.hpp"
#include "host/guard/guard_file.hpp"
#include "host/guard/longest_rule.hpp"
#include "host/journal/journal_file.hpp"
#include "host/operator/operator_file.hpp"
#include "host/power/ups_file.hpp"
#include "host/restore/restore_file.hpp"
#include "host/topology/emptied.hpp"
#include "host/topology/power_map_file.hpp"
#include "host/topology/single_points.hpp"
#include "host/topology_file.hpp"
#include "host/unwise.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Posture>, 4> rungs = {{{"watch", Posture::watch},
                                                                        {"drain", Posture::drain},
                                                                        {"shed", Posture::shed},
                                                                        {"cut", Posture::cut}}};

/// A host in the building that burns goes down with the traffic it should have moved: that is
/// how Pangyo's failover was lost.
void warn_of_own_domain(PolicyPlan& plan) {
    const bool away = std::any_of(plan.peers.begin(), plan.peers.end(),
                                  [&](const auto& peer) { return peer.site != plan.site; });
    for (const auto& rule : plan.rules) {
        if (rule.at_least < Posture::drain) continue;
        if (!rule.site.empty() && rule.site != plan.site) continue;
        plan.warnings.push_back(fmt::format(
            "line {}: this host stands in {}\"{}\", the domain that fails: {}", rule.place.line,
            rule.site.empty() ? "any site's domain, of which one is " : "", plan.site,
            away ? "it gives way to its peers elsewhere while they act"
                 : "run it elsewhere, or add a [[peer]] that stands at another site"));
    }
}

/// A quorum counts those that are heard, and who is silent is not.
void warn_of_silence_below_quorum(PolicyPlan& plan) {
    const auto quorum = static_cast<std::size_t>(plan.guard.quorum);
    for (const auto& rule : plan.rules) {
        if (quorum == 0 || !rule.silence) continue;
        for (const auto& target : plan.targets) {
            const auto& names = rule.targets;
            if (std::find(names.begin(), names.end(), target.name) == names.end()) continue;
            std::set<Origin> agents;
            bool any = false;  // a rule that names none listens to all there are
            for (const auto& ballot : ballots_for(plan, target)) {
                const auto& heard = *ballot.rule;
                any = any || heard.site.empty() || heard.agent.empty();
                agents.insert({heard.site, Role::agent, heard.agent});
            }
            if (!any && agents.size() > quorum) continue;
            plan.warnings.push_back(fmt::format(
                "line {}: with [guard] quorum = {} a silence starts nothing for {} {}: let its "
                "rules listen to more agents than the quorum, or leave quorum out",
                rule.place.line, quorum, target.name,
                any ? fmt::format("while fewer than {} others are heard", quorum)
                    : fmt::format("ever, as its rules listen to {} only", agents.size())));
        }
    }
}

/// What was put down is known after a restart by the journal, and by nothing else for sure.
void warn_of_no_journal(PolicyPlan& plan) {
    if (!plan.journal.file.empty()) return;
    if (!plan.armed && !plan.operators.may_arm) return;
    plan.warnings.push_back(fmt::format(
        "this host {} and has no journal: nobody could tell afterwards what it did and why, nor a "
        "restart give back weights or keep holds",
        plan.armed ? "is armed" : "may be armed"));
}

void read_peer(Section& section, PolicyPlan& plan) {
    PeerPlan peer{section.name("site"), section.name("host")};
    section.finish();
    const bool twice = std::any_of(plan.peers.begin(), plan.peers.end(), [&](const auto& other) {
        return other.site == peer.site && other.host == peer.host;
    });
    if (twice) section.complain("host", "this peer stands twice: leave one out");
    if (peer.site == plan.site && peer.host == plan.host) {
        section.complain("host", "this is the host itself: name the others only");
    }
    if (plan.peers.size() >= 16) section.complain("host", "at most 16 peers");
    plan.peers.push_back(std::move(peer));
}

/// Several alarms of which one says nothing: all of them, or so many of any. Silence may be one.
bool read_signs(Section& section, RulePlan& rule) {
    const bool all = section.has("all");
    const std::string_view key = all ? "all" : "any";
    rule.alarms = section.texts(key);
    if (all && section.has("any")) section.complain("any", "say either \"all\" or \"any\"");
    if (section.has(key) && rule.alarms.empty()) section.complain(key, "no alarms: name some");
    const std::set<std::string> names(rule.alarms.begin(), rule.alarms.end());
    if (names.size() < rule.alarms.size()) {
        section.complain(key, "an alarm stands twice: it is one sign, leave one out");
    }
    for (const auto& name : names) {
        if (!is_name(name)) section.complain(key, "\"" + name + "\" is no name of an alarm");
        if (name == "silent") {
            section.complain(key, "silence is no alarm: say silent = true beside \"" +
                                      std::string(key) + "\", and it is one more sign");
        }
    }
    const auto signs = names.size() + (rule.silence ? 1 : 0);
    rule.signs = all ? static_cast<int>(signs) : 1;
    const auto most = std::max<std::int64_t>(1, static_cast<std::int64_t>(signs));
    if (!all && section.has("any")) {
        rule.signs = static_cast<int>(section.integer_or("at_least_signs", 1, {1, most}));
    }
    return all || section.has("any");
}

void read_while(Section section, RulePlan& rule) {
    rule.site = section.name_or("site", "");
    rule.agent = section.name_or("agent", "");
    rule.alarm = section.name_or("alarm", "");
    rule.silence = section.flag_or("silent", false);
    const bool signs = read_signs(section, rule);
    if (int{!rule.alarm.empty()} + int{rule.silence && !signs} + int{signs} != 1) {
        section.complain("",
                         "a rule needs one of alarm = \"…\", all = [\"…\"], any = [\"…\"] and "
                         "silent = true, which may also be one more sign beside all or any");
    }
    if (section.has("for")) {
        rule.silent_for = section.duration_or("for", Duration::zero());
        if (!rule.silence) section.complain("for", "\"for\" belongs to silent = true");
        if (*rule.silent_for > std::chrono::hours(1)) {
            section.complain("for", "\"for\" must be at most 1h: a fire does not wait");
        }
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
    rule.targets = read_targets(section, plan);
    rule.by_power = section.flag_or("by_power", false);
    if (rule.by_power && rule.at_least != Posture::shed) {
        section.complain("by_power", "\"by_power\" chooses what is shed: say at_least = \"shed\"");
    }
    section.finish();
    plan.rules.push_back(std::move(rule));
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += ' ' + name;
    return out;
}

std::string describe_target(const TargetPlan& target) {
    const auto items = listed(target.items);
    if (target.kind == TargetKind::haproxy) {
        return fmt::format("  {} (tier {}, {}): haproxy {} backend {}{}:{}\n{}", target.name,
                           target.tier, target.site, target.endpoint, target.backend,
                           target.drain_by_weight ? ", drained by weight" : "", items,
                           target.pace ? "    in steps: " + describe(*target.pace) + '\n' : "");
    }
    if (!by_message(target)) {
        return fmt::format("  {} (tier {}, {}): by {}:{}\n", target.name, target.tier, target.site,
                           target.endpoint, items);
    }
    if (target.kind == TargetKind::mqtt) {
        return fmt::format("  {} (tier {}, {}): told over MQTT, answered by {} within {}:{}\n",
                           target.name, target.tier, target.site, target.agent,
                           format_duration(target.answer_within), items);
    }
    std::string after;
    for (const auto& name : target.after) after += (after.empty() ? ", after " : " and ") + name;
    return fmt::format("  {} (tier {}, {}): outlets of {}:{}{}\n", target.name, target.tier,
                       target.site, target.agent, items, after);
}

}  // namespace

PolicyPlan parse_policy(ConfigFile& file, Complaints& complaints, const RecordedLists* recorded) {
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
    plan.metrics = read_metrics(root, "127.0.0.1:9465");
    plan.trust = read_trust(root);
    if (auto journal = root.table("journal")) read_journal_plan(*journal, plan.journal);
    read_operator(root, plan);
    if (auto guard = root.table("guard")) read_guard(*guard, plan.guard);
    if (plan.guard.expires_after > Duration::zero() && plan.guard.expires_after < plan.calm_for) {
        root.complain("guard", "\"expires_after\" must be longer than \"calm_for\"");
    }
    if (auto pace = root.table("pace")) plan.pace = read_pace(*pace, {});
    read_topology(root, plan, complaints);
    for (auto& section : root.rows("maintenance")) read_maintenance(section, plan);
    for (auto& section : root.rows("peer")) read_peer(section, plan);
    plan.yield_for = root.duration_or("yield_for", plan.yield_for);
    if (plan.yield_for > std::chrono::minutes(10)) {
        root.complain("yield_for", "\"yield_for\" must be at most 10m: a fire does not wait");
    }
    for (auto& section : root.rows("rule")) read_rule(section, plan);
    warn_of_own_domain(plan);
    warn_of_silence_below_quorum(plan);
    if (auto map = root.table("topology")) plan.map = read_power_map(*map, complaints, recorded);
    for (auto& section : root.rows("ups")) read_ups(section, plan);
    check_power(plan, complaints);
    if (auto restore = root.table("restore")) plan.restore = read_restore(*restore);
    if (auto drain = root.table("drain")) plan.drain = read_drain(*drain);
    for (auto& section : root.rows("capacity")) read_capacity(section, plan.drain);
    check_capacity(plan, complaints);
    check_needs(plan, complaints);
    read_drills(root, plan);
    check_emptied(plan, complaints);
    check_longest_rule(plan);
    warn_of_no_journal(plan);
    warn_of_unwise(plan);
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
    if (!plan.metrics.empty()) out += fmt::format("metrics at http://{}/metrics\n", plan.metrics);
    out += describe(plan.guard);
    out += describe_longest_rule(plan);
    for (const auto& window : plan.maintenance) {
        out += fmt::format("maintenance of{} from {} until {}: nothing is done to them\n",
                           listed(window.targets), format_wall(window.from),
                           format_wall(window.until));
    }
    if (plan.map) out += describe(*plan.map);
    for (const auto& peer : plan.peers) {
        out += fmt::format("peer {}/{}{}\n", peer.site, peer.host,
                           peer.site == plan.site
                               ? ""
                               : ", given way to for " + format_duration(plan.yield_for) +
                                     " while this site burns");
    }
    for (const auto& warning : plan.warnings) out += "warning: " + warning + '\n';
    for (const auto& warning : single_points(plan)) out += "warning: " + warning + '\n';
    out += plan.journal.file.empty()
               ? "no journal: add [journal] with file = \"/var/lib/firebreak-host/journal\"\n"
               : fmt::format("journal {}, kept for {}\n", plan.journal.file,
                             format_duration(plan.journal.keep));
    out += describe_operators(plan);
    for (const auto& ups : plan.upss) out += describe(ups);
    if (plan.restore.staged) {
        out += describe(plan.restore);
        for (const auto& line : describe_stages(plan, "")) out += "  " + line + '\n';
    }
    out += describe_capacity(plan);
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
            const auto own = std::find(rule.targets.begin(), rule.targets.end(), target.name);
            out += fmt::format("    at least {}{} while {}{}\n", to_string(ballot.at_least),
                               rule.by_power ? " by power" : "", describe_cause(rule),
                               own == rule.targets.end() ? " (its outlets are to be shed)" : "");
        }
    }
    return out;
}

}  // namespace firebreak
