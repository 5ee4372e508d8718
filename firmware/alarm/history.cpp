#include "firmware/alarm/history.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

void History::expect(const std::string& device, Duration silent_after) {
    ears_.insert_or_assign(device, Ear{start_, silent_after, false});
}

void History::expect(const PointId& point, Duration stale_after) {
    stale_after_.insert_or_assign(point, stale_after);
}

void History::heard(const std::string& device, Instant at) {
    const auto ear = ears_.find(device);
    if (ear == ears_.end()) return;
    ear->second.heard = std::max(ear->second.heard, at);
    ear->second.ever = true;
}

void History::add(Reading reading) {
    const auto known = newest_.find(reading.point);
    if (known == newest_.end()) {
        auto point = reading.point;
        newest_.emplace(std::move(point), std::move(reading));
    } else if (reading.at >= known->second.at) {
        known->second = std::move(reading);
    }
}

const Reading* History::newest(const PointId& point) const {
    const auto known = newest_.find(point);
    return known == newest_.end() ? nullptr : &known->second;
}

Result<double> History::evidence(const PointId& point, Instant now) const {
    const Reading* reading = newest(point);
    if (reading == nullptr) return fail(Fault::stale, "not read yet");
    const auto ear = ears_.find(point.device);
    const auto own = stale_after_.find(point);
    const auto limit = own != stale_after_.end() ? own->second
                       : ear != ears_.end()      ? ear->second.silent_after
                                                 : Duration::max();
    if (now - reading->at >= limit) return fail(Fault::stale, "too old");
    return reading->value;
}

bool History::heard_ever(const std::string& device) const {
    const auto ear = ears_.find(device);
    return ear != ears_.end() && ear->second.ever;
}

bool History::silent(const std::string& device, Instant now) const {
    return now >= silent_at(device);
}

Duration History::quiet(const std::string& device, Instant now) const {
    const auto ear = ears_.find(device);
    return ear == ears_.end() ? Duration::zero()
                              : std::max(Duration::zero(), now - ear->second.heard);
}

Instant History::silent_at(const std::string& device) const {
    const auto ear = ears_.find(device);
    return ear == ears_.end() ? never : ear->second.heard + ear->second.silent_after;
}

}  // namespace firebreak
