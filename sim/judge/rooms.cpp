#include "sim/judge/rooms.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include "sim/judge/vrla_rooms.hpp"
#include "sim/physics/cell_string.hpp"
#include "sim/physics/probe.hpp"
#include "sim/physics/room_air.hpp"

namespace firebreak {

namespace {

constexpr const char* cell_temperature = "battery.cell.temperature.max";
constexpr double smoke_seen = 3;     ///< %/m, a point detector after EN 54-7
constexpr double off_gas_seen = 10;  ///< ppm of electrolyte vapour and all else a cell vents

StringType string_type(std::size_t cells, Chance& chance) {
    StringType type;
    type.cells = cells;
    type.cell.mass = chance.between(0.8, 2.5);
    type.cell.heat_capacity = chance.between(900, 1100);
    type.cell.energy = chance.between(0.6, 1.1);
    type.to_neighbour = chance.between(0.2, 1);
    type.to_air = chance.between(0.2, 0.6);
    return type;
}

/// One room with its sensors in the site's seats.
class JudgedRoom {
public:
    JudgedRoom(const SitePlan& site, std::uint64_t seed)
        : chance_(seed),
          type_(string_type(cell_points(site).size(), chance_)),
          detectors_(site),
          string_(type_, 24, chance_),
          air_({}, 24) {
        const double lag = chance_.scale(2, 30);
        const double grains[] = {0.1, 0.1, 0.5, 1.0};
        const double grain = grains[chance_.below(4)];
        const double noise = chance_.between(0.02, 0.15);
        for (const auto& point : cell_points(site)) {
            const ProbeType probe{lag * chance_.between(0.7, 1.4), noise, grain,
                                  chance_.between(-1, 1)};
            cells_.push_back(detectors_.seat(point));
            volts_.push_back(detectors_.seat({point.device, "battery.cell.voltage.min"}));
            probes_.emplace_back(probe, 24, Chance(chance_.bits()));
        }
        for (const auto& device : site.devices) {
            const auto offer = [&](const char* measure, std::vector<std::size_t>& seats) {
                if (device.profile->find(measure) != nullptr)
                    seats.push_back(detectors_.seat({device.name, measure}));
            };
            offer("ambient.temperature", ambient_);
            offer("fire.smoke", smoke_);
            offer("fire.gas.discharged", discharged_);
            offer("gas.hydrogen", hydrogen_);
            offer("ups.status.ob", on_battery_);
            // In a judged room an off-gas detector is on the first contact.
            offer("contact.1", off_gas_);
        }
    }

    void step() {
        const double watts = string_.step(1, air_.celsius());
        air_.step(1, watts, string_.gas(), 22 + 6 * std::sin(now_ / 86400 * 2 * 3.14159265));
        now_ += 1;
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            detectors_.hear(cells_[i], probes_[i].read(1, string_.cell(i).celsius()), now_);
            detectors_.hear(volts_[i], std::round(string_.volts(i) * 1000) / 1000, now_);
        }
        for (const auto seat : ambient_)
            detectors_.hear(seat, std::round(air_.celsius() * 10) / 10, now_);
        for (const auto seat : smoke_)
            detectors_.hear(seat, air_.smoke() >= smoke_seen ? 1 : 0, now_);
        for (const auto seat : off_gas_)
            detectors_.hear(seat, air_.off_gas_ppm() >= off_gas_seen ? 1 : 0, now_);
        for (const auto seat : discharged_) detectors_.hear(seat, 0, now_);
        for (const auto seat : hydrogen_)
            detectors_.hear(seat, std::min(40000.0, std::round(air_.hydrogen() * 1e4)), now_);
        for (const auto seat : on_battery_) detectors_.hear(seat, loaded_ ? 1 : 0, now_);
        detectors_.judge(now_);
    }

    void load(double c_rate) {
        string_.load(c_rate);
        loaded_ = c_rate > 0;
    }

