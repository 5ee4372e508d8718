#include "host/target.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

void Target::is(const TargetPlan& its) {
    plan = &its;
    recorded.target = its.name;
    ledger.trust_marks(bears_marks(its));
    ledger.trust_to_stay_below(its.drain_by_weight);
    outlets = OutletOrders(its.answer_within);
}

bool Target::climb(const PolicyPlan& policy, const Situation& situation,
                   const std::string& unrecorded, Instant now) {
    const auto before = rung.wanted;
    const auto max_age = policy.guard.evidence_max_age;
    firebreak::VoteCount votes =
        firebreak::tally(counted ? *counted : ballots, situation, max_age, now);
    if (drill) {
        rested.reset();  // what it leaves alone may be asked for by others
        votes.votes.push_back(*drill);
        std::stable_sort(votes.votes.begin(), votes.votes.end(),
                         [](const Vote& a, const Vote& b) { return a.at_least > b.at_least; });
    }
    fresh = fresh_agents(ballots, situation, max_age, now);
    if (fresh < policy.guard.quorum || !unrecorded.empty()) {
        // Too few are heard to start anything, or nobody could tell later why; what was admitted
        // before may be finished.
        for (auto& vote : votes.votes) vote.fresh = false;
    }
    if (room) {
        // Those who are drained elsewhere were enough to be believed.
        auto& vote = votes.votes.emplace_back(room->vote);
        vote.fresh = vote.fresh && unrecorded.empty();
        std::stable_sort(votes.votes.begin(), votes.votes.end(),
                         [](const Vote& a, const Vote& b) { return a.at_least > b.at_least; });
    }
    doubt.clear();
    if (votes.wanted() < rung.wanted) {
        doubt = firebreak::doubt(ballots, rung.wanted, situation, max_age, now);
        if (interrupted) doubt = "an alarm ended its drill";
        if (!unrecorded.empty()) doubt = "the journal cannot be written";
    }
    // An operator who asked for it back knew of no doubt and no vote.
    hastened = hastened && doubt.empty() && votes.wanted() < rung.wanted;
    rung = next_rung(std::move(rung), votes, !doubt.empty(), now,
                     hastened ? Duration::zero() : policy.calm_for);
    poll = std::move(votes);
    by_power = is_by_power();
    if (!by_power && std::exchange(only, std::nullopt)) ++only_revision;
    const bool made_room = std::exchange(makes_room, is_making_room());
    if (made_room != makes_room) ++only_revision;
    if (poll.wanted() >= rung.wanted || rung.wanted != before) voted_at = now;
    if (rung.wanted == before) return false;
    rehearsed.clear();
    if (rung.wanted < Posture::drain) acted = false;
    if (rung.wanted > before) {
        yields_until = now + policy.yield_for;
        ledger.hurry(now);
        outlets.hurry(now);
    }
    return true;
}

bool Target::expires(Duration after, Instant now) {
    const bool before = expired;
    expired = after > Duration::zero() && rung.wanted >= Posture::drain && now - voted_at >= after;
    return expired && !before;
}

Posture Target::reached() const {
    if (!reached_on || reached_on->first != basis()) {
        const auto& states = ledger.states();
        const auto* some = only ? &*only : makes_room && room ? &room->items : nullptr;
        reached_on = {basis(), some != nullptr ? reached_rung(*plan, {some->begin(), some->end()},
                                                              rung.wanted, states)
                                               : reached_rung(*plan, rung.wanted, states)};
    }
    return reached_on->second;
}

bool Target::is_read() const {
    return by_message(*plan) || ledger.known();
}

std::vector<Step> Target::steps() const {
    if (makes_room) return room_steps();
    auto steps = plan_steps(*plan, wish(), ledger.states(), ledger.held());
    if (drill && !drill_items.empty() && poll.votes.size() == 1) {  // nobody but the drill asks
        std::erase_if(steps, [&](const Step& step) { return !drill_items.contains(step.item); });
    }
    if (!only) return steps;
    std::erase_if(steps, [&](const Step& step) {
        return depth_of(step.action) > 0 && !only->contains(step.item);
    });
    return steps;
}

bool Target::is_by_power() const {
    if (rung.wanted != Posture::shed) return false;
    bool asked = false;
    for (const auto& vote : poll.votes) {
        if (vote.at_least < Posture::shed) continue;
        if (!vote.by_power) return false;
        asked = true;
    }
    return asked || by_power;  // while it waits for calm it stays what it was
}

bool Target::is_making_room() const {
    if (rung.wanted != Posture::drain) return false;
    bool asked = false;
    for (const auto& vote : poll.votes) {
        if (vote.at_least < Posture::drain) continue;
        if (!vote.for_room) return false;
        asked = true;
    }
    return asked || makes_room;  // while it waits for calm it stays what it was
}

std::vector<Step> Target::room_steps() const {
    if (!room) return {};  // nobody asks any more: neither further down, nor up before it is calm
    auto steps = plan_steps(*plan, wish(), ledger.states(), ledger.held());
    std::erase_if(steps, [&](const Step& step) { return !room->items.contains(step.item); });
    auto back = wish();
    back.wanted = Posture::watch;
    for (auto& step : plan_steps(*plan, back, ledger.states(), ledger.held())) {
        if (!room->items.contains(step.item)) steps.push_back(std::move(step));
    }
    return steps;
}

void Target::give_room(std::optional<RoomVote> wanted) {
    const bool same = wanted && room ? wanted->items == room->items : !wanted && !room;
    room = std::move(wanted);
    if (!same) ++only_revision;
}

