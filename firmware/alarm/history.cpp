#include "firmware/alarm/history.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace firebreak {

void History::expect(const std::string& device, Duration silent_after) {
    ears_[ear_of(device)] = Ear{start_, silent_after, true, false};
}

void History::expect(const PointId& point, Duration stale_after) {
    slots_[resolve(point)].stale_after = stale_after;
}

void History::heard(const std::string& device, Instant at) {
    const auto found = devices_.find(device);
    if (found == devices_.end() || !ears_[found->second].expected) return;
    auto& ear = ears_[found->second];
    ear.heard = std::max(ear.heard, at);
    ear.ever = true;
}

std::uint32_t History::ear_of(const std::string& device) {
    const auto [entry, fresh] =
        devices_.try_emplace(device, static_cast<std::uint32_t>(ears_.size()));
    if (fresh) ears_.push_back(Ear{start_});
    return entry->second;
}

PointIndex History::resolve(const PointId& point, Unit unit) {
    if (const auto known = find(point)) return *known;
    const auto index = static_cast<PointIndex>(slots_.size());
    Reading reading{point, fail(Fault::stale, "not read yet"), "", unit, start_};
    slots_.push_back({std::move(reading), std::nullopt, ear_of(point.device), false});
    points_.emplace(name_of(slots_.back().reading.point), index);
    return index;
}

void History::put(Slot& slot, Result<double> value, Instant at) {
    if (value && !std::isfinite(*value)) value = fail(Fault::corrupt, "not a number");
    slot.reading.value = std::move(value);
    slot.reading.at = at;
    slot.read = true;
}

void History::add(Reading reading) {
    auto& slot = slots_[resolve(reading.point)];
    if (slot.read && reading.at < slot.reading.at) return;
    slot.reading.label = std::move(reading.label);
    slot.reading.unit = reading.unit;
    put(slot, std::move(reading.value), reading.at);
}

void History::add(PointIndex point, double value, Instant at) {
    auto& slot = slots_[point];
    if (slot.read && at < slot.reading.at) return;
    put(slot, value, at);
}

void History::add(PointIndex point, const Result<double>& value, const std::string& label,
                  Instant at) {
    auto& slot = slots_[point];
    if (slot.read && at < slot.reading.at) return;
    slot.reading.label = label;
    put(slot, value, at);
}

std::optional<PointIndex> History::find(const PointId& point) const {
    const auto known = points_.find(name_of(point));
    if (known == points_.end()) return std::nullopt;
    return known->second;
}

bool History::stale(const Slot& slot, Instant now) const {
    return now - slot.reading.at >= slot.stale_after.value_or(ears_[slot.ear].silent_after);
}

const Reading* History::newest(PointIndex point) const {
    const auto& slot = slots_[point];
    return slot.read ? &slot.reading : nullptr;
}

const Reading* History::fresh(PointIndex point, Instant now) const {
    const auto& slot = slots_[point];
    if (!slot.read || !slot.reading.value) return nullptr;
    return stale(slot, now) ? nullptr : &slot.reading;
}

const Reading* History::newest(const PointId& point) const {
    const auto known = find(point);
    return known ? newest(*known) : nullptr;
}

Result<double> History::evidence(const PointId& point, Instant now) const {
    const auto known = find(point);
    if (!known || !slots_[*known].read) return fail(Fault::stale, "not read yet");
    const auto& slot = slots_[*known];
    if (stale(slot, now)) return fail(Fault::stale, "too old");
    return slot.reading.value;
}

const History::Ear* History::known(std::string_view device) const {
    const auto found = devices_.find(device);
    if (found == devices_.end() || !ears_[found->second].expected) return nullptr;
    return &ears_[found->second];
}

bool History::heard_ever(const std::string& device) const {
    const Ear* ear = known(device);
    return ear != nullptr && ear->ever;
}

bool History::silent(const std::string& device, Instant now) const {
    return now >= silent_at(device);
}

Duration History::quiet(const std::string& device, Instant now) const {
    const Ear* ear = known(device);
    return ear == nullptr ? Duration::zero() : std::max(Duration::zero(), now - ear->heard);
}

Instant History::silent_at(const std::string& device) const {
    const Ear* ear = known(device);
    return ear == nullptr ? never : ear->heard + ear->silent_after;
}

}  // namespace firebreak
