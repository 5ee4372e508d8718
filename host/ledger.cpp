#include "host/ledger.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace firebreak {

void TargetLedger::ordered(const std::vector<Step>& steps, Instant now) {
    under_way_ = true;
    steps_under_way_ = !steps.empty();
    ordered_at_ = now;
    if (steps.empty()) return;
    ++revision_;
    if (!tried_.empty()) {  // an answer was lost: the newer word of an item counts
        std::set<std::string_view> anew;
        for (const auto& step : steps) anew.insert(step.item);
        std::erase_if(tried_, [&](const auto& attempt) { return anew.contains(attempt.item); });
    }
    tried_.reserve(tried_.size() + steps.size());
    StatesInTurn in_turn(states_);
    for (const auto& step : steps) {
        const auto* state = in_turn.of(step.item);
        const bool carried = state != nullptr && depth_of(*state) == 0;
        // Even if the answer is lost the order may be carried out: what is read back later as
        // we wanted it, and carried traffic before, is ours.
        tried_.push_back({step.item, step.action, carried || held_.contains(step.item)});
    }
}

std::vector<std::string> TargetLedger::read_back(ItemStates states, Instant now) {
    ++revision_;
    std::string unset;
    bool on_its_way = false;
    const bool stepped = under_way_ && steps_under_way_;
    StatesInTurn in_turn(states);
    for (const auto& attempt : tried_) {
        const auto& item = attempt.item;
        const auto* state = in_turn.of(item);
        const bool set = state != nullptr && is_set(*state, attempt.action);
        if (!set && state != nullptr && depth_of(attempt.action) > 0 &&
            state->starts_with(draining)) {
            on_its_way = true;
        } else if (!set) {
            unset += ' ' + item;
        } else if (depth_of(attempt.action) == 0) {
            held_.erase(item);
        } else if (attempt.ours && !(marked_ && !bare(*state).ends_with(by_others))) {
            held_[item] = attempt.action;  // what bears our mark is held all the same
        }
    }
    tried_.clear();
    states_ = std::move(states);
    known_ = true;
    under_way_ = false;
    observe_at_ = now + observe_every;
    reach_fault_.clear();
    reach_backoff_.succeeded();
    // Back after an outage: the steps that failed in it need not wait any longer.
    if (observing_failed_) step_at_ = std::min(step_at_, now);
    observing_failed_ = false;
    if (stepped && !unset.empty()) {
        step_fault_ = "not read back as set:" + unset;
        const auto wait = step_backoff_.failed();
        step_at_ = now + (on_its_way ? std::min(wait, observe_every) : wait);
    } else if (stepped) {
        settled();
        if (on_its_way) step_at_ = now + observe_every;
    }
    look_at_waits();
    return marked_ ? hold_marked() : drop_foreign();
}

void TargetLedger::look_at_waits() {
    waits_.clear();
    for (const auto& [item, state] : states_) {
        const auto word = bare(state);
        const bool unknown = word == cannot_tell;
        if (!unknown && (!word.starts_with(draining) || word.ends_with(by_others))) continue;
        if (word.size() == state.size()) continue;
        waits_ = item + (unknown ? ": cannot tell: " : ": ") + state.substr(word.size() + 1);
        return;
    }
}