Posture Target::asked() const {
    for (const auto& vote : poll.votes) {
        if (!vote.for_room) return vote.at_least;
    }
    return Posture::normal;
}

void Target::shed_only(std::set<std::string> items) {
    for (const auto& [item, state] : ledger.held()) items.insert(item);
    if (only == items) return;
    only = std::move(items);
    ++only_revision;
}

std::string Target::blocked() const {
    if (!ledger.fault().empty()) return ledger.fault();
    if (!absence.empty()) return absence;
    if (auto trouble = outlets.trouble(); !trouble.empty()) return trouble;
    if (!refusal.empty()) return refusal;
    if (rung.wanted >= Posture::drain && !ledger.waits().empty()) return ledger.waits();
    if (!power_doubt.empty()) return "by power: " + power_doubt;
    if (const auto& absent = absent_item(); !absent.empty()) return absent;
    const std::string late = expired ? "expired: nobody asks for it any more; " : "";
    return doubt.empty() ? late : late + "restoring waits: " + doubt;
}

const std::string& Target::absent_item() const {
    if (absent_on && absent_on->first == ledger.revision()) return absent_on->second;
    std::string absent;
    for (const auto& item : plan->items) {
        if (by_message(*plan) || !ledger.known()) break;
        if (ledger.states().contains(item)) continue;
        absent = plan->backend.empty() ? item + " is unknown to " + plan->endpoint
                                       : "server " + item + " is not in backend " + plan->backend;
        break;
    }
    absent_on = {ledger.revision(), std::move(absent)};
    return absent_on->second;
}

bool Target::has_news() const {
    return !published || published_of != revision() || published->wanted != rung.wanted ||
           published->because != rung.because || published->blocked != blocked();
}

PostureNotice Target::notice(bool armed) const {
    PostureNotice notice;
    notice.target = plan->name;
    notice.wanted = rung.wanted;
    notice.reached = reached();
    notice.armed = armed;
    notice.because = rung.because;
    notice.held = ledger.held_items();
    // What is on its way down, too: a later life that finds it done must know whose it is.
    for (auto& item : ledger.going_down()) notice.held.push_back(std::move(item));
    // And what a peer has put further down: once that has taken its own part off, this one's stays.
    for (const auto& item : ledger.below_peer()) notice.held.push_back(item);
    std::sort(notice.held.begin(), notice.held.end());
    notice.held.erase(std::unique(notice.held.begin(), notice.held.end()), notice.held.end());
    notice.blocked = blocked();
    return notice;
}

namespace {

struct Progress {
    Stamp began;
    bool failed = false;
    bool refused = false;
    bool pending = false;
    bool rehearsed = false;
    bool acted = false;
    int targets = 0;
    std::string trouble;
};

void add(Progress& progress, const Target& target, const Vote& vote, bool armed) {
    progress.began = vote.began;
    ++progress.targets;
    if (vote.by_power && !target.power_doubt.empty()) {
        progress.refused = true;
        progress.trouble = target.plan->name + ": " + target.blocked();
        return;
    }
    if (target.reached() >= vote.at_least && target.is_read()) {
        progress.acted = progress.acted || target.acted;
        return;
    }
    const auto rejection = target.outlets.rejection();
    const bool failed = !target.ledger.fault().empty() || rejection == Outcome::failed;
    const bool refused = (!target.refusal.empty() && !target.settling) || rejection.has_value();
    if (failed) progress.failed = true;
    if (!failed && refused) progress.refused = true;
    if (!failed && !refused) {
        (!armed && target.rehearsing ? progress.rehearsed : progress.pending) = true;
    }
    if (progress.trouble.empty() && (failed || refused)) {
        progress.trouble = target.plan->name + ": " + target.blocked();
    }
}

std::optional<Outcome> outcome_of(const Progress& progress) {
    if (progress.failed) return Outcome::failed;
    if (progress.refused) return Outcome::refused;
    if (progress.pending) return std::nullopt;
    if (progress.rehearsed) return Outcome::rehearsed;
    return progress.acted ? Outcome::done : Outcome::already;
}

}  // namespace

void AlarmAcks::say_again(const Origin& agent, const AlarmNotice& notice) {
    const auto said = said_.find({agent, notice.alarm});
    if (said == said_.end() || said->second.began.boot != notice.stamp.boot) return;
    said->second.outcome.reset();
}

std::vector<Ack> AlarmAcks::due(const std::vector<Target>& targets, bool armed) {
    std::map<std::pair<Origin, std::string>, Progress> alarms;
    for (const auto& target : targets) {
        for (const auto& vote : target.poll.votes) {
            // By power nothing may have to go: that is done already, and must be said, too.
            if ((vote.at_least < Posture::drain && !vote.by_power) || vote.alarm.empty()) continue;
            add(alarms[{vote.agent, vote.alarm}], target, vote, armed);
        }
    }
    std::erase_if(said_, [&](const auto& entry) { return !alarms.contains(entry.first); });
    std::vector<Ack> acks;
    for (const auto& [alarm, progress] : alarms) {
        Said& said = said_[alarm];
        if (said.began != progress.began) said = {progress.began, std::nullopt};
        const auto outcome = outcome_of(progress);
        if (!outcome || outcome == said.outcome) continue;
        said.outcome = outcome;
        Ack ack;
        ack.about = alarm.second;
        ack.boot = progress.began.boot;
        ack.seq = progress.began.seq;
        ack.outcome = *outcome;
        ack.detail = progress.trouble.empty() ? fmt::format("targets: {}", progress.targets)
                                              : progress.trouble;
        acks.push_back(std::move(ack));
    }
    return acks;
}

}  // namespace firebreak
