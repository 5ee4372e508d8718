// From what is wanted to orders: steps, guards, commands; rehearsed when not armed.
#include <algorithm>

#include "host/controller_state.hpp"
#include "host/guard/maintenance.hpp"
#include "host/hostlist.hpp"

namespace firebreak {

void Controller::State::act(Target& target, Now now) {
    auto& ledger = target.ledger;
    if (ledger.lost(now.steady)) ledger.failed("the order's answer was lost", true, now.steady);
    if (!by_message(*target.plan) && !ledger.known()) {
        const bool waits = target.rung.wanted >= Posture::drain && ledger.fault().empty();
        target.refusal = waits ? refusal("read_back", "not read yet", "once its endpoint answers")
                               : std::string{};
        if (ledger.must_observe(now.steady)) order(target, {}, now);
        return;
    }
    if (ledger.under_way()) return;
    auto steps = allowed(target, now);
    if (!armed) {
        rehearse(target, steps, now);
    } else if (by_message(*target.plan)) {
        switch_outlets(target, steps, now);
    } else if (!steps.empty() && ledger.may_step(now.steady)) {
        pace_of(target).took(now.steady, steps.size());
        order(target, std::move(steps), now);
    }
    if (!by_message(*target.plan) && ledger.must_observe(now.steady)) {
        order(target, {}, now);
    }
}

std::vector<Step> Controller::State::allowed(Target& target, Now now) {
    target.refusal.clear();
    target.settling = false;
    if (target.rested == target.basis()) {
        target.rehearsing = false;
        return {};
    }
    auto steps = target.steps();
    if (steps.empty()) {
        target.ledger.settled();
        target.rested = target.basis();
    }
    std::size_t passed = 0;  // they move to the front: of thousands a second list is felt
    std::size_t fresh = 0;   // without those that are commands under way
    for (auto& step : steps) {
        auto refused = guards(target, step, now);
        if (!refused) refused = budget(target, step, fresh, now);
        if (refused) {
            // Of a drain in steps nothing is refused: the rest is still to come.
            const bool settling = fresh > 0 || pacing.settles(place_of(target), now.steady);
            if (target.refusal.empty()) {
                target.refusal = step.item + ": " + *refused;
                target.settling = settling && refused->starts_with(pace_guard);
            }
            continue;
        }
        took(target, step, now);
        if (!target.outlets.commanding(step)) ++fresh;
        auto& place = steps[passed++];
        if (&place != &step) place = std::move(step);
    }
    target.rehearsing = !armed && !steps.empty() && passed == steps.size();
    steps.resize(passed);
    return steps;
}

void Controller::State::took(const Target& target, const Step& step, Now now) {
    const bool goes_out =
        !armed || (by_message(*target.plan) ? linked : target.ledger.may_step(now.steady));
    if (restoration.active() && step.from && !lowers(step) && goes_out) {
        restoration.took(place_of(target), step, armed, now.steady);
    }
    counts(target, step);
}

void Controller::State::counts(const Target& target, const Step& step) {
    if (plan.guard.max_tier_percent < 100 && depth_of(step.action) > 0) {
        auto& share = share_of(*target.plan);
        if (share) share->down.insert(share_key(*target.plan, step.item));
    }
    if (elsewhere.of != &target) elsewhere = {};
    if (has_backend(*target.plan)) {
        if (auto& servers = ready_of(target)) servers->take(step.item);
    }
}

Refusal Controller::State::budget(Target& target, const Step& step, std::size_t fresh, Now now) {
    // What has been commanded once is repeated until it is answered, and is no further step.
    if (!armed || target.outlets.commanding(step)) return std::nullopt;
    if (plan.guard.spacing > Duration::zero()) {
        const auto until = fresh == 0 ? target.spaced_until : now.steady + plan.guard.spacing;
        if (auto refused = guard_spacing(now.steady, until)) return refused;
    }
    if (depth_of(step.action) > 0 && !target.makes_room && is_paced(target, step)) {
        auto refused = pacing.guard_step(place_of(target), step.posture, fresh);
        if (refused) return refused;
    }
    auto refused = pace_of(target).guard(now.steady, fresh + 1);
    paced = paced || refused;
    return refused;
}

Refusal Controller::State::guards(const Target& target, const Step& step, Now now) {
    if (auto refused = guard_hold(holds.on(target.plan->name))) return refused;
    if (auto refused = guard_maintenance(plan.maintenance, target.plan->name, now.wall)) {
        return refused;
    }
    const bool down = lowers(step);
    if (down) {
        if (auto refused = guard_yield(yields_to, now.steady, target.yields_until)) return refused;
    }
    return down ? guards_down(target, step, now.steady) : guards_up(target, step, now.steady);
}

Refusal Controller::State::guards_up(const Target& target, const Step& step, Instant now) {
    const auto above = static_cast<Posture>(static_cast<int>(step.posture) + 1);
    const auto why = doubt(target.ballots, above, situation, plan.guard.evidence_max_age, now);
    if (auto refused = guard_all_clear(why)) return refused;
    std::vector<std::string> held;
    for (const auto& other : targets) {
        const auto& after = other.plan->after;
        if (std::find(after.begin(), after.end(), target.plan->name) == after.end()) continue;
        for (const auto& [item, action] : other.ledger.held()) held.push_back(item);
    }
    if (auto refused = guard_power_back(held)) return refused;
    return restoration.guard(place_of(target), step, now);
}

Refusal Controller::State::guards_down(const Target& target, const Step& step, Instant now) {
    const auto& guard = plan.guard;
    const auto admitted = target.rung.admitted;
    if (auto refused = guard_journal(step, admitted, journal_trouble)) return refused;
    if (auto refused = guard_quorum(step, admitted, target.fresh, guard.quorum)) return refused;
    if (auto refused = guard_fresh(step, admitted)) return refused;
    if (auto refused = drain_order.guard(place_of(target), now)) return refused;
    if (guard.max_tier_percent < 100) {
        auto refused =
            guard_tier_share(*target.plan, step, share_of(*target.plan), guard.max_tier_percent);
        if (refused) return refused;
    }
    if (has_backend(*target.plan)) {
        if (auto refused = guard_pace(target, step, now)) return refused;
        const auto& servers = ready_of(target);
        if (auto refused = guard_min_ready(step, servers, guard.min_ready)) return refused;
        if (guard.min_elsewhere == 0) return std::nullopt;
        return guard_elsewhere(*target.plan, elsewhere_of(target), guard.min_elsewhere);
    }
    if (guard.min_elsewhere > 0 && !target.stand_ins.empty()) {
        auto refused = guard_elsewhere(*target.plan, elsewhere_of(target), guard.min_elsewhere);
        if (refused) return refused;
    }
    std::vector<DrainView> after;
    for (const auto& name : target.plan->after) {
        const Target* other = find(name);
        if (other == nullptr) continue;  // the policy file refuses unknown names
        after.push_back({name, other->is_read(), rehearsed_or_reached(*other)});
    }
    return guard_after(after);
}

/// A rehearsal never gets anywhere: what would be reached by then is what has been rehearsed.
Posture Controller::State::rehearsed_or_reached(const Target& target) const {
    const bool rehearsed = !armed && target.rehearsing;
    return rehearsed ? std::max(target.reached(), target.rung.wanted) : target.reached();
}

Refusal Controller::State::guard_pace(const Target& target, const Step& step, Instant now) {
    if (!is_paced(target, step)) return std::nullopt;
    auto refused = pacing.guard(place_of(target), step.posture, now);
    if (!refused) return std::nullopt;
    // Where its kind makes room requests are to wait: that is no reason to keep the drain.
    const bool makes_room = std::any_of(targets.begin(), targets.end(), [&](const Target& other) {
        return other.makes_room && other.plan->service == target.plan->service;
    });
    if (makes_room) return std::nullopt;
    return refused;
}

/// Of an item that carries nothing nobody receives anything.
bool Controller::State::is_paced(const Target& target, const Step& step) const {
    if (!pacing.paces(place_of(target))) return false;
    const auto state = target.ledger.states().find(step.item);
    return state != target.ledger.states().end() && is_ready(state->second);
}

std::optional<TierShare>& Controller::State::share_of(const TargetPlan& target) {
    const auto key = std::pair(target.tier, is_load(target));
    const auto known = shares.find(key);
    if (known != shares.end()) return known->second;
    std::optional<TierShare> share = TierShare{};
    for (const auto& other : targets) {
        const bool same = other.plan->tier == key.first && is_load(*other.plan) == key.second;
        if (share && same && !add_share(*share, *other.plan, other.ledger)) share.reset();
    }
    return shares[key] = std::move(share);
}

const std::set<std::string>& Controller::State::local_to(const TargetPlan& target) const {
    return locals.at(share_key(target, target.site));
}

ReadyServers& Controller::State::ready_of(const Target& target) {
    auto& known = ready[target.backend];
    if (known) return *known;
    std::vector<const TargetLedger*> views;
    for (const auto* other : sharing[target.backend]) views.push_back(&other->ledger);
    known = ready_servers(views);
    return *known;
}

/// What a target puts down itself stands at its own site: the count holds for all of its steps.
std::optional<std::size_t> Controller::State::elsewhere_of(const Target& target) {
    if (elsewhere.of == &target) return elsewhere.ready;
    elsewhere = {&target, 0};
    if (has_backend(*target.plan)) {
        elsewhere.ready = ready_elsewhere(ready_of(target), local_to(*target.plan));
    }
    if (!elsewhere.ready) return std::nullopt;
    std::set<std::string> counted;  // a server once, however many targets name it
    for (const auto* other : target.stand_ins) {
        const auto serving = ready_servers({&other->ledger});
        if (!serving) continue;
        for (const auto& item : other->plan->items) {
            if (serving->contains(item)) counted.insert(share_key(*other->plan, item));
        }
    }
    *elsewhere.ready += counted.size();
    return elsewhere.ready;
}

void Controller::State::tell_steps(const std::vector<Step>& steps, bool for_real) {
    for (std::size_t i = 0; i < steps.size();) {
        const auto& first = steps[i];
        std::vector<std::string> items;
        for (; i < steps.size() && steps[i].action == first.action &&
               steps[i].because == first.because;
             ++i) {
            items.push_back(steps[i].item);
        }
        for (const auto& some : fold_hostlist(items, most_items_bytes)) {
            tell(LogLevel::info, for_real ? "order" : "rehearsed",
                 {{"target", first.target},
                  {"items", some},
                  {"action", first.action},
                  {"because", first.because},
                  {"first_id", first.id}});
        }
    }
}

/// What a step did is to be seen wherever the traffic goes.
void Controller::State::stepped(const Target& target, Instant now) {
    pacing.stepped(place_of(target), now);
    for (const auto at : pacing.judged_by(place_of(target))) {
        if (at != place_of(target)) targets[at].ledger.look_by(pacing.look_by(at, now));
    }
}

void Controller::State::order(Target& target, std::vector<Step> steps, Now now) {
    target.ledger.ordered(steps, now.steady);
    if (!steps.empty()) {
        target.spaced_until = now.steady + plan.guard.spacing;
        ++counters["orders.sent"];
        stepping.insert(&target);
        notes_from = now.steady + notes_wait;
        if (depth_of(steps.front().action) > 0) stepped(target, now.steady);
    }
    tell_steps(steps, true);
    if (steps.empty()) sent_again.push_back(target.plan->name);
    for (const auto& step : steps) {
        note(EntryKind::order, step);
        command(target, step, true, now);
    }
    Order made{target.plan->name, std::move(steps)};
    if (!taker || !taker(made)) orders.push_back(std::move(made));
}

void Controller::State::switch_outlets(Target& target, const std::vector<Step>& steps, Now now) {
    for (const auto& step : target.outlets.want(steps)) {
        note(EntryKind::order, step);
        pace_of(target).took(now.steady);
        target.spaced_until = now.steady + plan.guard.spacing;
    }
    target.absence.clear();
    if (target.outlets.empty()) return;
    const auto* agent = situation.find(agent_of(*target.plan));
    // An agent of ours says that it is there; anything else may, and need not.
    const bool unheard = agent == nullptr && target.plan->kind == TargetKind::outlet;
    if (unheard || (agent != nullptr && agent->presence != Presence::online)) {
        target.absence =
            "agent " + target.plan->agent + " is " +
            std::string(to_string(agent == nullptr ? Presence::unheard : agent->presence));
    }
    if (!linked) {
        target.absence = "no link to the broker";
        return;
    }
    const auto due = target.outlets.take_due(now.steady);
    tell_steps(due, true);
    counters["orders.sent"] += due.size();
    for (const auto& step : due) {
        sent_again.push_back(target.plan->name);
        command(target, step, true, now);
    }
}

void Controller::State::rehearse(Target& target, const std::vector<Step>& steps, Now now) {
    std::vector<Step> fresh;
    for (const auto& step : steps) {
        if (target.rehearsed.insert(step.id).second) fresh.push_back(step);
    }
    if (fresh.empty()) return;
    for (const auto& name : target.plan->after) {
        const Target* other = find(name);
        if (other == nullptr || rehearsed_or_reached(*other) == other->reached()) continue;
        tell(LogLevel::info, "rehearsed-after",
             {{"target", target.plan->name},
              {"after", name},
              {"note", "taken for " + std::string(to_string(other->rung.wanted)) +
                           ", which was only rehearsed"}});
    }
    tell_steps(fresh, false);
    counters["steps.rehearsed"] += fresh.size();
    for (const auto& step : fresh) {
        note(EntryKind::rehearsal, step);
        command(target, step, false, now);
    }
}

void Controller::State::command(const Target& target, const Step& step, bool for_real, Now now) {
    Command fresh;
    Command& command = by_message(*target.plan) ? fresh : outgoing.note();
    command.id = step.id;
    command.target = step.target;
    command.item = step.item;
    command.action = step.action;
    command.armed = for_real;
    command.because = step.because;
    command.stamp = stamper.next(now.wall);
    if (!by_message(*target.plan)) return;
    const auto* agent = situation.find(agent_of(*target.plan));
    if (agent != nullptr && !agent->status.boot.empty()) {
        command.to = Echo{agent->status.boot, agent->status.seq};
    }
    outgoing.record(std::move(fresh));
}

}  // namespace firebreak
