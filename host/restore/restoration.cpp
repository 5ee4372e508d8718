#include "host/restore/restoration.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

Restoration::Restoration(const PolicyPlan& plan)
    : plan_(plan), stages_(restore_stages(plan)), owed_(plan.targets.size()) {
    if (!plan.map || !active()) return;
    std::set<std::string> names;
    for (const auto& target : plan.targets) {
        if (ladder_of(target) != Ladder::servers) names.insert(target.name);
    }
    Complaints unknown;  // what nobody knows to feed anything comes back one at a time
    draws_ = draws_of(plan, names, unknown);
    for (std::size_t i = 0; i < draws_.size(); ++i) {
        if (draws_[i].parts.empty()) continue;
        // Whichever of its items comes first brings it all back.
        for (const auto& item : draws_[i].items) draw_of_[item] = i;
    }
}

void Restoration::look(std::vector<RestoreTarget> targets, std::vector<UpsView> upss, bool armed,
                       Instant now) {
    targets_ = std::move(targets);
    upss_ = std::move(upss);
    if (std::exchange(armed_, armed) != armed) switched_.clear();  // what was only rehearsed
    lost_.assign(plan_.map ? plan_.map->upss.size() : 0, false);
    for (std::size_t i = 0; i < upss_.size(); ++i) {
        const auto& ups = plan_.upss[i];
        if (upss_[i].state) lost_[ups.ups] = carries_nothing(ups.rating, *upss_[i].state);
    }
    look_at_items(now);
    look_at_switched(now);
    look_at_sites(now);
    look_at_owed(now);
}

void Restoration::look_at_switched(Instant now) {
    for (auto entry = switched_.begin(); entry != switched_.end();) {
        entry = is_over(entry->first, entry->second, now) ? switched_.erase(entry) : ++entry;
    }
}

bool Restoration::is_over(const Item& item, Switched& switched, Instant now) const {
    const auto& target = targets_[item.first];
    const auto& limits = plan_.restore;
    const bool off = target.ledger->held().contains(item.second);
    if (off && target.asked >= Posture::drain) return true;  // it is to be off anew
    if (!armed_) {  // a rehearsal switches nothing on: what it has let by stays let by
        switched.recent = now - switched.at < limits.inrush_every;
        return !off && !switched.recent;
    }
    if (off) return now - switched.at >= limits.stuck_after;
    if (!switched.on_since) switched.on_since = now;
    return now - *switched.on_since >= limits.inrush_every;
}

void Restoration::look_at_items(Instant now) {
    for (auto entry = back_.begin(); entry != back_.end();) {
        auto& [item, back] = *entry;
        const auto& target = targets_[item.first];
        const auto& states = target.ledger->states();
        const auto state = states.find(item.second);
        const bool well = state != states.end() && depth_of(state->second) == 0 &&
                          bare(state->second) != "down" && !is_unknown(state->second);
        if (!well) back.well_since.reset();
        if (well && !back.well_since) back.well_since = now;
        const bool settled = back.well_since && now - *back.well_since >= plan_.restore.settle;
        // Put down anew it begins anew, when its time comes.
        const bool again =
            target.wanted >= Posture::drain && owes(item.first) && target.asked >= Posture::drain;
        if (settled || again) {
            told_.erase(item);
            entry = back_.erase(entry);
            continue;
        }
        if (is_stuck(back, now) && told_.insert(item).second) {
            news_.push_back(fmt::format("{} of {} was brought back {} ago and is not well: {}",
                                        item.second, plan_.targets[item.first].name,
                                        format_duration(now - back.at), what_then()));
        }
        ++entry;
    }
}

/// A site comes back from when the last danger is over until nothing is owed.
void Restoration::look_at_sites(Instant now) {
    std::set<std::string> returning, endangered;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const auto& site = plan_.targets[i].site;
        if (owes(i)) returning.insert(site);
        if (targets_[i].asked >= Posture::drain) endangered.insert(site);
    }
    for (const auto& [item, back] : back_) returning.insert(plan_.targets[item.first].site);
    for (const auto& site : endangered) returning.erase(site);
    std::erase_if(announced_, [&](const auto& entry) { return !returning.contains(entry.first); });
    for (const auto& site : returning) {
        if (!announced_.emplace(site, now).second) continue;
        for (auto& line : describe_stages(plan_, site)) news_.push_back("plan: " + line);
    }
}

