#include "sim/room.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {
namespace {

constexpr std::size_t units = 256;

}  // namespace

Room::Room(const SitePlan& site, const Scenario& scenario)
    : world_(scenario), faults_(scenario.faults) {
    seats_.reserve(site.devices.size());
    for (const auto& plan : site.devices) {
        by_unit_[plan.bus * units + plan.unit].push_back(seats_.size());
        seats_.push_back({Device(plan), {}});
    }
    for (const auto& bus : site.buses) wires_.push_back(bus.wire);
    hold_stuck();
}

void Room::advance(Duration time) {
    // Stop at every edge: a stuck device holds what it showed when it got stuck, not later.
    for (auto edge = faults_.next_edge(world_.now()); edge && *edge <= time;
         edge = faults_.next_edge(world_.now())) {
        world_.advance(*edge);
        hold_stuck();
    }
    world_.advance(time);
}

void Room::hold_stuck() {
    for (auto& seat : seats_) {
        auto stuck = faults_.stuck(seat.device.plan().name, world_.now());
        // What was stuck already stays as it is; the rest shows this moment from now on.
        if (!stuck.empty()) seat.device.refresh(world_, seat.stuck);
        seat.stuck = std::move(stuck);
    }
}

std::optional<Duration> Room::next_step() const {
    const auto step = world_.next_step();
    const auto edge = faults_.next_edge(world_.now());
    if (!step || !edge) return step ? step : edge;
    return std::min(*step, *edge);
}

std::optional<std::size_t> Room::find(std::size_t bus, std::uint8_t unit, Table table,
                                      std::uint16_t address) const {
    const auto found = by_unit_.find(bus * units + unit);
    if (found == by_unit_.end()) return std::nullopt;
    for (const auto device : found->second) {
        if (seats_[device].device.has(table, address)) return device;
    }
    return found->second.front();
}

std::vector<std::size_t> Room::devices_on(std::size_t bus) const {
    std::vector<std::size_t> devices;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        if (plan(i).bus == bus) devices.push_back(i);
    }
    return devices;
}

bool Room::is_rtu(std::size_t bus) const {
    return bus < wires_.size() && wires_[bus] != Wire::tcp;
}

/// An answer without words: what the faults make of the request before anybody looks at it.
DeviceAnswer Room::meet_faults(const Seat& seat, const Touch& touch) {
    DeviceAnswer answer;
    const auto* fault = faults_.strike(seat.device.plan().name, world_.now(), touch);
    if (fault == nullptr) return answer;
    switch (fault->kind) {
        case FaultKind::silent:
            answer.silent = true;
            break;
        case FaultKind::exception:
            answer.code = fault->code;
            break;
        case FaultKind::busy:
            answer.code = static_cast<std::uint8_t>(Exception::device_busy);
            break;
        case FaultKind::stuck:
            break;  // not met by requests: hold_stuck()
        case FaultKind::slow:
        case FaultKind::dribble:
        case FaultKind::wrong_transaction:
        case FaultKind::wrong_unit:
        case FaultKind::crc:
        case FaultKind::truncated:
        case FaultKind::garbage:
        case FaultKind::reset:
            answer.fault = WireFault{fault->kind, fault->delay};
            break;
    }
    return answer;
}

DeviceAnswer Room::read(std::size_t device, Table table, std::uint16_t address,
                        std::uint16_t count) {
    auto& seat = seats_.at(device);
    auto answer = meet_faults(seat, {table, address, count});
    if (answer.silent || answer.code != 0) return answer;
    seat.device.refresh(world_, seat.stuck);
    answer.code = static_cast<std::uint8_t>(seat.device.read(table, address, count, answer.words));
    return answer;
}

DeviceAnswer Room::write(std::size_t device, Table table, std::uint16_t address,
                         const Words& words) {
    auto& seat = seats_.at(device);
    const auto count = static_cast<std::uint32_t>(words.size());
    auto answer = meet_faults(seat, {table, address, count});
    if (answer.silent || answer.code != 0) return answer;
    const auto is_stuck = [&](const FaultAim& aim) { return aim.touches(table, address, count); };
    // Says yes and does nothing: what reading back is for.
    if (std::any_of(seat.stuck.begin(), seat.stuck.end(), is_stuck)) return answer;
    seat.device.refresh(world_, seat.stuck);
    answer.code = static_cast<std::uint8_t>(seat.device.write(table, address, words, world_));
    return answer;
}

DeviceAnswer Room::ask(std::size_t device) {
    return meet_faults(seats_.at(device), {});
}

}  // namespace firebreak
