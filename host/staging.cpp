// Within the controller, what depends on how all targets stand: shedding by power (who asks, what
// is chosen, how its votes count), stages of the restoration, the order of drains.
#include <fmt/format.h>

#include <algorithm>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {
namespace {

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

void Controller::State::look_at_drains(Now now) {
    if (!drain_order.active()) return;
    std::vector<DrainTarget> views;
    for (const auto& target : targets) {
        views.push_back({target.rung.wanted, target.reached(), target.is_read()});
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
        views.push_back({&target.ledger, target.poll.wanted(), target.rung.wanted,
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
    restoration.look(std::move(views), std::move(upss), now.steady);
    for (const auto& line : restoration.take_news()) {
        tell(LogLevel::info, "restoration", {{"note", line}});
    }
}

}  // namespace firebreak