/// Held by somebody, or out of reach for good: what nobody brings back must not keep all that
/// comes after it down without a word.
void Restoration::look_at_owed(Instant now) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        auto& owed = owed_[i];
        const bool waits = targets_[i].wanted >= Posture::drain;  // for calm
        if (!owes(i) || waits || held_ || guard_site(i, now) || guard_stage(i, now)) {
            owed = {};
            continue;
        }
        if (!owed.since) owed.since = now;
        if (owed.told || !is_stuck(owed, now)) continue;
        owed.told = true;
        news_.push_back(fmt::format("{} is to be brought back for {} and is not: {}",
                                    plan_.targets[i].name, format_duration(now - *owed.since),
                                    what_then()));
    }
}

std::string_view Restoration::what_then() const {
    return plan_.restore.stuck == WhenStuck::pass ? "the next stage goes on" : "the rest waits";
}

bool Restoration::owes(std::size_t target) const {
    return !targets_[target].ledger->held().empty();
}

bool Restoration::is_stuck(const Back& back, Instant now) const {
    return !back.well_since && now - back.at >= plan_.restore.stuck_after;
}

bool Restoration::is_stuck(const Owed& owed, Instant now) const {
    return owed.since && now - *owed.since >= plan_.restore.stuck_after;
}

/// All that it owes was brought back once, and does not come.
bool Restoration::all_stuck(std::size_t target, Instant now) const {
    const auto& held = targets_[target].ledger->held();
    return std::all_of(held.begin(), held.end(), [&](const auto& entry) {
        const auto back = back_.find({target, entry.first});
        return back != back_.end() && is_stuck(back->second, now);
    });
}

std::string Restoration::missing(std::size_t target, Instant now) const {
    const auto& name = plan_.targets[target].name;
    const bool passed = plan_.restore.stuck == WhenStuck::pass &&
                        (is_stuck(owed_[target], now) || all_stuck(target, now));
    if (owes(target) && !passed) return name;
    for (auto entry = back_.lower_bound({target, ""});
         entry != back_.end() && entry->first.first == target; ++entry) {
        if (is_stuck(entry->second, now) && plan_.restore.stuck == WhenStuck::pass) continue;
        const auto& states = targets_[target].ledger->states();
        const auto state = states.find(entry->first.second);
        return fmt::format("{}: {} is {}", name, entry->first.second,
                           entry->second.well_since ? "well, but not for long"
                           : state == states.end()  ? "not read back"
                                                    : state->second);
    }
    return "";
}

Refusal Restoration::guard(std::size_t target, const Step& step, Instant now) const {
    if (!active()) return std::nullopt;
    if (held_) return refusal("restoration", "held: " + *held_, "on resume, or when that ends");
    if (auto refused = guard_site(target, now)) return refused;
    if (auto refused = guard_stage(target, now)) return refused;
    return guard_feeds(target, step);
}

Refusal Restoration::guard_site(std::size_t target, Instant now) const {
    const auto& site = plan_.targets[target].site;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        if (plan_.targets[i].site != site || targets_[i].asked < Posture::drain) continue;
        return refusal("restoration",
                       fmt::format("stopped, {} asks for {} of {}", targets_[i].because,
                                   to_string(targets_[i].asked), plan_.targets[i].name),
                       "once nobody does");
    }
    const auto shown = announced_.find(site);
    if (shown == announced_.end())
        return refusal("restoration", "its plan has not been shown yet", "once it has");
    const auto begins = shown->second + plan_.restore.announce;
    if (now >= begins) return std::nullopt;
    return refusal("restoration", "the plan is shown", "in " + format_duration(begins - now));
}

Refusal Restoration::guard_stage(std::size_t target, Instant now) const {
    const auto& own = plan_.targets[target];
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        const auto& other = plan_.targets[i];
        const auto& needs = own.needs;
        const bool needed = std::find(needs.begin(), needs.end(), other.name) != needs.end();
        const bool earlier = other.site == own.site && stages_[i] < stages_[target];
        if (!needed && !earlier) continue;
        const auto what = missing(i, now);
        if (what.empty()) continue;
        return refusal("restoration",
                       needed ? "waits for what it needs, " + what
                              : fmt::format("stage {} waits for stage {}, {}", stages_[target],
                                            stages_[i], what),
                       "once that is back, and well");
    }
    return std::nullopt;
}

std::optional<std::vector<double>> Restoration::kw_of(const Item& item) const {
    const auto found = draw_of_.find(item);
    if (found == draw_of_.end()) return std::nullopt;
    const auto& draw = draws_[found->second];
    auto kw = falls_by(draw, lost_);
    // All of its feeds carry nothing: whichever is live, nobody can tell, and each may get it all.
    for (const auto& part : draw.parts) {
        const auto is_lost = [&](std::size_t ups) { return lost_[ups]; };
        if (!std::all_of(part.feeds.begin(), part.feeds.end(), is_lost)) continue;
        for (const auto ups : part.feeds) kw[ups] += part.kw;
    }
    return kw;
}

