#include "firmware/alarm/annunciator.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

namespace {

/// A deed lasts as long as what it did.
void follow(std::optional<Deed>& deed, bool was, bool is, const std::string& by, WallTime at) {
    if (!is) {
        deed.reset();
    } else if (!was && !by.empty()) {
        deed = Deed{by, at};
    }
}

}  // namespace

Annunciator::Annunciator(const std::vector<AlarmPlan>& plans, const FloodPlan& flood)
    : alarms_(plans.size()), group_of_(plans.size()), flood_(plans.size(), flood) {
    std::map<std::string, std::size_t> numbers;
    for (std::size_t alarm = 0; alarm < plans.size(); ++alarm) {
        const auto& name = plans[alarm].annunciation.group;
        if (name.empty()) continue;
        group_of_[alarm] = numbers.emplace(name, numbers.size()).first->second;
    }
    groups_.resize(numbers.size());
}

void Annunciator::hear(const Transition& change, Now now, const std::string& by) {
    record(change.alarm, change, now, by);
    const bool was = is_active(change.before.phase);
    const bool is = is_active(change.after.phase);
    if (!was && is) came(change.alarm, is_silenced(change.after), now.steady);
    if (was && !is) went(change.alarm);
}

void Annunciator::record(std::size_t alarm, const Transition& change, Now now,
                         const std::string& by) {
    auto& known = alarms_[alarm];
    const auto& [before, after] = std::pair(change.before, change.after);
    follow(known.acknowledge, before.acknowledged, after.acknowledged, by, now.wall);
    follow(known.suppress, before.suppressed, after.suppressed, by, now.wall);
    follow(known.out_of_service, before.out_of_service, after.out_of_service, by, now.wall);
    if (!after.shelved_until) {
        known.shelve.reset();
        known.shelved_until.reset();
    } else if (after.shelved_until != before.shelved_until && !by.empty()) {
        known.shelve = Deed{by, now.wall};
        known.shelved_until = now.wall + std::chrono::ceil<std::chrono::milliseconds>(
                                             *after.shelved_until - now.steady);
    }
}

void Annunciator::came(std::size_t alarm, bool silenced, Instant now) {
    auto& known = alarms_[alarm];
    const bool chattered = known.chatter.chatters();
    known.chatter.came(now);
    if (known.chatter.chatters() != chattered) changed_.push_back(alarm);
    // What nobody is shown floods nobody; one that chatters is one trouble, not many.
    if (!silenced && !chattered) flood_.came(alarm, now);
    if (!group_of_[alarm]) return;
    auto& group = groups_[*group_of_[alarm]];
    group.active.push_back(alarm);
    if (group.first || silenced) return;
    group.first = alarm;
    known.first_out = true;
    changed_.push_back(alarm);
}

void Annunciator::went(std::size_t alarm) {
    flood_.went(alarm);
    if (!group_of_[alarm]) return;
    auto& group = groups_[*group_of_[alarm]];
    std::erase(group.active, alarm);
    unmark(group);
}

/// The mark stays while the consequences do: the first may well be over before them.
void Annunciator::unmark(Group& group) {
    if (!group.active.empty() || !group.first) return;
    alarms_[*group.first].first_out = false;
    changed_.push_back(*group.first);
    group.first.reset();
}

void Annunciator::take_up(std::size_t alarm, const AlarmState& state, const AlarmNotice& earlier) {
    auto& known = alarms_[alarm];
    if (state.acknowledged) known.acknowledge = earlier.acknowledge;
    if (state.suppressed) known.suppress = earlier.suppress;
    if (state.out_of_service) known.out_of_service = earlier.out_of_service;
    if (state.shelved_until) {
        known.shelve = earlier.shelve;
        known.shelved_until = earlier.shelved_until;
    }
    if (!group_of_[alarm]) return;
    auto& group = groups_[*group_of_[alarm]];
    const bool listed =
        std::find(group.active.begin(), group.active.end(), alarm) != group.active.end();
    if (is_active(state.phase) && !listed) group.active.push_back(alarm);
    if (!earlier.first_out) return;
    if (group.first) alarms_[*group.first].first_out = false;
    group.first = alarm;
    known.first_out = true;
}

void Annunciator::tick(Instant now) {
    for (std::size_t alarm = 0; alarm < alarms_.size(); ++alarm) {
        auto& chatter = alarms_[alarm].chatter;
        if (!chatter.chatters()) continue;
        chatter.tick(now);
        if (!chatter.chatters()) changed_.push_back(alarm);
    }
    for (auto& group : groups_) unmark(group);  // of an earlier life that is over
    flood_changed_ = flood_.tick(now) || flood_changed_;
}

std::vector<std::size_t> Annunciator::take_changed() {
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    return std::exchange(changed_, {});
}

bool Annunciator::take_flood() {
    return std::exchange(flood_changed_, false);
}

std::size_t Annunciator::chattering() const {
    return static_cast<std::size_t>(
        std::count_if(alarms_.begin(), alarms_.end(),
                      [](const Annunciated& each) { return each.chatter.chatters(); }));
}

Instant Annunciator::next_deadline() const {
    Instant next = flood_.next_deadline();
    for (const auto& each : alarms_) next = std::min(next, each.chatter.next_deadline());
    return next;
}

}  // namespace firebreak
