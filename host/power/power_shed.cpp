#include "host/power/power_shed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace firebreak {
namespace {

constexpr double least_kw = 1e-6;
constexpr Duration soonest = std::chrono::milliseconds(500);
constexpr Duration latest = std::chrono::seconds(30);

/// How long a load may take to go off before others are chosen in its place.
Duration patience(const std::optional<Duration>& within) {
    return within ? std::clamp<Duration>(*within / 3, soonest, latest) : latest;
}

/// How long the reading may take to show it; where there is little time, a meter's own delay is
/// not waited for in full: rather a load too many than a UPS that trips.
Duration showing(const std::optional<Duration>& within, Duration settle) {
    return within ? std::clamp<Duration>(*within / 4, std::min(soonest, settle), settle) : settle;
}

void append(std::string& text, const std::string& more) {
    text += (text.empty() ? "" : "; ") + more;
}

}  // namespace

PowerShed::PowerShed(const PolicyPlan& plan)
    : plan_(plan), watch_(plan.upss, plan.guard.evidence_max_age), chosen_(plan.targets.size()) {
    Complaints of_the_file;  // has been said when it was read
    for (auto& draw : draws_of(plan, shed_by_power(plan), of_the_file))
        picks_.push_back({std::move(draw), false, {}, {}, {}, {}});
    for (const auto& ups : plan.upss) settle_ = std::max(settle_, ups.settle);
}

void PowerShed::look(Pick& pick, const std::vector<PowerTarget>& targets, Instant now) const {
    bool wanted = false;
    bool off = true;
    for (const auto& [target, item] : pick.draw.items) {
        wanted = wanted || targets[target].asked || targets[target].shed;
        const auto& states = targets[target].ledger->states();
        const auto state = states.find(item);
        const auto ladder = ladder_of(plan_.targets[target]);
        off = off && state != states.end() &&
              depth_of(state->second) >= depth_of(action_for(ladder, Posture::shed));
    }
    if (!wanted) pick.chosen = false;
    if (!off) pick.off_at.reset();
    if (off && !pick.off_at) pick.off_at = now;
}

PowerShed::Needs PowerShed::needs(const Situation& situation, Instant now) {
    Needs out;
    const auto upss = plan_.map->upss.size();
    out.kw.assign(upss, 0.0);
    out.load.assign(upss, -1.0);
    out.lost.assign(upss, false);
    out.read_at.assign(upss, never);
    watch_.look(situation, now);
    doubt_.clear();
    unknown_ = 0;
    for (std::size_t i = 0; i < plan_.upss.size(); ++i) {
        const auto& ups = plan_.upss[i];
        const auto view = watch_.view(i, situation, now);
        if (!view.unknown.empty()) {
            ++unknown_;
            append(doubt_, ups.name + ": " + view.unknown);
        }
        if (!view.state) continue;
        out.load[ups.ups] = view.state->load_kw;
        out.read_at[ups.ups] = view.read_at;
        out.lost[ups.ups] = carries_nothing(ups.rating, *view.state);
        const auto need = shed_need(ups.rating, *view.state);
        if (need.kw < least_kw) continue;
        out.kw[ups.ups] = need.kw;
        append(out.why, ups.name + ' ' + need.why);
        if (need.within && (!out.within || *need.within < *out.within)) out.within = need.within;
    }
    return out;
}

std::vector<double> PowerShed::drawn_share(const Needs& needs) const {
    auto on = hangs_on(*plan_.map, needs.lost);
    for (const auto& pick : picks_) {
        if (!pick.off_at) continue;
        const auto kw = falls_by(pick.draw, needs.lost);
        for (std::size_t u = 0; u < on.size(); ++u) on[u] -= kw[u];
    }
    std::vector<double> share(on.size(), 1.0);
    for (std::size_t u = 0; u < on.size(); ++u) {
        // Machines draw less than their list says: more of them must go. That they draw more is
        // not believed: it may be some other load that nobody listed.
        if (needs.load[u] > 0 && on[u] > needs.load[u]) share[u] = needs.load[u] / on[u];
    }
    return share;
}