Refusal Restoration::guard_feeds(std::size_t target, const Step& step) const {
    const Item item{target, step.item};
    const bool switches = ladder_of(plan_.targets[target]) != Ladder::servers;
    if (!switches || switched_.contains(item)) return std::nullopt;
    const auto& limits = plan_.restore;
    const auto kw = kw_of(item);
    std::vector<double> recent(plan_.map ? plan_.map->upss.size() : 0, 0.0);
    bool any = false;
    for (const auto& [other, switched] : switched_) {
        if (!switched.recent) continue;
        any = true;
        const auto more = kw_of(other);
        // Of what is not known how much it draws, nothing else comes with it.
        for (std::size_t u = 0; u < recent.size(); ++u) {
            recent[u] += more ? (*more)[u] : limits.inrush_kw;
        }
    }
    if (limits.inrush_kw > 0 && any && !kw) {
        return refusal("restoration",
                       "inrush: nobody knows what " + step.item + " draws, and it comes alone",
                       "as time goes by");
    }
    if (kw) {
        if (auto refused = guard_inrush(recent, *kw)) return refused;
    }
    return guard_upss(target, recent, kw);
}

Refusal Restoration::guard_inrush(const std::vector<double>& recent,
                                  const std::vector<double>& kw) const {
    const auto& limits = plan_.restore;
    for (std::size_t u = 0; limits.inrush_kw > 0 && u < recent.size(); ++u) {
        if (kw[u] <= 0 || recent[u] <= 0 || recent[u] + kw[u] <= limits.inrush_kw) continue;
        return refusal("restoration",
                       fmt::format("inrush: {:.1f} kW came to {} within {}, {:.1f} may", recent[u],
                                   plan_.map->upss[u].name, format_duration(limits.inrush_every),
                                   limits.inrush_kw),
                       "as time goes by");
    }
    return std::nullopt;
}

Refusal Restoration::guard_upss(std::size_t target, const std::vector<double>& recent,
                                const std::optional<std::vector<double>>& kw) const {
    for (std::size_t i = 0; i < upss_.size(); ++i) {
        const auto& ups = plan_.upss[i];
        const bool bears =
            kw ? (*kw)[ups.ups] > 0 : plan_.map->upss[ups.ups].site == plan_.targets[target].site;
        if (!bears) continue;
        if (!upss_[i].state) {
            return refusal("restoration", ups.name + ": " + upss_[i].unknown, "once that is read");
        }
        const auto then = upss_[i].state->load_kw + recent[ups.ups] + (kw ? (*kw)[ups.ups] : 0.0);
        if (then <= ups.rating.kw) continue;
        return refusal("restoration",
                       fmt::format("{} would carry {:.1f} kW and may carry {:.1f}", ups.name, then,
                                   ups.rating.kw),
                       "once it carries less");
    }
    return std::nullopt;
}

void Restoration::took(std::size_t target, const Step& step, bool armed, Instant now) {
    if (!active()) return;
    const Item item{target, step.item};
    if (ladder_of(plan_.targets[target]) != Ladder::servers) {
        switched_.emplace(item, Switched{now});
    }
    // What is only said again brings nothing on.
    if (armed && (depth_of(step.action) > 0 || !back_.emplace(item, Back{now, {}}).second)) return;
    const auto& site = plan_.targets[target].site;
    for (std::size_t i = 0; i < owed_.size(); ++i) {
        if (plan_.targets[i].site == site && !owed_[i].told) owed_[i].since.reset();
    }
}

Instant Restoration::next_deadline(Instant now) const {
    Instant next = never;
    const auto sooner = [&](Instant at) {
        if (at > now) next = std::min(next, at);
    };
    for (const auto& [site, at] : announced_) sooner(at + plan_.restore.announce);
    for (const auto& [item, switched] : switched_) {
        sooner(switched.on_since.value_or(switched.at) + plan_.restore.inrush_every);
        sooner(switched.at + plan_.restore.stuck_after);
    }
    for (const auto& [item, back] : back_) {
        if (back.well_since) sooner(*back.well_since + plan_.restore.settle);
        sooner(back.at + plan_.restore.stuck_after);
    }
    for (const auto& owed : owed_) {
        if (owed.since) sooner(*owed.since + plan_.restore.stuck_after);
    }
    return next;
}

}  // namespace firebreak
