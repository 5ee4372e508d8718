#include "sim/judge/detectors.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

constexpr double baseline_limit = 60;  ///< Cel
const Instant zero{std::chrono::hours(1000)};

Instant instant(double at) {
    return zero + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(at));
}

/// The alarms of one template are one detector.
const std::string& detector_of(const AlarmPlan& alarm) {
    return alarm.made_by.empty() ? alarm.name : alarm.made_by;
}

}  // namespace

DetectorNames detector_names(const SitePlan& site) {
    DetectorNames names{"60 Cel, two readings", "all alarms"};
    for (const auto& alarm : site.alarms) {
        const auto name = detector_of(alarm);
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

Detectors::Detectors(const SitePlan& site) : history_(zero), book_(site.alarms, zero) {
    for (const auto& device : site.devices) {
        devices_.push_back(device.name);
        history_.expect(device.name, device.silent_after);
    }
    news_.resize(devices_.size());
    const auto names = detector_names(site);
    for (const auto& alarm : site.alarms) {
        const auto at = std::find(names.begin(), names.end(), detector_of(alarm));
        detector_of_.push_back(static_cast<std::size_t>(at - names.begin()));
    }
}

std::size_t Detectors::seat(const PointId& point) {
    const auto device = std::find(devices_.begin(), devices_.end(), point.device);
    Seat seat;
    seat.reading.point = point;
    seat.reading.value = 0.0;
    seat.device = static_cast<std::size_t>(device - devices_.begin());
    seat.heat = point.measure.find("cell") != std::string::npos &&
                point.measure.find("temperature") != std::string::npos;
    if (seat.heat) seat.reading.unit = Unit::celsius;
    if (seat.device == devices_.size()) {
        devices_.push_back(point.device);
        news_.push_back(false);
    }
    seats_.push_back(std::move(seat));
    return seats_.size() - 1;
}

void Detectors::hear(std::size_t index, std::optional<double> value, double at) {
    auto& seat = seats_[index];
    seat.reading.at = instant(at);
    if (value && std::isfinite(*value)) {
        seat.reading.value = *value;
        seat.hot = *value >= baseline_limit ? seat.hot + 1 : 0;
        // From the second on it stands until the heat ends.
        if (seat.heat && seat.hot == 2) firings_.push_back({baseline_detector, at, index});
    } else {
        seat.reading.value = fail(Fault::stale, "no reading");
    }
    history_.heard(devices_[seat.device], seat.reading.at);
    history_.add(seat.reading);
    news_[seat.device] = true;
}

void Detectors::judge(double at) {
    const auto now = instant(at);
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        if (!news_[i]) continue;
        news_[i] = false;
        take(book_.look(devices_[i], history_, now), at);
    }
    if (book_.next_deadline() <= now) take(book_.tick(history_, now), at);
}

void Detectors::take(const std::vector<Transition>& transitions, double at) {
    for (const auto& changed : transitions) {
        if (changed.after.phase != Phase::firing || is_active(changed.before.phase)) continue;
        if (book_.plans()[changed.alarm].severity > Severity::low)
            firings_.push_back({all_detectors, at, 0});
        firings_.push_back({detector_of_[changed.alarm], at, 0});
    }
}

}  // namespace firebreak
