#include "host/vote.hpp"

#include <algorithm>

namespace firebreak {
namespace {

bool matches(const RulePlan& rule, const Origin& agent) {
    return (rule.site.empty() || rule.site == agent.site) &&
           (rule.agent.empty() || rule.agent == agent.id);
}

bool matches(const RulePlan& rule, std::string_view alarm) {
    return rule.alarm.empty() || rule.alarm == alarm;
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
        votes.push_back(
            {ballot.at_least, alarm_name(origin, "silent"), origin, "", agent.status, true});
        return;
    }
    for (const auto& [name, alarm] : agent.alarms) {
        if (!alarm.active || alarm.notice.is_silenced() || !matches(*ballot.rule, name)) continue;
        votes.push_back(
            {ballot.at_least, alarm_name(origin, name), origin, name, alarm.began, fresh});
    }
}

std::string doubt_about(const Ballot& ballot, const Origin& origin, const HeardAgent& agent,
                        bool fresh) {
    if (!fresh) return "no fresh word of " + alarm_name(origin, to_string(agent.presence));
    if (ballot.rule->silence) return "";
    for (const auto& [name, alarm] : agent.alarms) {
        if (!matches(*ballot.rule, name) || alarm.notice.is_silenced()) continue;
        if (alarm.notice.phase == Phase::clear) continue;
        return alarm_name(origin, name) + " is " + std::string(to_string(alarm.notice.phase));
    }
    return "";
}

}  // namespace

std::vector<Ballot> ballots_for(const PolicyPlan& plan, const TargetPlan& target) {
    std::vector<Ballot> ballots;
    for (const auto& rule : plan.rules) {
        if (lists(rule.targets, target.name)) ballots.push_back({&rule, rule.at_least});
        if (rule.at_least < Posture::shed) continue;
        for (const auto& other : plan.targets) {
            if (ladder_of(other) != Ladder::outlets || !lists(other.after, target.name)) continue;
            if (lists(rule.targets, other.name)) ballots.push_back({&rule, Posture::drain});
        }
    }
    return ballots;
}

VoteCount tally(const std::vector<Ballot>& ballots, const Situation& situation,
                Duration evidence_max_age, Instant now) {
    VoteCount result;
    for (const auto& ballot : ballots) {
        for (const auto& [origin, agent] : situation.agents()) {
            if (!matches(*ballot.rule, origin)) continue;
            const bool fresh = Situation::fresh(agent, now, evidence_max_age);
            add_votes(result.votes, ballot, origin, agent, fresh);
        }
    }
    std::sort(result.votes.begin(), result.votes.end(), [](const Vote& a, const Vote& b) {
        if (a.at_least != b.at_least) return a.at_least > b.at_least;
        return a.because < b.because;
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
        bool spoken = false;  // somebody this rule means has said what it asks about
        for (const auto& [origin, agent] : situation.agents()) {
            if (!matches(*ballot.rule, origin)) continue;
            // A rule for any agent means those with such an alarm, not every stranger.
            const bool concerned = ballot.rule->silence || ballot.rule->alarm.empty() ||
                                   !ballot.rule->agent.empty() ||
                                   agent.alarms.contains(ballot.rule->alarm);
            if (!concerned) continue;
            const bool fresh = Situation::fresh(agent, now, evidence_max_age);
            if (auto why = doubt_about(ballot, origin, agent, fresh); !why.empty()) return why;
            spoken = spoken || ballot.rule->silence || ballot.rule->alarm.empty() ||
                     agent.alarms.contains(ballot.rule->alarm);
        }
        if (!spoken) {
            return "no word yet of " +
                   alarm_name({ballot.rule->site.empty() ? "any" : ballot.rule->site, Role::agent,
                               ballot.rule->agent.empty() ? "any" : ballot.rule->agent},
                              ballot.rule->alarm.empty() ? "any" : ballot.rule->alarm);
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
