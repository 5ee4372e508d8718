#include "host/vote.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

namespace firebreak {
namespace {

bool matches(const RulePlan& rule, const Origin& agent) {
    return (rule.site.empty() || rule.site == agent.site) &&
           (rule.agent.empty() || rule.agent == agent.id);
}

/// The alarms a rule names; none when it means any.
std::vector<std::string> named(const RulePlan& rule) {
    if (!rule.alarms.empty()) return rule.alarms;
    return rule.alarm.empty() ? std::vector<std::string>{} : std::vector<std::string>{rule.alarm};
}

bool lists(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// How long a silence must last to count.
Duration patience_of(const RulePlan& rule, const HeardAgent& agent) {
    if (rule.silent_for) return *rule.silent_for;
    return agent.took_leave ? restart_grace : Duration::zero();
}

void add_votes(std::vector<Vote>& votes, const Ballot& ballot, const Origin& origin,
               const HeardAgent& agent, bool is_silent, bool fresh) {
    if (is_silent) {
        // The silence is our own observation, hence always fresh, and what the agent said last is
        // what it fell silent on.
        votes.push_back({ballot.at_least, alarm_name(origin, "silent"), origin, "", agent.status,
                         true, ballot.rule->by_power});
        fresh = true;
    }
    if (only_silence(*ballot.rule)) return;
    const auto add = [&](const std::string& name, const HeardAlarm& alarm) {
        if (!alarm.active || alarm.notice.is_silenced()) return;
        votes.push_back({ballot.at_least, alarm_name(origin, name), origin, name, alarm.began,
                         fresh, ballot.rule->by_power});
    };
    const auto names = named(*ballot.rule);
    for (const auto& name : names) {
        const auto alarm = agent.alarms.find(name);
        if (alarm != agent.alarms.end()) add(name, alarm->second);
    }
    if (!names.empty()) return;
    for (const auto& [name, alarm] : agent.alarms) add(name, alarm);
}

/// One sign of several alone does not vote, nor do two sites confirm each other; what is left of
/// a site's is as fresh as they are many.
void confirm(std::vector<Vote>& votes, int signs) {
    struct Signs {
        std::set<std::string> active, fresh;
    };
    std::map<std::string, Signs> sites;
    for (const auto& vote : votes) {
        auto& site = sites[vote.agent.site];
        site.active.insert(vote.alarm);
        if (vote.fresh) site.fresh.insert(vote.alarm);
    }
    const auto enough = static_cast<std::size_t>(signs);
    std::erase_if(votes,
                  [&](const Vote& vote) { return sites[vote.agent.site].active.size() < enough; });
    for (auto& vote : votes) {
        vote.fresh = vote.fresh && sites[vote.agent.site].fresh.size() >= enough;
    }
}

bool in_order(const Vote& a, const Vote& b) {
    if (a.at_least != b.at_least) return a.at_least > b.at_least;
    if (a.because != b.because) return a.because < b.because;
    if (a.by_power != b.by_power) return b.by_power;
    return a.fresh && !b.fresh;  // of two rules' votes the one that may start something
}

/// Of more than are kept, those of which something follows.
void keep_weightiest(std::vector<Vote>& votes) {
    if (votes.size() <= VoteCount::max_votes) return;
    std::stable_sort(votes.begin(), votes.end(), [](const Vote& a, const Vote& b) {
        if (a.at_least != b.at_least) return a.at_least > b.at_least;
        if (a.fresh != b.fresh) return a.fresh;
        return !a.by_power && b.by_power;
    });
    votes.resize(VoteCount::max_votes);
    std::sort(votes.begin(), votes.end(), in_order);
}

std::string doubt_about(const Origin& origin, const HeardAgent& agent, const std::string& named) {
    for (const auto& [name, alarm] : agent.alarms) {
        if ((!named.empty() && name != named) || alarm.notice.is_silenced()) continue;
        if (alarm.notice.phase == Phase::clear) continue;
        return alarm_name(origin, name) + " is " + std::string(to_string(alarm.notice.phase));
    }
    return "";
}

/// Why it cannot be said that all is clear of one alarm the rule names, "" for any, or of silence.
std::string doubt_of(const RulePlan& rule, const std::string& named, bool silence,
                     const Situation& situation, Duration evidence_max_age, Instant now) {
    bool spoken = false;  // somebody this rule means has said what it asks about
    for (const auto& [origin, agent] : situation.agents()) {
        if (!matches(rule, origin)) continue;
        const bool has_said = silence || named.empty() || agent.alarms.contains(named);
        // A rule for any agent means those with such an alarm, not every stranger.
        if (!has_said && rule.agent.empty()) continue;
        if (!Situation::fresh(agent, now, evidence_max_age)) {
            return "no fresh word of " + alarm_name(origin, to_string(agent.presence));
        }
        if (!silence) {
            if (auto why = doubt_about(origin, agent, named); !why.empty()) return why;
        }
        spoken = spoken || has_said;
    }
    if (spoken) return "";
    const Origin meant{rule.site.empty() ? "any" : rule.site, Role::agent,
                       rule.agent.empty() ? "any" : rule.agent};
    return "no word yet of " + alarm_name(meant, named.empty() ? "any" : named);
}

}  // namespace

std::vector<Ballot> ballots_for(const PolicyPlan& plan, const TargetPlan& target) {
    std::vector<Ballot> ballots;
    for (const auto& rule : plan.rules) {
        if (lists(rule.targets, target.name))
            ballots.push_back({&rule, rule.at_least, target.name});
        if (rule.at_least < Posture::shed) continue;
        for (const auto& other : plan.targets) {
            if (!is_load(other) || !lists(other.after, target.name)) continue;
            if (lists(rule.targets, other.name)) {
                ballots.push_back({&rule, Posture::drain, other.name});
            }
        }
    }
    return ballots;
}

std::string describe_cause(const RulePlan& rule) {
    const auto any_if_empty = [](const std::string& name) {
        return name.empty() ? std::string("any") : name;
    };
    const Origin agent{any_if_empty(rule.site), Role::agent, any_if_empty(rule.agent)};
    const auto lasting = rule.silent_for ? " for " + format_duration(*rule.silent_for) : "";
    if (only_silence(rule)) return alarm_name(agent, "silent") + lasting;
    if (rule.alarms.empty()) return alarm_name(agent, any_if_empty(rule.alarm));
    std::string names;
    for (const auto& name : rule.alarms) names += ' ' + name;
    return fmt::format("{} of {}:{}{}", rule.signs, alarm_name(agent, "…"), names,
                       rule.silence ? ", silent" + lasting : "");
}

int fresh_agents(const std::vector<Ballot>& ballots, const Situation& situation,
                 Duration evidence_max_age, Instant now) {
    const auto counts = [&](const auto& entry) {
        const auto& [origin, agent] = entry;
        return Situation::fresh(agent, now, evidence_max_age) &&
               std::any_of(ballots.begin(), ballots.end(),
                           [&](const Ballot& ballot) { return matches(*ballot.rule, origin); });
    };
    const auto& agents = situation.agents();
    return static_cast<int>(std::count_if(agents.begin(), agents.end(), counts));
}

VoteCount tally(const std::vector<Ballot>& ballots, const Situation& situation,
                Duration evidence_max_age, Instant now) {
    VoteCount result;
    for (const auto& ballot : ballots) {
        std::vector<Vote> votes;
        for (const auto& [origin, agent] : situation.agents()) {
            if (!matches(*ballot.rule, origin)) continue;
            const bool fresh = Situation::fresh(agent, now, evidence_max_age);
            const bool is_silent = ballot.rule->silence &&
                                   situation.gone_for(agent, patience_of(*ballot.rule, agent), now);
            add_votes(votes, ballot, origin, agent, is_silent, fresh);
        }
        if (ballot.rule->signs > 1) confirm(votes, ballot.rule->signs);
        std::move(votes.begin(), votes.end(), std::back_inserter(result.votes));
    }
    std::sort(result.votes.begin(), result.votes.end(), in_order);
    // What a rule sheds by power is less than what another puts down whole: both votes stay.
    const auto same = [](const Vote& a, const Vote& b) {
        return a.at_least == b.at_least && a.because == b.because && a.by_power == b.by_power;
    };
    result.votes.erase(std::unique(result.votes.begin(), result.votes.end(), same),
                       result.votes.end());
    keep_weightiest(result.votes);
    return result;
}

std::string doubt(const std::vector<Ballot>& ballots, Posture rung, const Situation& situation,
                  Duration evidence_max_age, Instant now) {
    for (const auto& ballot : ballots) {
        if (ballot.at_least < rung) continue;
        const auto& rule = *ballot.rule;
        const auto about = [&](const std::string& name, bool silence) {
            return doubt_of(rule, name, silence, situation, evidence_max_age, now);
        };
        if (rule.silence) {
            if (auto why = about("", true); !why.empty()) return why;
        }
        if (only_silence(rule)) continue;
        auto names = named(rule);
        if (names.empty()) names = {""};
        for (const auto& name : names) {
            if (auto why = about(name, false); !why.empty()) return why;
        }
    }
    return "";
}

Instant next_silence(const std::vector<RulePlan>& rules, const Situation& situation, Instant now) {
    Instant next = never;
    for (const auto& [origin, agent] : situation.agents()) {
        if (situation.gone_for_at(agent, Duration::zero()) == never) continue;
        for (const auto& rule : rules) {
            if (!rule.silence || !matches(rule, origin)) continue;
            const auto at = situation.gone_for_at(agent, patience_of(rule, agent));
            if (at > now) next = std::min(next, at);
        }
    }
    return next;
}

Rung next_rung(Rung rung, const VoteCount& poll, bool doubtful, Instant now, Duration calm_for) {
    for (const auto& vote : poll.votes) {
        if (vote.fresh) rung.admitted = std::max(rung.admitted, vote.at_least);
    }
    const auto asked = poll.wanted();
    if (asked < rung.wanted) {
        // Doubt starts the wait anew: calm is calm_for of seen quiet, not of being out of touch.
        if (doubtful) rung.calm_since = now;
        if (doubtful || now - rung.calm_since < calm_for) return rung;
        rung.wanted = static_cast<Posture>(static_cast<int>(rung.wanted) - 1);
        rung.admitted = std::min(rung.admitted, rung.wanted);
        rung.because = {"calm"};
        rung.cause = "calm";  // cause_began stays: the way back belongs to what put it down
    }
    rung.calm_since = now;
    if (asked == Posture::normal || asked < rung.wanted) {
        if (rung.wanted == Posture::normal) rung.because.clear();
        return rung;
    }
    const bool higher = asked > rung.wanted;
    rung.wanted = asked;
    rung.because.clear();
    const Vote* lead = nullptr;  // the present lead stays as long as it votes: ids stay stable
    for (const auto& vote : poll.votes) {
        if (vote.at_least != asked) break;
        if (rung.because.empty() || rung.because.back() != vote.because) {
            rung.because.push_back(vote.because);
        }
        if (vote.because == rung.cause && !higher) lead = &vote;
    }
    if (lead == nullptr) lead = &poll.votes.front();
    rung.cause = lead->because;
    rung.cause_began = lead->began;
    return rung;
}

}  // namespace firebreak
