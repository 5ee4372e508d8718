#include "host/power/ups_watch.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {
namespace {

constexpr double longest_s = 1e7;  // four months

double at_seconds(Instant at) {
    return seconds(at.time_since_epoch());
}

std::optional<Duration> runtime_of(const ReadingNotice& notice) {
    if (!notice.value || !std::isfinite(*notice.value) || *notice.value < 0) return std::nullopt;
    double value = *notice.value;
    if (notice.unit == Unit::minute) {
        value *= 60;
    } else if (notice.unit != Unit::second) {
        return std::nullopt;
    }
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::min(value, longest_s)));
}

std::string name_of(const PointId& point) {
    return point.device + ' ' + point.measure;
}

}  // namespace

std::optional<double> load_kw(const ReadingNotice& notice, double capacity_kw) {
    if (!notice.value || !std::isfinite(*notice.value) || *notice.value < 0) return std::nullopt;
    switch (notice.unit) {
        case Unit::kilowatt:
            return *notice.value;
        case Unit::watt:
            return *notice.value / 1000;
        case Unit::percent:
            return *notice.value / 100 * capacity_kw;
        default:
            return std::nullopt;
    }
}

UpsWatch::UpsWatch(const std::vector<WatchedUps>& plans, Duration evidence_max_age)
    : evidence_max_age_(evidence_max_age) {
    for (const auto& plan : plans) {
        upss_.push_back({&plan, OverloadClock(plan.rating.overload), {}, {}, {}});
    }
}

UpsWatch::Heard UpsWatch::Ups::*UpsWatch::asked(const WatchedUps& plan, const Topic& topic) {
    if (topic.kind != Kind::reading || topic.origin != plan.agent) return nullptr;
    const PointId point{topic.name, topic.measure};
    if (point == plan.load) return &Ups::load;
    return plan.runtime && point == *plan.runtime ? &Ups::runtime : nullptr;
}

bool UpsWatch::wants(const Topic& topic) const {
    return std::any_of(upss_.begin(), upss_.end(),
                       [&](const Ups& ups) { return asked(*ups.plan, topic) != nullptr; });
}

bool UpsWatch::heard(const Topic& topic, const ReadingNotice& notice, Instant now) {
    bool over = false;
    for (auto& ups : upss_) {
        const auto which = asked(*ups.plan, topic);
        if (which == nullptr) continue;
        auto& one = ups.*which;
        const bool same_life = one.notice && one.notice->stamp.boot == notice.stamp.boot;
        // A broker hands the newest over again after a gap: it is no newer for that.
        if (same_life && notice.stamp.seq <= one.notice->stamp.seq) continue;
        one = {notice, now};
        if (which == &Ups::runtime && ups.load.notice) {
            ups.runtime_kw = load_kw(*ups.load.notice, ups.plan->rating.kw).value_or(0);
        }
        if (which != &Ups::load) continue;
        const auto kw = load_kw(notice, ups.plan->rating.kw);
        if (!kw) continue;
        ups.clock.add(at_seconds(now), 100 * *kw / ups.plan->rating.kw, seconds(ups.plan->max_age));
        over = over || *kw > ups.plan->rating.kw;
    }
    return over;
}

void UpsWatch::look(const Situation& situation, Instant now) {
    for (auto& ups : upss_) {
        const auto* agent = situation.find(ups.plan->agent);
        if (agent == nullptr) continue;
        const auto alarm = agent->alarms.find(ups.plan->on_battery);
        const bool active = alarm != agent->alarms.end() && alarm->second.active;
        if (!active) ups.on_battery_since.reset();
        if (active && !ups.on_battery_since) ups.on_battery_since = now;
    }
}

std::string UpsWatch::why_not(const Ups& ups, const Heard& heard, const PointId& point,
                              const Situation& situation, Instant now) const {
    const auto* agent = situation.find(ups.plan->agent);
    if (agent == nullptr || !Situation::fresh(*agent, now, evidence_max_age_)) {
        return "no fresh word of " + alarm_name(ups.plan->agent, "status");
    }
    const auto what = name_of(point);
    if (!heard.notice || heard.notice->stamp.boot != agent->status.boot) {
        return "no reading yet of " + what;
    }
    if (!heard.notice->value) return what + " is missing: " + heard.notice->value.error().what;
    if (now - heard.at > ups.plan->max_age) {
        return what + " was last heard " + format_duration(now - heard.at) + " ago";
    }
    return "";
}

/// What is left now of a runtime that was said a while ago, of another load perhaps: as the energy
/// in the battery has it, and less still where the load has risen (Peukert).
Duration UpsWatch::carried_on(Duration runtime, const Ups& ups, double load_kw, Instant now) {
    runtime -= std::min(runtime, now - ups.runtime.at);
    if (ups.runtime_kw <= 0 || load_kw <= 0) return runtime;
    const double ratio = ups.runtime_kw / load_kw;
    const double longer = seconds(runtime) * (ratio < 1 ? ratio * ratio : ratio);
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::min(longer, longest_s)));
}

UpsView UpsWatch::view(std::size_t place, const Situation& situation, Instant now) const {
    const auto& ups = upss_[place];
    const auto& plan = *ups.plan;
    UpsView out;
    out.unknown = why_not(ups, ups.load, plan.load, situation, now);
    if (!out.unknown.empty()) return out;
    const auto kw = load_kw(*ups.load.notice, plan.rating.kw);
    if (!kw) {
        out.unknown = name_of(plan.load) + " is no load in kW, W or %";
        return out;
    }
    out.read_at = ups.load.at;
    UpsState state;
    state.load_kw = *kw;
    auto clock = ups.clock;  // up to now, the load being what it was
    clock.add(at_seconds(now), 100 * *kw / plan.rating.kw, seconds(plan.max_age));
    state.used = clock.used();
    state.on_battery = ups.on_battery_since.has_value();
    if (state.on_battery) state.on_battery_for = now - *ups.on_battery_since;
    if (plan.runtime && state.on_battery) {
        out.unknown = why_not(ups, ups.runtime, *plan.runtime, situation, now);
        if (out.unknown.empty()) state.runtime = runtime_of(*ups.runtime.notice);
        if (state.runtime) state.runtime = carried_on(*state.runtime, ups, *kw, now);
        if (out.unknown.empty() && !state.runtime) {
            out.unknown = name_of(*plan.runtime) + " is no time in s or min";
        }
    }
    out.state = state;
    return out;
}

Instant UpsWatch::next_deadline(Instant now) const {
    Instant next = never;
    for (const auto& ups : upss_) {
        for (const auto* heard : {&ups.load, &ups.runtime}) {
            const auto stale = heard->at + ups.plan->max_age + std::chrono::milliseconds(1);
            if (heard->notice && stale > now) next = std::min(next, stale);
        }
    }
    return next;
}

std::vector<std::string> UpsWatch::topics() const {
    std::vector<std::string> topics;
    for (const auto& ups : upss_) {
        const auto add = [&](const PointId& point) {
            topics.push_back(
                to_string(Topic{ups.plan->agent, Kind::reading, point.device, point.measure}));
        };
        add(ups.plan->load);
        if (ups.plan->runtime) add(*ups.plan->runtime);
    }
    return topics;
}

}  // namespace firebreak
