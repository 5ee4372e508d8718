// Within the controller, what depends on how all targets stand: shedding by power (who asks, what
// is chosen, how its votes count), stages of the restoration, the order of drains, who makes room
// for whom.
#include <fmt/format.h>

#include <algorithm>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"
#include "host/guard/maintenance.hpp"

namespace firebreak {
namespace {

constexpr std::size_t longest_because = 200;  // on the wire

/// Whether some rule asks, on fresh evidence, to shed the target itself by power.
bool is_asked(const Target& target, const Situation& situation, Duration max_age, Instant now) {
    std::vector<Ballot> own;
    for (const auto& ballot : target.ballots) {
        if (ballot.rule->by_power && ballot.sheds == target.plan->name) own.push_back(ballot);
    }
    const auto votes = tally(own, situation, max_age, now).votes;
    return std::any_of(votes.begin(), votes.end(), [](const Vote& vote) { return vote.fresh; });
}

}  // namespace

void Controller::State::reading(const Topic& topic, const std::string& payload, Now now) {
    const auto notice = parse_reading(payload);
    if (!notice) return dropped("malformed", "reading", notice.error().what);
    const bool over = power.watch().heard(topic, *notice, now.steady);
    if (!record.on()) return;
    auto text = text_of(Evidence{to_string(topic), payload});
    if (over) {
        record.keep(EntryKind::evidence, now, std::move(text));
    } else {
        record.repeat(to_string(topic), EntryKind::evidence, now, std::move(text));
    }
}

void Controller::State::choose_by_power(Now now) {
    if (!power.active()) return;
    std::vector<PowerTarget> views;
    for (const auto& target : targets) {
        const auto max_age = plan.guard.evidence_max_age;
        const bool asked =
            is_asked(target, situation, max_age, now.steady) &&
            fresh_agents(target.ballots, situation, max_age, now.steady) >= plan.guard.quorum;
        views.push_back({asked, target.rung.wanted >= Posture::shed, &target.ledger});
    }
    if (const auto choice = power.choose(views, situation, armed, now.steady)) {
        tell(choice->enough ? LogLevel::info : LogLevel::warning, "shed-by-power",
             {{"loads", choice->loads},
              {"kw", fmt::format("{:.1f}", choice->kw)},
              {"enough", choice->enough},
              {"because", choice->why}});
    }
    std::set<std::string> called;  // something of them is to be off, or is
    for (const auto& target : targets) {
        const bool keeps = target.rung.wanted >= Posture::shed && !target.ledger.held().empty();
        if (keeps || !power.chosen(place_of(target)).empty()) called.insert(target.plan->name);
    }
    for (auto& target : targets) {
        target.power_doubt = views[place_of(target)].asked ? power.doubt() : "";
        target.counted = target.ballots;
        for (auto& ballot : *target.counted) {
            // Nothing of it is needed: the alarm is known, and that is all.
            if (ballot.rule->by_power && !called.contains(ballot.sheds)) {
                ballot.at_least = Posture::watch;
            }
        }
    }
}

/// As long as anything of it is owed its load is not back.
bool Controller::State::is_drained(const Target& target, Now now) const {
    if (target.makes_room) return false;
    if (target.drill && !target.drill_items.empty()) return false;  // some servers: little moves
    if (!target.ledger.held().empty()) return true;
    // What people keep from moving sends nothing, whatever is wanted.
    const auto& name = target.plan->name;
    const bool kept = holds.on(name) != nullptr ||
                      guard_maintenance(plan.maintenance, name, now.wall).has_value();
    return target.rung.wanted >= Posture::drain && !kept;
}

const Rung* Controller::State::sender_to(const std::string& site, Now now) const {
    const Rung* sender = nullptr;
    for (const auto& other : targets) {
        if (other.plan->site == site) continue;
        const bool sends = std::any_of(plan.targets.begin(), plan.targets.end(), [&](auto& there) {
            return there.site == site && there.service == other.plan->service;
        });
        if (!sends || other.rung.wanted < Posture::drain || !is_drained(other, now)) continue;
        if (sender == nullptr || other.rung.admitted > sender->admitted) sender = &other.rung;
    }
    return sender;
}

std::optional<RoomVote> Controller::State::room_of(const Target& target, double share,
                                                   Now now) const {
    if (share >= 1) return std::nullopt;
    if (!target.is_read()) return target.room;
    std::set<std::string> down;
    for (const auto& [item, state] : target.ledger.states()) {
        if (!is_ready(state)) down.insert(item);
    }
    auto items = items_to_yield(target.plan->items, down, share);
    const auto& site = target.plan->site;
    const auto* sender = sender_to(site, now);
    if (sender == nullptr && target.room) {  // on the way back nobody gives up more than before
        const auto& before = target.room->items;
        std::erase_if(items, [&](const auto& item) { return !before.contains(item); });
    }
    if (items.empty() || (sender == nullptr && !target.room)) return std::nullopt;
    if (sender == nullptr) return RoomVote{target.room->vote, std::move(items)};
    const bool fresh = sender->admitted >= Posture::drain;
    auto because = fmt::format("{}{}: {}", room_at, site, sender->cause);
    because.resize(std::min(because.size(), longest_because));
    return RoomVote{
        {Posture::drain, std::move(because), self, "", sender->cause_began, fresh, false, true},
        std::move(items)};
}

void Controller::State::tell_capacity(const std::vector<Burden>& before) {
    for (const auto& site : plan.drain.sites) {
        const auto was = describe_site(plan, site.site, before);
        const auto is = describe_site(plan, site.site, carried);
        if (was == is) continue;
        if (record.on()) record.decided(EntryKind::decision, capacity_text(site.site, is));
        tell(LogLevel::info, "capacity",
             {{"site", site.site}, {"note", is.empty() ? "it receives nothing any more" : is}});
    }
}

void Controller::State::make_room(Now now) {
    if (plan.drain.sites.empty()) return;
    std::vector<bool> drained;
    drained.reserve(targets.size());
    for (const auto& target : targets) drained.push_back(is_drained(target, now));
    const auto before = std::exchange(carried, burdens(plan, drained, carried));
    if (before != carried) tell_capacity(before);
    for (auto& target : targets) {
        const bool had = target.room.has_value();
        target.give_room(room_of(target, carried[place_of(target)].share, now));
        if (had || target.room) climb(target, now);
    }
}

void Controller::State::look_at_drains(Now now) {
    const auto drain_of = [](const Target& target) {
        return target.makes_room ? Posture::normal : target.rung.wanted;
    };
    for (const auto& target : targets) {
        if (!pacing.paces(place_of(target))) continue;
        const bool done = target.reached() >= Posture::drain;
        pacing.look(place_of(target), drain_of(target), done, now.steady);
    }
    for (const auto& line : pacing.take_news()) {
        tell(LogLevel::warning, "drain-held", {{"note", line}});
    }
    if (!drain_order.active()) return;
    std::vector<DrainTarget> views;
    for (const auto& target : targets) {
        views.push_back({drain_of(target), rehearsed_or_reached(target), target.is_read()});
    }
    drain_order.look(views, now.steady);
    for (const auto& line : drain_order.take_news()) {
        tell(LogLevel::warning, "drain-stuck", {{"note", line}});
    }
}

void Controller::State::look_at_restoration(Now now) {
    if (!restoration.active()) return;
    std::vector<RestoreTarget> views;
    for (const auto& target : targets) {
        const auto& because = target.rung.because;
        views.push_back({&target.ledger, target.asked(), target.rung.wanted,
                         because.empty() ? "" : because.front()});
    }
    restoration.release();
    const auto* hold = holds.on(std::string(whole_restoration));
    if (hold != nullptr) restoration.hold(fmt::format("by {}: {}", hold->by, hold->why));
    std::vector<UpsView> upss;
    power.watch().look(situation, now.steady);
    for (std::size_t i = 0; i < plan.upss.size(); ++i) {
        upss.push_back(power.watch().view(i, situation, now.steady));
    }
    restoration.look(std::move(views), std::move(upss), armed, now.steady);
    for (const auto& line : restoration.take_news()) {
        // When a plan was shown bears on when it begins: a replay must show it at the same time.
        if (record.on()) record.decided(EntryKind::decision, restoration_text(line));
        tell(LogLevel::info, "restoration", {{"note", line}});
    }
}

}  // namespace firebreak
