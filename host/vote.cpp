#include "host/vote.hpp"

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

bool is_silent(const HeardAgent& agent) {
    return agent.presence == Presence::offline || agent.presence == Presence::silent;
}

void add_votes(std::vector<Vote>& votes, const Ballot& ballot, const Origin& origin,
               const HeardAgent& agent, bool fresh) {
    if (ballot.rule->silence) {
        // The silence is our own observation, hence always fresh.
        if (!is_silent(agent)) return;
        votes.push_back({ballot.at_least, alarm_name(origin, "silent"), origin, "", agent.status,
                         true, ballot.rule->by_power});
        return;
    }
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

/// One sign of several alone does not vote; what is left of them is as fresh as they are many.
void confirm(std::vector<Vote>& votes, int signs) {
    std::set<std::string> active;
    std::set<std::string> fresh;
    for (const auto& vote : votes) {
        active.insert(vote.alarm);
        if (vote.fresh) fresh.insert(vote.alarm);
    }
    if (active.size() < static_cast<std::size_t>(signs)) return votes.clear();
    const bool enough = fresh.size() >= static_cast<std::size_t>(signs);
    for (auto& vote : votes) vote.fresh = vote.fresh && enough;
}

std::string doubt_about(const Origin& origin, const HeardAgent& agent, const std::string& named) {
    for (const auto& [name, alarm] : agent.alarms) {
        if ((!named.empty() && name != named) || alarm.notice.is_silenced()) continue;
        if (alarm.notice.phase == Phase::clear) continue;
        return alarm_name(origin, name) + " is " + std::string(to_string(alarm.notice.phase));
    }
    return "";
}

/// Why it cannot be said that all is clear of one alarm the rule names, "" for any.
std::string doubt_of(const RulePlan& rule, const std::string& named, const Situation& situation,
                     Duration evidence_max_age, Instant now) {
    bool spoken = false;  // somebody this rule means has said what it asks about
    for (const auto& [origin, agent] : situation.agents()) {
        if (!matches(rule, origin)) continue;
        const bool has_said = rule.silence || named.empty() || agent.alarms.contains(named);
        // A rule for any agent means those with such an alarm, not every stranger.
        if (!has_said && rule.agent.empty()) continue;
        if (!Situation::fresh(agent, now, evidence_max_age)) {
            return "no fresh word of " + alarm_name(origin, to_string(agent.presence));
        }
        if (!rule.silence) {
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
            add_votes(votes, ballot, origin, agent, fresh);
        }
        if (ballot.rule->signs > 1) confirm(votes, ballot.rule->signs);
        std::move(votes.begin(), votes.end(), std::back_inserter(result.votes));
    }
    std::sort(result.votes.begin(), result.votes.end(), [](const Vote& a, const Vote& b) {
        if (a.at_least != b.at_least) return a.at_least > b.at_least;
        if (a.because != b.because) return a.because < b.because;
        return a.fresh && !b.fresh;  // of two rules' votes the one that may start something
    });
    const auto same = [](const Vote& a, const Vote& b) {
        return a.at_least == b.at_least && a.because == b.because;
    };
    result.votes.erase(std::unique(result.votes.begin(), result.votes.end(), same),
                       result.votes.end());
    if (result.votes.size() > VoteCount::max_votes) result.votes.resize(VoteCount::max_votes);
    return result;
}

std::string doubt(const std::vector<Ballot>& ballots, Posture rung, const Situation& situation,
                  Duration evidence_max_age, Instant now) {
    for (const auto& ballot : ballots) {
        if (ballot.at_least < rung) continue;
        auto names = named(*ballot.rule);
        if (names.empty()) names = {""};
        for (const auto& name : names) {
            auto why = doubt_of(*ballot.rule, name, situation, evidence_max_age, now);
            if (!why.empty()) return why;
        }
    }
    return "";
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
        rung.because.push_back(vote.because);
        if (vote.because == rung.cause && !higher) lead = &vote;
    }
    if (lead == nullptr) lead = &poll.votes.front();
    rung.cause = lead->because;
    rung.cause_began = lead->began;
    return rung;
}

}  // namespace firebreak