std::vector<std::string> TargetLedger::hold_marked() {
    std::map<std::string, std::string> marked;
    for (const auto& [item, state] : states_) {
        const auto word = bare(state);
        if (!is_lowered(state)) continue;
        const auto held = held_.find(item);
        if (state.ends_with(unmarked) && held != held_.end() && recalled_.contains(item)) {
            marked.insert(*held);  // who put it down was killed before he marked it
            continue;
        }
        if (word.ends_with(by_others)) continue;
        if (word.ends_with(by_peer) && !inherited_.contains(item)) continue;
        marked.emplace_hint(marked.end(), item, state);
        recalled_.erase(item);
    }
    for (const auto& [item, action] : held_) {
        const auto state = states_.find(item);
        if (state != states_.end() && is_unknown(state->second)) marked.emplace(item, action);
    }
    std::erase_if(inherited_, [&](const auto& item) { return !marked.contains(item); });
    std::erase_if(recalled_, [&](const auto& item) { return !marked.contains(item); });
    std::vector<std::string> lost;
    for (const auto& [item, action] : held_) {
        if (marked.contains(item)) continue;
        lost.push_back(item);
        const auto state = states_.find(item);
        const bool by_peers = state != states_.end() && bare(state->second).ends_with(by_peer);
        if (by_peers) below_peer_.insert(item);
    }
    std::erase_if(below_peer_, [&](const auto& item) {
        const auto state = states_.find(item);
        const bool down =
            state != states_.end() && (is_lowered(state->second) || state->second == cannot_tell);
        return !down || marked.contains(item);
    });
    held_ = std::move(marked);
    return lost;
}

std::vector<std::string> TargetLedger::drop_foreign() {
    std::vector<std::string> lost;
    for (auto held = held_.begin(); held != held_.end();) {
        const auto state = states_.find(held->first);
        if (state != states_.end() && is_unknown(state->second)) {
            ++held;
            continue;
        }
        const std::string_view word = state == states_.end() ? "" : bare(state->second);
        const bool down = depth_of(word) > 0 && !word.ends_with(by_others);
        if (down && held->second.empty()) held->second = word;
        // Of what was set, that much is left below.
        const bool less = stays_below_ && down && depth_of(word) < depth_of(held->second);
        if (less) held->second = word;
        const bool as_we_set_it = down && (stays_below_ || word == held->second);
        if (!as_we_set_it) lost.push_back(held->first);
        held = as_we_set_it ? std::next(held) : held_.erase(held);
    }
    return lost;
}

void TargetLedger::failed(const std::string& why, bool steps, Instant now) {
    ++revision_;
    known_ = false;  // cannot tell what was carried out: read back before the next step
    under_way_ = false;
    observing_failed_ = !steps;
    if (steps) {
        step_fault_ = why;
        step_at_ = now + step_backoff_.failed();
        reach_at_ = now + first_wait;
    } else {
        reach_fault_ = why;
        reach_at_ = now + reach_backoff_.failed();
    }
}

void TargetLedger::settled() {
    step_fault_.clear();
    step_backoff_.succeeded();
    step_at_ = Instant::min();
}

void TargetLedger::item_is(const std::string& item, const std::string& state, bool ours) {
    ++revision_;
    states_[item] = state;
    if (depth_of(state) == 0) {
        held_.erase(item);
    } else if (ours) {
        held_[item] = state;
    }
}

void TargetLedger::took_over(const std::vector<std::string>& items, std::string_view action,
                             Whose of) {
    ++revision_;
    for (const auto& item : items) {
        held_.try_emplace(item, action);
        recalled_.insert(item);
        if (of == Whose::peers) inherited_.insert(item);
    }
}

void TargetLedger::hurry(Instant now) {
    reach_at_ = std::min(reach_at_, now);
    step_at_ = std::min(step_at_, now);
}

Instant TargetLedger::next_deadline(Instant now) const {
    if (under_way_) return ordered_at_ + lost_after;
    if (!known_) return reach_at_;
    // A wait that is over is no deadline: what holds the step back now is a guard.
    return step_at_ > now ? std::min(observe_at_, step_at_) : observe_at_;
}

std::vector<std::string> TargetLedger::held_items() const {
    std::vector<std::string> items;
    for (const auto& [item, action] : held_) items.push_back(item);
    return items;
}

std::vector<std::string> TargetLedger::going_down() const {
    std::vector<std::string> items;
    for (const auto& attempt : tried_) {
        if (depth_of(attempt.action) > 0 && attempt.ours) items.push_back(attempt.item);
    }
    return items;
}

}  // namespace firebreak
