#include "firmware/alarm/book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "firmware/alarm/take_up.hpp"
namespace firebreak {

namespace {

constexpr std::size_t cause_most = 480;  ///< the wire's texts end at 512 bytes

Verdict both(Verdict a, Verdict b) {
    const auto met = static_cast<std::size_t>(a == Verdict::met) + (b == Verdict::met ? 1 : 0);
    const auto missing =
        static_cast<std::size_t>(a == Verdict::no_evidence) + (b == Verdict::no_evidence ? 1 : 0);
    return join(met, missing, 2, 0);
}

bool tells(const AlarmState& state) {
    return is_active(state.phase) && !is_silenced(state);
}

/// Shorter than the wire's limit, and never within a UTF-8 character.
std::string cut(std::string text) {
    if (text.size() <= cause_most) return text;
    std::size_t end = cause_most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
    return text + "…";
}

}  // namespace

AlarmBook::AlarmBook(std::vector<AlarmPlan> plans, Instant start)
    : plans_(std::move(plans)), entries_(plans_.size()), ties_(plans_.size()), watch_(start) {
    for (std::size_t alarm = 0; alarm < plans_.size(); ++alarm) {
        entries_[alarm].state.since = start;
        by_name_.emplace(plans_[alarm].name, alarm);
    }
    for (std::size_t alarm = 0; alarm < plans_.size(); ++alarm) build(alarm);
    waiting_.reserve(plans_.size());
}

void AlarmBook::build(std::size_t alarm) {
    auto& entry = entries_[alarm];
    const auto& plan = plans_[alarm];
    entry.signs = signs_of(alarm, plan.conditions);
    entry.unless = signs_of(alarm, plan.unless);
    entry.confirmed_by = signs_of(alarm, plan.confirmed_by);
    entry.kinds = static_cast<std::uint32_t>(plan.join.kinds);
    entry.needed = plan.all ? 0 : static_cast<std::uint32_t>(plan.join.at_least);
    if (entry.kinds > 0 || entry.confirmed_by.count > 0) entry.within = plan.join.within;
    for (const auto& name : plan.annunciation.suppressed_by) {
        for (const auto other : alarms_named(name)) {
            ties_[alarm].suppressors.push_back(other);
            ties_[other].dependents.push_back(alarm);
            entry.has_suppressors = true;
        }
    }
}

AlarmBook::Signs AlarmBook::signs_of(std::size_t alarm,
                                     const std::vector<ConditionPlan>& conditions) {
    const Signs signs{static_cast<std::uint32_t>(signs_.size()),
                      static_cast<std::uint32_t>(conditions.size())};
    for (const auto& condition : conditions) {
        Sign sign;
        sign.off_delay = condition.off_delay;
        const auto kind = std::find(kinds_.begin(), kinds_.end(), condition.kind);
        sign.kind = static_cast<std::uint32_t>(kind - kinds_.begin());
        if (kind == kinds_.end()) kinds_.push_back(condition.kind);
        if (const auto* other = std::get_if<OtherAlarm>(&condition.quantity)) {
            sign.asks = true;
            sign.condition = static_cast<std::uint32_t>(asked_.size());
            asked_.push_back(alarms_named(other->alarm));
            for (const auto asked : asked_.back()) ties_[asked].dependents.push_back(alarm);
        } else {
            sign.condition = watch_.add(condition);
            watch_device(condition.point.device, alarm);
            if (const auto* difference = std::get_if<Difference>(&condition.quantity)) {
                watch_device(difference->other.device, alarm);
            }
        }
        signs_.push_back(sign);
    }
    return signs;
}

bool AlarmBook::is_suppressed(std::size_t alarm) const {
    const auto& others = ties_[alarm].suppressors;
    return std::any_of(others.begin(), others.end(),
                       [this](std::size_t other) { return tells(entries_[other].state); });
}

/// Itself, or all that a template of this name made.
std::vector<std::size_t> AlarmBook::alarms_named(const std::string& name) const {
    std::vector<std::size_t> found;
    for (std::size_t alarm = 0; alarm < plans_.size(); ++alarm) {
        if (plans_[alarm].name == name || plans_[alarm].made_by == name) found.push_back(alarm);
    }
    return found;
}

void AlarmBook::watch_device(const std::string& device, std::size_t alarm) {
    auto& watchers = by_device_[device];
    if (watchers.empty() || watchers.back() != alarm) watchers.push_back(alarm);
}

std::vector<Transition> AlarmBook::look(const std::string& device, const History& history,
                                        Instant now) {
    std::vector<Transition> changed;
    watch_.hear(device, history, now);
    const auto watchers = by_device_.find(device);
    if (watchers != by_device_.end()) {
        for (const std::size_t alarm : watchers->second) judge(alarm, history, now, changed);
    }
    settle(history, now, changed);
    return changed;
}

std::vector<Transition> AlarmBook::tick(const History& history, Instant now) {
    std::vector<Transition> changed;
    if (now < earliest_) return changed;
    settle(history, now, changed);
    for (std::size_t alarm = 0; alarm < entries_.size(); ++alarm) {
        if (due(alarm) <= now) judge(alarm, history, now, changed);
    }
    settle(history, now, changed);
    earliest_ = never;
    for (std::size_t alarm = 0; alarm < entries_.size(); ++alarm) {
        earliest_ = std::min(earliest_, due(alarm));
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
    if (entry.state.phase != before.phase) ties_[*found].cause = earlier.cause;
    earliest_ = std::min(earliest_, due(*found));
    tell_dependents(*found, now.steady);
    return Transition{*found, before, entry.state, ties_[*found].cause};
}

std::string AlarmBook::suppressors(std::size_t alarm) const {
    std::string names;
    for (const auto other : ties_[alarm].suppressors) {
        if (!tells(entries_[other].state)) continue;
        if (!names.empty()) names += ", ";
        names += plans_[other].name;
    }
    return names;
}

std::optional<std::size_t> AlarmBook::find(std::string_view alarm) const {
    const auto found = by_name_.find(alarm);
    if (found == by_name_.end()) return std::nullopt;
    return found->second;
}

void AlarmBook::judge(std::size_t alarm, const History& history, Instant now, Changes& changed) {
    if (auto one = judge_one(alarm, history, now, std::nullopt)) {
        changed.push_back(std::move(*one));
    }
}

/// The alarms that ask others whose state has changed. No alarm asks itself, by whatever way, so
/// this ends; the site file's reader sees to that.
void AlarmBook::settle(const History& history, Instant now, Changes& changed) {
    while (!waiting_.empty()) {
        const auto alarm = waiting_.back();
        waiting_.pop_back();
        entries_[alarm].waits = false;
        judge(alarm, history, now, changed);
    }
}

void AlarmBook::tell_dependents(std::size_t alarm, Instant now) {
    for (const auto dependent : ties_[alarm].dependents) {
        if (std::exchange(entries_[dependent].waits, true)) continue;
        waiting_.push_back(dependent);
        earliest_ = std::min(earliest_, now);
    }
}

std::optional<Transition> AlarmBook::judge_one(std::size_t alarm, const History& history,
                                               Instant now,
                                               const std::optional<OperatorOrder>& order) {
    const auto& plan = plans_[alarm];
    auto& entry = entries_[alarm];
    entry.recheck = never;
    look_at(entry.signs, entry.within, entry, history, now);
    look_at(entry.unless, Duration::zero(), entry, history, now);
    look_at(entry.confirmed_by, entry.within, entry, history, now);
    entry.verdict = verdict_of(entry);
    const AlarmState before = entry.state;
    // Only what is known to hold suppresses, and only while somebody is told of it.
    entry.state.suppressed_by_design = entry.has_suppressors && is_suppressed(alarm);
    entry.state = step(entry.state, entry.verdict, plan, now, order);
    earliest_ = std::min(earliest_, due(alarm));
    if (entry.state == before) return std::nullopt;
    tell_dependents(alarm, now);
    auto& cause = ties_[alarm].cause;
    // Without evidence there is nothing new to say; the last cause stands.
    if (entry.state.phase != before.phase && entry.verdict != Verdict::no_evidence) {
        cause = cause_of(alarm, history, now);
    }
    return Transition{alarm, before, entry.state, cause};
}

void AlarmBook::look_at(Signs signs, Duration within, Entry& entry, const History& history,
                        Instant now) {
    for (auto& sign : in(signs)) {
        const bool was_met = sign.asks && sign.seen == Verdict::met;
        sign.seen =
            sign.asks ? ask(asked_[sign.condition]) : watch_.judge(sign.condition, history, now);
        if (sign.seen == Verdict::met || was_met) sign.met = now;
        if (sign.seen != Verdict::no_evidence) sign.known = sign.seen;
        sign.verdict = sign.seen;
        if (!sign.asks) entry.recheck = std::min(entry.recheck, watch_.next_change(sign.condition));
        const Duration after = std::max(within, sign.off_delay);
        if (sign.seen == Verdict::met || after == Duration::zero() || !sign.met) continue;
        // A sign counts for a while after it was seen: fire burns its sensors, a load's heat stays.
        const Instant over = *sign.met + after;
        if (now >= over) continue;
        sign.verdict = Verdict::met;
        entry.recheck = std::min(entry.recheck, over);
    }
}

Verdict AlarmBook::ask(const std::vector<std::size_t>& alarms) const {
    std::size_t active = 0;
    std::size_t unknown = 0;
    for (const auto alarm : alarms) {
        const auto& state = entries_[alarm].state;
        // A silenced alarm asks nothing of anybody, so it tells nothing either.
        if (state.phase == Phase::unknown || is_silenced(state)) {
            ++unknown;
        } else if (is_active(state.phase)) {
            ++active;
        }
    }
    return join(active, unknown, alarms.size(), 1);
}

Verdict AlarmBook::join_signs(const Entry& entry) const {
    std::size_t met = 0;
    std::size_t missing = 0;
    std::uint64_t met_kinds = 0;
    std::uint64_t missing_kinds = 0;
    for (const auto& sign : in(entry.signs)) {
        const auto bit = std::uint64_t{1} << (sign.kind % 64);
        if (sign.verdict == Verdict::met) {
            ++met;
            met_kinds |= bit;
        } else if (sign.verdict == Verdict::no_evidence) {
            ++missing;
            missing_kinds |= bit;
        }
    }
    if (entry.kinds > 0) {
        const auto known = static_cast<std::size_t>(std::popcount(met_kinds));
        const auto open = static_cast<std::size_t>(std::popcount(missing_kinds & ~met_kinds));
        return join(known, open, std::max(entry.signs.count, entry.kinds), entry.kinds);
    }
    return join(met, missing, entry.signs.count, entry.needed);
}

Verdict AlarmBook::join_list(Signs signs) const {
    std::size_t met = 0;
    std::size_t missing = 0;
    for (const auto& sign : in(signs)) {
        if (sign.verdict == Verdict::met) ++met;
        if (sign.verdict == Verdict::no_evidence) ++missing;
    }
    return join(met, missing, signs.count, 1);
}

/// All of an excuse must be met. What is missing of it stays as it was last known, so that it
/// neither starts nor ends an alarm, and was not met before it was ever known: what an excuse needs
/// may not be measured here, and heat that is measured shall not wait for it.
bool AlarmBook::excused(const Entry& entry) const {
    const auto excuses = in(entry.unless);
    return std::all_of(excuses.begin(), excuses.end(), [](const Sign& sign) {
        const bool missing = sign.verdict == Verdict::no_evidence;
        return (missing ? sign.known : sign.verdict) == Verdict::met;
    });
}

Verdict AlarmBook::verdict_of(const Entry& entry) const {
    Verdict verdict = join_signs(entry);
    if (entry.confirmed_by.count > 0) verdict = both(verdict, join_list(entry.confirmed_by));
    // Only what is seen can be excused: a load must not clear the alarm of a cell that has burnt
    // its sensor.
    const bool held_back = entry.unless.count > 0 && excused(entry);
    return verdict == Verdict::met && held_back ? Verdict::unmet : verdict;
}

Instant AlarmBook::due(std::size_t alarm) const {
    const auto& entry = entries_[alarm];
    return std::min(next_change(entry.state, entry.verdict, plans_[alarm]), entry.recheck);
}

std::string AlarmBook::words_for(const Sign& sign, const History& history, Instant now) {
    if (sign.asks) {
        for (const auto alarm : asked_[sign.condition]) {
            const auto phase = entries_[alarm].state.phase;
            if ((sign.verdict == Verdict::met) != is_active(phase)) continue;
            auto text = "alarm " + plans_[alarm].name + ' ' + std::string(to_string(phase));
            return sign.verdict == Verdict::met ? text + " (" + ties_[alarm].cause + ')' : text;
        }
        return "an alarm was active a while ago";
    }
    const auto text = watch_.explain(sign.condition, history, now, sign.seen);
    if (sign.verdict == sign.seen || !sign.met) return text;
    return fmt::format("{} (met until {:.0f} s ago)", text, seconds(now - *sign.met));
}

std::string AlarmBook::cause_of(std::size_t alarm, const History& history, Instant now) {
    const auto& plan = plans_[alarm];
    const auto& entry = entries_[alarm];
    std::string detail;
    const auto tell = [&](Signs signs, Verdict told, bool every) {
        for (const auto& sign : in(signs)) {
            if (sign.verdict != told) continue;
            if (!detail.empty()) detail += ", ";
            detail += words_for(sign, history, now);
            if (!every) break;
        }
    };
    const bool met = entry.verdict == Verdict::met;
    const bool several = plan.all || plan.join.at_least != 1 || plan.join.kinds > 0;
    // Every reason of an `all` alarm made it so; of an `any` alarm the first will do.
    if (join_signs(entry) == entry.verdict) tell(entry.signs, entry.verdict, several == met);
    if (met) tell(entry.confirmed_by, Verdict::met, false);
    if (detail.empty()) tell(entry.unless, Verdict::met, true);
    if (plan.message.empty() || !met) return cut(detail);
    return cut(plan.message + ": " + detail);
}

}  // namespace firebreak
