#include "firmware/alarm/history.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace firebreak {

void History::expect(const std::string& device, Duration silent_after) {
    listen(device, start_, silent_after).ever = false;
}

void History::expect(const PointId& point, Duration stale_after) {
    const auto index = resolve(point);
    slots_[index].stale_after = stale_after;
    cold_[index].own_limit = true;
}

History::Ear& History::listen(const std::string& name, Instant since, Duration silent_after) {
    auto& ear = ears_[ear_of(name)];
    ear.heard = since;
    ear.silent_after = silent_after;
    ear.expected = true;
    for (const auto& [measure, point] : ear.points) {
        if (!cold_[point].own_limit) slots_[point].stale_after = silent_after;
    }
    return ear;
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
    if (fresh) ears_.push_back(Ear{&entry->first, start_});
    return entry->second;
}

std::uint32_t History::measure_of(const std::string& measure) {
    const auto [entry, fresh] =
        measure_numbers_.try_emplace(measure, static_cast<std::uint32_t>(measures_.size()));
    if (fresh) measures_.push_back(&entry->first);
    return entry->second;
}

std::vector<History::Entry>::const_iterator History::Ear::place_of(std::uint32_t measure) const {
    return std::lower_bound(
        points.begin(), points.end(), measure,
        [](const Entry& each, std::uint32_t than) { return each.measure < than; });
}

PointIndex History::resolve(const PointId& point, Unit unit) {
    if (const auto known = find(point)) return *known;
    const auto index = static_cast<PointIndex>(slots_.size());
    const auto number = ear_of(point.device);
    const auto measure = measure_of(point.measure);
    auto& ear = ears_[number];
    slots_.push_back({{start_, 0, Fault::stale, unit, false}, ear.silent_after});
    cold_.push_back({number, measure, false, nullptr});
    ear.points.insert(ear.place_of(measure), Entry{measure, index});
    return index;
}

void History::put(Slot& slot, double value, std::optional<Fault> missing, Instant at) {
    if (!missing && !std::isfinite(value)) missing = Fault::corrupt;
    slot.seen.value = value;
    slot.seen.missing = missing;
    slot.seen.at = at;
    slot.seen.is_read = true;
}

void History::put_label(PointIndex point, std::string_view label) {
    auto& kept = cold_[point].label;
    if (kept) {
        *kept = label;
    } else if (!label.empty()) {
        kept = std::make_unique<std::string>(label);
    }
}

void History::add(Reading reading) {
    const auto point = resolve(reading.point);
    auto& slot = slots_[point];
    if (slot.seen.is_read && reading.at < slot.seen.at) return;
    slot.seen.unit = reading.unit;
    add(point, reading.value, reading.label, reading.at);
}

void History::add(PointIndex point, double value, Instant at) {
    auto& slot = slots_[point];
    if (slot.seen.is_read && at < slot.seen.at) return;
    put(slot, value, std::nullopt, at);
}

void History::add(PointIndex point, const Result<double>& value, const std::string& label,
                  Instant at) {
    auto& slot = slots_[point];
    if (slot.seen.is_read && at < slot.seen.at) return;
    put_label(point, label);
    value ? put(slot, *value, std::nullopt, at) : put(slot, 0, value.error().fault, at);
}

std::optional<PointIndex> History::find(const PointId& point) const {
    const auto device = devices_.find(point.device);
    const auto measure = measure_numbers_.find(point.measure);
    if (device == devices_.end() || measure == measure_numbers_.end()) return std::nullopt;
    const auto& points = ears_[device->second].points;
    const auto found = ears_[device->second].place_of(measure->second);
    if (found == points.end() || found->measure != measure->second) return std::nullopt;
    return found->point;
}

const Seen* History::newest(const PointId& point) const {
    const auto known = find(point);
    return known ? newest(*known) : nullptr;
}

std::string_view History::label(PointIndex point) const {
    const auto& label = cold_[point].label;
    return label ? std::string_view(*label) : std::string_view();
}

Result<double> History::evidence(const PointId& point, Instant now) const {
    const auto known = find(point);
    if (!known || !slots_[*known].seen.is_read) return fail(Fault::stale, "not read yet");
    const auto& slot = slots_[*known];
    if (stale(slot, now)) return fail(Fault::stale, "too old");
    if (slot.seen.missing) {
        return fail(*slot.seen.missing, std::string(to_string(*slot.seen.missing)));
    }
    return slot.seen.value;
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
