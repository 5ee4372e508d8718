// From what is wanted to orders: steps, guards, commands; rehearsed when not armed.
#include <algorithm>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {

void Controller::State::act(Target& target, Now now) {
    auto& ledger = target.ledger;
    if (ledger.lost(now.steady)) ledger.failed("the order's answer was lost", true, now.steady);
    if (!by_message(*target.plan) && !ledger.known()) {
        const bool waits = target.rung.wanted >= Posture::drain && ledger.fault().empty();
        target.refusal = waits ? "not read back yet" : "";
        if (ledger.must_observe(now.steady)) order(target, {}, now);
        return;
    }
    if (ledger.under_way()) return;
    auto steps = allowed(target, now);
    if (!plan.armed) {
        rehearse(target, steps, now);
    } else if (by_message(*target.plan)) {
        switch_outlets(target, steps, now);
    } else if (!steps.empty() && ledger.may_step(now.steady)) {
        for (std::size_t i = 0; i < steps.size(); ++i) pace.took(now.steady);
        order(target, std::move(steps), now);
    }
    if (!by_message(*target.plan) && ledger.must_observe(now.steady)) {
        order(target, {}, now);
    }
}

std::vector<Step> Controller::State::allowed(Target& target, Now now) {
    const auto steps = target.steps();
    if (steps.empty()) target.ledger.settled();
    target.refusal.clear();
    std::vector<Step> passed;
    for (const auto& step : steps) {
        auto refused = guards(target, step, now.steady);
        if (!refused && plan.armed && !target.outlets.commanding(step)) {
            refused = pace.guard(now.steady, passed.size() + 1);
            paced = paced || refused;
        }
        if (refused) {
            if (target.refusal.empty()) target.refusal = step.item + ": " + *refused;
            continue;
        }
        if (has_backend(*target.plan)) {
            if (auto& servers = ready_of(*target.plan)) servers->erase(step.item);
        }
        passed.push_back(step);
    }
    target.rehearsing = !plan.armed && !steps.empty() && passed.size() == steps.size();
    return passed;
}

Refusal Controller::State::guards(const Target& target, const Step& step, Instant now) {
    const auto state = target.ledger.states().find(step.item);
    const bool down = lowers(step, state == target.ledger.states().end() ? "" : state->second);
    if (!down) {
        const auto above = static_cast<Posture>(static_cast<int>(step.posture) + 1);
        const auto why = doubt(target.ballots, above, situation, plan.guard.evidence_max_age, now);
        if (auto refused = guard_all_clear(why)) return refused;
        std::vector<std::string> held;
        for (const auto& other : targets) {
            const auto& after = other.plan->after;
            if (std::find(after.begin(), after.end(), target.plan->name) == after.end()) continue;
            for (const auto& [item, action] : other.ledger.held()) held.push_back(item);
        }
        return guard_power_back(held);
    }
    if (auto refused = guard_fresh(step, target.rung.admitted)) return refused;
    if (has_backend(*target.plan)) {
        return guard_min_ready(step, ready_of(*target.plan), plan.guard.min_ready);
    }
    std::vector<DrainView> after;
    for (const auto& name : target.plan->after) {
        const Target* other = find(name);
        if (other == nullptr) continue;  // the policy file refuses unknown names
        after.push_back({name, other->is_read(), other->reached()});
    }
    return guard_after(after);
}

ReadyServers& Controller::State::ready_of(const TargetPlan& target) {
    const auto key = std::pair(target.endpoint, target.backend);
    const auto known = ready.find(key);
    if (known != ready.end()) return known->second;
    std::vector<const TargetLedger*> views;
    for (const auto& other : targets) {
        const bool same = has_backend(*other.plan) && other.plan->endpoint == target.endpoint &&
                          other.plan->backend == target.backend;
        if (same) views.push_back(&other.ledger);
    }
    return ready[key] = ready_servers(views);
}

void Controller::State::order(Target& target, std::vector<Step> steps, Now now) {
    target.ledger.ordered(steps, now.steady);
    if (!steps.empty()) ++counters["orders.sent"];
    for (const auto& step : steps) command(step, true, now);
    orders.push_back({target.plan->name, std::move(steps)});
}

void Controller::State::switch_outlets(Target& target, const std::vector<Step>& steps, Now now) {
    for (const auto& step : steps) {
        if (!target.outlets.commanding(step)) pace.took(now.steady);
    }
    target.outlets.want(steps);
    target.absence.clear();
    if (target.outlets.empty()) return;
    const auto* agent = situation.find(agent_of(*target.plan));
    if (agent == nullptr || agent->presence != Presence::online) {
        target.absence =
            "agent " + target.plan->agent + " is " +
            std::string(to_string(agent == nullptr ? Presence::unheard : agent->presence));
    }
    if (!linked) {
        target.absence = "no link to the broker";
        return;
    }
    for (const auto& step : target.outlets.take_due(now.steady)) {
        ++counters["orders.sent"];
        command(step, true, now);
    }
}

void Controller::State::rehearse(Target& target, const std::vector<Step>& steps, Now now) {
    for (const auto& step : steps) {
        if (!target.rehearsed.insert(step.id).second) continue;
        ++counters["steps.rehearsed"];
        command(step, false, now);
    }
}

void Controller::State::command(const Step& step, bool armed, Now now) {
    tell(LogLevel::info, armed ? "order" : "rehearsed",
         {{"target", step.target},
          {"item", step.item},
          {"action", step.action},
          {"because", step.because},
          {"id", step.id}});
    Command command{step.id,      step.target,           step.item, step.action, armed,
                    step.because, stamper.next(now.wall)};
    const Target* target = find(step.target);
    if (target != nullptr && by_message(*target->plan)) {
        const auto* agent = situation.find(agent_of(*target->plan));
        if (agent != nullptr && !agent->status.boot.empty()) {
            command.to = Echo{agent->status.boot, agent->status.seq};
        }
    }
    outgoing.record({topic(Kind::command, step.target), to_json(command), false});
}

}  // namespace firebreak