std::vector<double> PowerShed::falls(const Pick& pick, const Needs& needs,
                                     const std::vector<double>& share) const {
    auto kw = falls_by(pick.draw, needs.lost);
    for (std::size_t u = 0; u < kw.size(); ++u) kw[u] *= share[u];
    return kw;
}

bool PowerShed::shown(const Pick& pick, const Needs& needs) {
    const auto kw = falls_by(pick.draw, needs.lost);
    for (std::size_t u = 0; u < kw.size(); ++u) {
        if (kw[u] > 0 && needs.read_at[u] <= *pick.off_at) return false;
    }
    return true;
}

bool PowerShed::pending(const Pick& pick, const Needs& needs, bool armed, Instant now) {
    if (!pick.chosen) return false;
    if (pick.off_at) {
        if (now < *pick.off_at + pick.settle) return true;
        return now < *pick.off_at + pick.patience && !shown(pick, needs);
    }
    return !armed || now < pick.overdue;  // a rehearsal waits for nobody
}

std::optional<PowerChoice> PowerShed::choose(const std::vector<PowerTarget>& targets,
                                             const Situation& situation, bool armed, Instant now) {
    if (!active()) return std::nullopt;
    for (auto& pick : picks_) look(pick, targets, now);
    auto choice = choose_more(targets, situation, armed, now);
    note_chosen();
    return choice;
}

std::optional<PowerChoice> PowerShed::choose_more(const std::vector<PowerTarget>& targets,
                                                  const Situation& situation, bool armed,
                                                  Instant now) {
    auto need = needs(situation, now);
    if (std::all_of(need.kw.begin(), need.kw.end(), [](double kw) { return kw <= 0; })) {
        return std::nullopt;
    }
    const auto share = drawn_share(need);
    std::vector<ShedLoad> loads;
    std::vector<Pick*> candidates;
    for (auto& pick : picks_) {
        if (pending(pick, need, armed, now)) {
            const auto kw = falls(pick, need, share);
            for (std::size_t u = 0; u < kw.size(); ++u) need.kw[u] -= kw[u];
        }
        const auto& items = pick.draw.items;
        const bool asked = std::all_of(items.begin(), items.end(),
                                       [&](const auto& item) { return targets[item.first].asked; });
        if (!asked || pick.chosen || pick.off_at) continue;
        loads.push_back({pick.draw.tier, pick.draw.impact, falls(pick, need, share)});
        candidates.push_back(&pick);
    }
    for (auto& kw : need.kw) {
        if (kw < least_kw) kw = 0;
    }
    const auto choice = choose_loads(loads, need.kw);
    if (!choice.enough) append(doubt_, "all that may be shed does not meet the need: " + need.why);
    if (choice.loads.empty()) return std::nullopt;
    for (const auto i : choice.loads) {
        candidates[i]->chosen = true;
        candidates[i]->overdue = now + patience(need.within);
        candidates[i]->settle = showing(need.within, settle_);
        candidates[i]->patience = patience(need.within);
    }
    return PowerChoice{choice.loads.size(), std::accumulate(need.kw.begin(), need.kw.end(), 0.0),
                       need.why, choice.enough};
}

void PowerShed::note_chosen() {
    for (auto& items : chosen_) items.clear();
    for (const auto& pick : picks_) {
        if (!pick.chosen) continue;
        for (const auto& [target, item] : pick.draw.items) chosen_[target].insert(item);
    }
}

Instant PowerShed::next_deadline(Instant now) const {
    Instant next = watch_.next_deadline(now);
    for (const auto& pick : picks_) {
        if (!pick.chosen) continue;
        for (const auto wait : {pick.settle, pick.patience}) {
            const auto at = pick.off_at ? *pick.off_at + wait : pick.overdue;
            if (at > now) next = std::min(next, at);
        }
    }
    return next;
}

}  // namespace firebreak
