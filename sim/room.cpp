#include "sim/room.hpp"

#include <algorithm>

namespace firebreak {

Room::Room(const SitePlan& site, const Scenario& scenario)
    : world_(scenario), faults_(scenario.faults) {
    for (const auto& plan : site.devices) {
        seats_.push_back({plan.name, plan.bus, plan.unit, Device(plan)});
    }
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
        const auto* fault = faults_.active(seat.name, world_.now());
        const bool stuck = fault != nullptr && fault->kind == FaultKind::stuck;
        if (stuck && !seat.stuck) seat.device.refresh(world_);
        seat.stuck = stuck;
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
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < seats_.size(); ++i) {
        if (seats_[i].bus != bus || seats_[i].unit != unit) continue;
        if (seats_[i].device.has(table, address)) return i;
        if (!first) first = i;
    }
    return first;
}

std::optional<DeviceAnswer> Room::faulty(const Seat& seat) const {
    const auto* fault = faults_.active(seat.name, world_.now());
    if (fault == nullptr) return std::nullopt;
    switch (fault->kind) {
        case FaultKind::silent:
            return DeviceAnswer{.silent = true, .code = 0, .words = {}};
        case FaultKind::exception:
            return DeviceAnswer{.silent = false, .code = fault->code, .words = {}};
        case FaultKind::stuck:
            break;  // it answers, with what it showed when it got stuck
    }
    return std::nullopt;
}

DeviceAnswer Room::read(std::size_t device, Table table, std::uint16_t address,
                        std::uint16_t count) {
    auto& seat = seats_.at(device);
    if (auto answer = faulty(seat)) return *std::move(answer);
    if (!seat.stuck) seat.device.refresh(world_);
    DeviceAnswer answer;
    answer.code = static_cast<std::uint8_t>(seat.device.read(table, address, count, answer.words));
    return answer;
}

DeviceAnswer Room::write(std::size_t device, Table table, std::uint16_t address,
                         const Words& words) {
    auto& seat = seats_.at(device);
    if (auto answer = faulty(seat)) return *std::move(answer);
    if (seat.stuck) return {};  // says yes and does nothing: what reading back is for
    seat.device.refresh(world_);
    DeviceAnswer answer;
    answer.code = static_cast<std::uint8_t>(seat.device.write(table, address, words, world_));
    return answer;
}

}  // namespace firebreak