    Chance& chance() { return chance_; }
    CellString& string() { return string_; }
    RoomAir& air() { return air_; }
    Probe& probe(std::size_t i) { return probes_[i]; }
    [[nodiscard]] std::size_t size() const { return cells_.size(); }
    [[nodiscard]] std::size_t seat(std::size_t i) const { return cells_[i]; }
    [[nodiscard]] double now() const { return now_; }
    [[nodiscard]] double sensor_hours() const {
        return now_ / 3600 * static_cast<double>(cells_.size());
    }
    [[nodiscard]] const std::vector<Firing>& firings() const { return detectors_.firings(); }

private:
    Chance chance_;
    StringType type_;
    Detectors detectors_;
    CellString string_;
    RoomAir air_;
    std::vector<std::size_t> cells_, volts_, ambient_, smoke_, discharged_, hydrogen_, on_battery_,
        off_gas_;
    std::vector<Probe> probes_;
    double now_ = 0;
    bool loaded_ = false;
};

ProbeFault any_fault(Chance& chance) {
    return static_cast<ProbeFault>(1 + chance.below(probe_fault_count - 1));
}

void note(std::optional<double>& when, bool now, double at) {
    if (now && !when) when = at;
}

/// What happens in a normal life, in s from the start.
struct Life {
    double discharge, discharge_ends, c_rate, cooling_fails, cooling_returns, door, door_shuts;
    bool cooling;
};

Life life(Chance& chance, double lasts) {
    Life made{};
    made.discharge = chance.between(0, lasts);
    made.c_rate = chance.between(1, 4);
    // Until the battery is four fifths empty at most, as a UPS lets it.
    made.discharge_ends = made.discharge + chance.between(0.2, 0.45) * 3600 / made.c_rate;
    made.cooling = chance.one_in(2);
    made.cooling_fails = chance.between(0, lasts);
    made.cooling_returns = made.cooling_fails + chance.between(1800, 4 * 3600);
    made.door = chance.between(0, lasts);
    made.door_shuts = made.door + chance.between(20, 1200);
    return made;
}

constexpr bool within(double now, double from, double to) {
    return now >= from && now < to;
}

}  // namespace

std::vector<PointId> cell_points(const SitePlan& site) {
    std::vector<PointId> points;
    for (const auto& device : site.devices)
        if (device.profile->find(cell_temperature) != nullptr)
            points.push_back({device.name, cell_temperature});
    return points;
}

RoomOutcome play_failing(const SitePlan& site, const RoomsPlan& plan, std::uint64_t number) {
    JudgedRoom room(site, Chance(plan.seed).bits() + 2 * number);
    auto& chance = room.chance();
    const auto cell = chance.below(room.size());
    RoomOutcome outcome;
    outcome.watts = chance.scale(plan.least_watts, plan.most_watts);
    outcome.began = std::floor(chance.between(300, 900));
    // A second trouble at the same time: another sensor is broken in every other room.
    if (room.size() > 1 && chance.one_in(2))
        room.probe((cell + 1 + chance.below(room.size() - 1)) % room.size())
            .fail(any_fault(chance));
    while (room.now() < outcome.began + 2 * 3600) {
        if (room.now() >= outcome.began)
            room.string().heat(cell, outcome.runaway ? 0 : outcome.watts);
        room.step();
        const auto& failing = room.string().cell(cell);
        note(outcome.hot60, failing.celsius() >= 60, room.now());
        note(outcome.hot80, failing.celsius() >= 80, room.now());
        note(outcome.runaway, failing.rate() >= 10, room.now());
        if (outcome.runaway && room.now() >= *outcome.runaway + 60) break;
    }
    // The threshold on a broken sensor elsewhere has not found this cell.
    for (const auto& firing : room.firings())
        if (firing.detector != baseline_detector || firing.seat == room.seat(cell))
            outcome.firings.push_back(firing);
    outcome.sensor_hours = room.sensor_hours();
    return outcome;
}

RoomOutcome play_normal(const SitePlan& site, const RoomsPlan& plan, std::uint64_t number) {
    JudgedRoom room(site, Chance(plan.seed).bits() + 2 * number + 1);
    auto& chance = room.chance();
    const double lasts = plan.hours * 3600;
    const auto course = life(chance, lasts);
    std::vector<double> breaks;
    for (std::size_t i = 0; i < room.size(); ++i)
        breaks.push_back(chance.one_in(8) ? std::floor(chance.between(0, lasts)) : -1);
    while (room.now() < lasts) {
        const double now = room.now();
        room.load(within(now, course.discharge, course.discharge_ends) ? course.c_rate : 0);
        room.air().set_cooling(
            !(course.cooling && within(now, course.cooling_fails, course.cooling_returns)));
        room.air().set_door(within(now, course.door, course.door_shuts));
        for (std::size_t i = 0; i < room.size(); ++i)
            if (breaks[i] == now) room.probe(i).fail(any_fault(chance));
        room.step();
    }
    RoomOutcome outcome;
    outcome.firings = room.firings();
    outcome.sensor_hours = room.sensor_hours();
    return outcome;
}

std::vector<RoomOutcome> play_rooms(const SitePlan& site, const RoomsPlan& plan) {
    std::vector<RoomOutcome> outcomes(plan.failing + plan.normal);
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < outcomes.size(); i = next++) {
            const bool fails = i < plan.failing;
            const auto number = fails ? i : i - plan.failing;
            if (plan.vrla) {
                outcomes[i] = play_vrla(site, plan, number, fails);
            } else {
                outcomes[i] = fails ? play_failing(site, plan, number)
                                    : play_normal(site, plan, number);
            }
        }
    };
    std::thread other(work);
    work();
    other.join();
    return outcomes;
}

}  // namespace firebreak
