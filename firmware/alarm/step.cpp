#include "firmware/alarm/step.hpp"

#include <algorithm>

namespace firebreak {

namespace {

void enter(AlarmState& state, Phase phase, const AlarmPlan& plan, Instant now) {
    const bool was_active = is_active(state.phase);
    state.phase = phase;
    state.since = now;
    state.latched = phase == Phase::firing && plan.latch;
    // Fading back to firing is the same occurrence: what was acknowledged stays so.
    if (was_active && is_active(phase)) return;
    state.acknowledged = false;
    state.acknowledged_at = {};
    state.asked_again = 0;
}

/// When the acknowledgement lapses: somebody has seen it, and it is still there.
Instant lapse(const AlarmState& state, const AlarmPlan& plan) {
    if (!state.acknowledged) return never;
    const Duration after = plan.annunciation.re_alarm;
    return after > Duration::zero() ? state.acknowledged_at + after : never;
}

/// The one phase that follows, or the same phase.
Phase following(const AlarmState& state, Verdict verdict, const AlarmPlan& plan, Instant now) {
    const Duration held = now - state.since;
    switch (state.phase) {
        case Phase::unknown:
        case Phase::clear:
            if (verdict == Verdict::met) return Phase::pending;
            if (verdict == Verdict::unmet) return Phase::clear;
            return state.phase;
        case Phase::pending:
            if (verdict == Verdict::unmet) return Phase::clear;
            // Without evidence it runs on: a fire that burns the sensor must still alarm.
            return held >= plan.on_delay ? Phase::firing : Phase::pending;
        case Phase::firing:
            return verdict == Verdict::unmet && !state.latched ? Phase::fading : Phase::firing;
        case Phase::fading:
            if (verdict == Verdict::met) return Phase::firing;
            return verdict == Verdict::unmet && held >= plan.off_delay ? Phase::clear
                                                                       : Phase::fading;
    }
    return state.phase;
}

void obey(AlarmState& state, const OperatorOrder& order, Instant now) {
    switch (order.action) {
        case OperatorAction::acknowledge:
            // Seen once is seen: another word on it does not put off the next question.
            if (is_active(state.phase) && !state.acknowledged) {
                state.acknowledged = true;
                state.acknowledged_at = now;
            }
            break;
        case OperatorAction::shelve:
            if (order.shelve_for > Duration::zero()) state.shelved_until = now + order.shelve_for;
            break;
        case OperatorAction::unshelve:
            state.shelved_until.reset();
            break;
        case OperatorAction::suppress:
            state.suppressed = true;
            break;
        case OperatorAction::unsuppress:
            state.suppressed = false;
            break;
        case OperatorAction::out_of_service:
            state.out_of_service = true;
            break;
        case OperatorAction::in_service:
            state.out_of_service = false;
            break;
        case OperatorAction::reset:
            break;  // done before the phases move, see step()
    }
}

}  // namespace

AlarmState step(AlarmState state, Verdict verdict, const AlarmPlan& plan, Instant now,
                const std::optional<OperatorOrder>& order) {
    const bool reset = order && order->action == OperatorAction::reset;
    // A reset counts only on evidence that the condition is gone; it is not remembered.
    if (reset && verdict == Verdict::unmet) state.latched = false;

    // No cycle is possible for one verdict: met goes up, un-met goes down.
    for (Phase next = following(state, verdict, plan, now); next != state.phase;
         next = following(state, verdict, plan, now)) {
        enter(state, next, plan, now);
    }

    if (state.shelved_until && now >= *state.shelved_until) state.shelved_until.reset();
    if (now >= lapse(state, plan)) {
        state.acknowledged = false;
        state.acknowledged_at = {};
        ++state.asked_again;
    }
    if (order) obey(state, *order, now);
    return state;
}

Instant next_change(const AlarmState& state, Verdict verdict, const AlarmPlan& plan) {
    Instant next = std::min(state.shelved_until.value_or(never), lapse(state, plan));
    if (state.phase == Phase::pending) next = std::min(next, state.since + plan.on_delay);
    // Without evidence fading waits for evidence, not for a time: no deadline, no busy loop.
    if (state.phase == Phase::fading && verdict == Verdict::unmet) {
        next = std::min(next, state.since + plan.off_delay);
    }
    return next;
}

}  // namespace firebreak
