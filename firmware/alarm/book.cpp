#include "firmware/alarm/book.hpp"

#include <algorithm>
#include <utility>

#include "firmware/alarm/condition.hpp"
#include "firmware/alarm/take_up.hpp"

namespace firebreak {

AlarmBook::AlarmBook(std::vector<AlarmPlan> plans, Instant start) : plans_(std::move(plans)) {
    for (std::size_t alarm = 0; alarm < plans_.size(); ++alarm) {
        Entry entry;
        entry.state.since = start;
        entry.held.resize(plans_[alarm].conditions.size(), false);
        entries_.push_back(std::move(entry));
        by_name_.emplace(plans_[alarm].name, alarm);
        for (const auto& condition : plans_[alarm].conditions) {
            auto& watchers = by_device_[condition.point.device];
            if (watchers.empty() || watchers.back() != alarm) watchers.push_back(alarm);
        }
    }
}

std::vector<Transition> AlarmBook::look(const std::string& device, const History& history,
                                        Instant now) {
    std::vector<Transition> changed;
    const auto watchers = by_device_.find(device);
    if (watchers == by_device_.end()) return changed;
    for (const std::size_t alarm : watchers->second) {
        if (auto one = judge_one(alarm, history, now, std::nullopt)) {
            changed.push_back(std::move(*one));
        }
    }
    return changed;
}

std::vector<Transition> AlarmBook::tick(const History& history, Instant now) {
    std::vector<Transition> changed;
    for (std::size_t alarm = 0; alarm < entries_.size(); ++alarm) {
        const auto& entry = entries_[alarm];
        if (next_change(entry.state, entry.verdict, plans_[alarm]) > now) continue;
        if (auto one = judge_one(alarm, history, now, std::nullopt)) {
            changed.push_back(std::move(*one));
        }
    }
    return changed;
}

std::optional<Transition> AlarmBook::operate(std::string_view alarm, const OperatorOrder& order,
                                             const History& history, Instant now) {
    const auto found = find(alarm);
    if (!found) return std::nullopt;
    return judge_one(*found, history, now, order);
}

std::optional<Transition> AlarmBook::take_up(const AlarmNotice& earlier, Now now) {
    const auto found = find(earlier.alarm);
    if (!found || entries_[*found].taken_up) return std::nullopt;
    auto& entry = entries_[*found];
    entry.taken_up = true;
    const AlarmState before = entry.state;
    entry.state = taken_up(before, plans_[*found], earlier, now);
    if (entry.state == before) return std::nullopt;
    if (entry.state.phase != before.phase) entry.cause = earlier.cause;
    return Transition{*found, before, entry.state, entry.cause};
}

Instant AlarmBook::next_deadline() const {
    Instant next = never;
    for (std::size_t alarm = 0; alarm < entries_.size(); ++alarm) {
        const auto& entry = entries_[alarm];
        next = std::min(next, next_change(entry.state, entry.verdict, plans_[alarm]));
    }
    return next;
}

std::optional<std::size_t> AlarmBook::find(std::string_view alarm) const {
    const auto found = by_name_.find(alarm);
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
}

std::optional<Transition> AlarmBook::judge_one(std::size_t alarm, const History& history,
                                               Instant now,
                                               const std::optional<OperatorOrder>& order) {
    const auto& plan = plans_[alarm];
    auto& entry = entries_[alarm];
    std::vector<Verdict> verdicts;
    verdicts.reserve(plan.conditions.size());
    for (std::size_t i = 0; i < plan.conditions.size(); ++i) {
        const Verdict verdict = judge(plan.conditions[i], history, now, entry.held[i]);
        if (verdict != Verdict::no_evidence) entry.held[i] = verdict == Verdict::met;
        verdicts.push_back(verdict);
    }
    entry.verdict = join(verdicts, plan.all);
    const AlarmState before = entry.state;
    entry.state = step(before, entry.verdict, plan, now, order);
    if (entry.state == before) return std::nullopt;
    // Without evidence there is nothing new to say; the last cause stands.
    if (entry.state.phase != before.phase && entry.verdict != Verdict::no_evidence) {
        entry.cause = cause_of(alarm, verdicts, history, now);
    }
    return Transition{alarm, before, entry.state, entry.cause};
}

std::string AlarmBook::cause_of(std::size_t alarm, const std::vector<Verdict>& verdicts,
                                const History& history, Instant now) const {
    const auto& plan = plans_[alarm];
    const Verdict joined = entries_[alarm].verdict;
    std::string detail;
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (verdicts[i] != joined) continue;
        if (!detail.empty()) detail += ", ";
        detail += explain(plan.conditions[i], history, now, verdicts[i]);
        // Every reason of an `all` alarm made it so; of an `any` alarm the first will do.
        if (plan.all != (joined == Verdict::met)) break;
    }
    if (plan.message.empty() || joined != Verdict::met) return detail;
    return plan.message + ": " + detail;
}

}  // namespace firebreak
