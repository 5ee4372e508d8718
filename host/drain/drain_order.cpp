#include "host/drain/drain_order.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

DrainOrder::DrainOrder(const PolicyPlan& plan)
    : plan_(plan), needed_by_(plan.targets.size()), under_way_(plan.targets.size()) {
    const auto places = places_of(plan.targets);
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        for (const auto& name : plan.targets[i].needs) {
            const auto needed = places.find(name);
            if (needed == places.end()) continue;  // is complained of when the file is read
            needed_by_[needed->second].push_back(i);
            active_ = true;
        }
    }
}

void DrainOrder::look(const std::vector<DrainTarget>& targets, Instant now) {
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto& target = targets[i];
        const bool down = target.read && target.reached >= Posture::drain;
        under_way_[i].open = target.wanted >= Posture::drain && !down;
    }
    for (std::size_t i = 0; i < targets.size(); ++i) {
        auto& under = under_way_[i];
        // Its time runs from its turn: until then it is not its own fault that it is not down.
        if (!under.open || first_before(i, now)) {
            under.since.reset();
            under.told = false;
            continue;
        }
        if (!under.since) under.since = now;
        if (under.told || !is_stuck(under, now)) continue;
        under.told = true;
        news_.push_back(fmt::format(
            "{} is asked to drain for {} and has not: what it needs {}", plan_.targets[i].name,
            format_duration(now - *under.since),
            plan_.drain.stuck == WhenStuck::pass ? "goes on without it" : "waits for it"));
    }
}

std::optional<std::size_t> DrainOrder::first_before(std::size_t target, Instant now) const {
    for (const auto other : needed_by_[target]) {
        const auto& under = under_way_[other];
        const bool passed = is_stuck(under, now) && plan_.drain.stuck == WhenStuck::pass;
        if (under.open && !passed) return other;
    }
    return std::nullopt;
}

Refusal DrainOrder::guard(std::size_t target, Instant now) const {
    const auto other = first_before(target, now);
    if (!other) return std::nullopt;
    return refusal("drain order",
                   fmt::format("{} needs it and is not drained yet{}", plan_.targets[*other].name,
                               is_stuck(under_way_[*other], now) ? ", it is stuck" : ""),
                   "once it is");
}

Instant DrainOrder::next_deadline(Instant now) const {
    Instant next = never;
    for (const auto& under : under_way_) {
        if (under.since && *under.since + plan_.drain.stuck_after > now) {
            next = std::min(next, *under.since + plan_.drain.stuck_after);
        }
    }
    return next;
}

}  // namespace firebreak
