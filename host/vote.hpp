// Policy as votes: while an alarm is active, or an agent silent, its targets shall be at least
// at a posture. Pure: the highest vote wins, so adding a rule only makes the answer more careful.
// A shelved alarm does not vote; an agent that went silent keeps its alarms' votes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/policy.hpp"
#include "host/situation.hpp"

namespace firebreak {

/// What a vote for room is because of begins with.
inline constexpr std::string_view room_at = "room at ";

struct Vote {
    Posture at_least = Posture::normal;
    std::string because;  ///< "site/agent/alarm"; the alarm of a silent agent is "silent"
    Origin agent;
    std::string alarm;      ///< empty when the agent's silence votes
    Stamp began;            ///< the notice that made the alarm active
    bool fresh = false;     ///< young enough evidence to start something
    bool by_power = false;  ///< of a rule that sheds by power
    bool for_room = false;  ///< of what more important services need at the target's site
};

/// What is asked of one target: votes highest first, then by name.
struct VoteCount {
    static constexpr std::size_t max_votes = 64;
    std::vector<Vote> votes;

    [[nodiscard]] Posture wanted() const {
        return votes.empty() ? Posture::normal : votes.front().at_least;
    }
};

/// A rule as it bears on one target.
struct Ballot {
    const RulePlan* rule = nullptr;
    Posture at_least = Posture::normal;
    std::string sheds = {};  ///< the target for whose sake: its own, or one that comes after it
};

/// The rules that bear on a target. To shed an outlet is also to drain the targets it comes
/// `after`: otherwise the shedding would wait for a drain that nobody ever asked for.
[[nodiscard]] std::vector<Ballot> ballots_for(const PolicyPlan& plan, const TargetPlan& target);

/// What a rule waits for, for people: an alarm, a silence, or so many of several.
[[nodiscard]] std::string describe_cause(const RulePlan& rule);

/// Agents that the ballots listen to and whose word is fresh: what a quorum counts.
[[nodiscard]] int fresh_agents(const std::vector<Ballot>& ballots, const Situation& situation,
                               Duration evidence_max_age, Instant now);

/// A rule that needs several signs votes while so many of its alarms are active at one site, by
/// name: two agents that say the same are one sign, and silence is one where the rule counts it.
/// Its votes are fresh while so many are.
[[nodiscard]] VoteCount tally(const std::vector<Ballot>& ballots, const Situation& situation,
                              Duration evidence_max_age, Instant now);

/// Why the absence of votes for `rung` is no all-clear yet, or "" when it is one: every agent
/// that may vote so high is online and fresh, and every alarm that may says clear.
[[nodiscard]] std::string doubt(const std::vector<Ballot>& ballots, Posture rung,
                                const Situation& situation, Duration evidence_max_age, Instant now);

/// When the next silence that is under way will have lasted long enough for some rule.
[[nodiscard]] Instant next_silence(const std::vector<RulePlan>& rules, const Situation& situation,
                                   Instant now);

/// Where a target stands on the ladder and how it came there.
struct Rung {
    Posture wanted = Posture::normal;
    Posture admitted = Posture::normal;  ///< the highest rung ever asked for on fresh evidence
    std::vector<std::string> because;
    std::string cause;  ///< the vote that leads; "calm" on the way back
    Stamp cause_began;  ///< stamps the step ids
    Instant calm_since{};
};

/// Up at once; down one rung at a time, each after `calm_for` without a vote and without doubt.
[[nodiscard]] Rung next_rung(Rung rung, const VoteCount& poll, bool doubtful, Instant now,
                             Duration calm_for);

}  // namespace firebreak
