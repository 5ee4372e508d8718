#include "sim/world.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

std::optional<double> Curve::at(Duration time) const {
    auto value = value_;
    for (std::size_t i = 0; i < changes_.size() && changes_[i].at <= time; ++i) {
        const auto& change = changes_[i];
        const bool last = i + 1 == changes_.size() || changes_[i + 1].at > time;
        const Duration until = last ? time : changes_[i + 1].at;
        const Duration run = until - change.at;
        if (run >= change.over) {
            value = change.to;
        } else {
            // A ramp without a start has nothing to start from: it begins at zero.
            const double from = value.value_or(0);
            value = from + (change.to - from) * (seconds(run) / seconds(change.over));
        }
    }
    return value;
}

void Curve::write(Duration time, double value) {
    // What lies in the past is folded into the value, so that a master that writes for ever
    // does not make the curve grow.
    const auto later = std::find_if(changes_.begin(), changes_.end(),
                                    [&](const ChangePlan& change) { return change.at > time; });
    changes_.erase(changes_.begin(), later);
    value_ = value;
}

std::string_view to_string(RoomEventKind kind) {
    switch (kind) {
        case RoomEventKind::begin:
            return "begin";
        case RoomEventKind::event:
            return "event";
        case RoomEventKind::feed_off:
            return "feed_off";
        case RoomEventKind::feed_on:
            return "feed_on";
        case RoomEventKind::rack_off:
            return "rack_off";
        case RoomEventKind::rack_on:
            return "rack_on";
        case RoomEventKind::end:
            return "end";
    }
    return "end";
}

World::World(const Scenario& scenario)
    : scenario_(scenario),
      now_(scenario.begins),
      feed_curves_(scenario.feeds.size(), Curve(1.0)),
      feeds_(scenario.feeds.size(), true),
      powered_(scenario.racks.size(), true) {
    for (const auto& start : scenario_.starts) curves_[start.point].start_at(start.value);
    for (const auto& change : scenario_.changes) {
        (change.feed ? feed_curves_[*change.feed] : curves_[change.point]).add(change);
        steps_.push_back(change.at);
    }
    for (const auto& event : scenario_.events) steps_.push_back(event.at);
    steps_.push_back(scenario_.ends);
    std::sort(steps_.begin(), steps_.end());
    steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
    happened_.push_back({now_, RoomEventKind::begin, scenario_.title, 0, ""});
    step_to(now_);
}

void World::advance(Duration time) {
    // Step by step, so that each event carries its own time however far the caller jumps.
    while (next_step_ < steps_.size() && steps_[next_step_] <= time) step_to(steps_[next_step_]);
    now_ = std::max(now_, time);
}

void World::step_to(Duration time) {
    now_ = std::max(now_, time);
    while (next_step_ < steps_.size() && steps_[next_step_] <= now_) ++next_step_;
    const auto& events = scenario_.events;
    for (; next_event_ < events.size() && events[next_event_].at <= now_; ++next_event_) {
        const auto& event = events[next_event_];
        happened_.push_back(
            {event.at, RoomEventKind::event, event.say, 0, event.on_record ? "record" : "assumed"});
    }
    update_power();
    if (!ended_ && now_ >= scenario_.ends) {
        ended_ = true;
        happened_.push_back({scenario_.ends, RoomEventKind::end, scenario_.title, 0, ""});
    }
}

std::optional<Duration> World::next_step() const {
    if (next_step_ == steps_.size()) return std::nullopt;
    return steps_[next_step_];
}

std::optional<double> World::signal(const PointId& point) const {
    if (scenario_.ups && scenario_.ups->load == point) {
        return 100 * load_kw() / scenario_.ups->capacity_kw;
    }
    const auto found = curves_.find(point);
    return found == curves_.end() ? std::nullopt : found->second.at(now_);
}

const Curve* World::curve(const PointId& point) const {
    if (scenario_.ups && scenario_.ups->load == point) return nullptr;
    const auto found = curves_.find(point);
    return found == curves_.end() ? nullptr : &found->second;
}

void World::write(const PointId& point, double value) {
    curves_[point].write(now_, value);
    update_power();
}

double World::load_kw() const {
    double kw = 0;
    for (std::size_t i = 0; i < powered_.size(); ++i) kw += powered_[i] ? scenario_.racks[i].kw : 0;
    return kw;
}

std::vector<RoomEvent> World::take_events() {
    return std::exchange(happened_, {});
}

bool World::outlet_on(const RackPlan& rack) const {
    if (!rack.outlet) return true;
    const auto found = curves_.find(*rack.outlet);
    // An outlet the scenario does not speak of was on before the story began.
    return found == curves_.end() || found->second.at(now_).value_or(1) >= 0.5;
}

void World::update_power() {
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
        const bool live = feed_curves_[i].at(now_).value_or(1) >= 0.5;
        if (live == feeds_[i]) continue;
        feeds_[i] = live;
        happened_.push_back({now_, live ? RoomEventKind::feed_on : RoomEventKind::feed_off,
                             scenario_.feeds[i], 0, ""});
    }
    for (std::size_t i = 0; i < powered_.size(); ++i) {
        const auto& rack = scenario_.racks[i];
        const bool fed = feeds_.empty() || feeds_[rack.feed];
        const bool runs = fed && outlet_on(rack);
        if (runs == powered_[i]) continue;
        powered_[i] = runs;
        // Coming back, both hold; what had been missing is not kept, so "feed" stands for both.
        happened_.push_back({now_, runs ? RoomEventKind::rack_on : RoomEventKind::rack_off,
                             rack.name, rack.kw, fed && !runs ? "outlet" : "feed"});
    }
}

}  // namespace firebreak
