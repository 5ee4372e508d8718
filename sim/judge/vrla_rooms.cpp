#include "sim/judge/vrla_rooms.hpp"

#include <algorithm>
#include <cmath>

#include "sim/physics/probe.hpp"
#include "sim/physics/room_air.hpp"
#include "sim/physics/vrla.hpp"

namespace firebreak {

namespace {

constexpr double period = 5;  ///< s between readings: hours are slow enough for that
constexpr double longest = 48 * 3600;

/// What happens to the room, in s from the start.
struct Course {
    double discharge = 0, discharge_ends = 0, watts = 0;
    double cooling_fails = 0, cooling_returns = 0, door = 0, door_shuts = 0;
};

Course course_for(Chance& chance, double lasts, bool fails) {
    Course made;
    made.discharge = chance.between(0, lasts);
    made.discharge_ends = made.discharge + chance.between(60, 1200);
    // A block of 35 kg warms by 3 to 8 Cel in a discharge that empties it in 20 min.
    made.watts = chance.between(60, 170);
    const bool cooling = chance.one_in(2);
    made.cooling_fails = cooling ? chance.between(0, lasts) : lasts;
    made.cooling_returns = made.cooling_fails + chance.between(1800, 8 * 3600);
    made.door = chance.between(0, lasts);
    made.door_shuts = made.door + chance.between(20, 1200);
    if (fails) made.discharge = made.discharge_ends = longest;
    return made;
}

constexpr bool within(double now, double from, double to) {
    return now >= from && now < to;
}

class VrlaRoom {
public:
    VrlaRoom(const SitePlan& site, std::uint64_t seed)
        : chance_(seed), detectors_(site), air_({}, 24) {
        const double grains[] = {0.1, 0.1, 0.5, 1.0};
        const double grain = grains[chance_.below(4)];
        const double lag = chance_.scale(30, 300);
        for (const auto& point : cell_points(site)) {
            VrlaType type;
            type.to_air = chance_.between(0.9, 1.5);
            type.float_current = chance_.between(0.05, 0.15);
            blocks_.emplace_back(type, 24);
            volts_now_.push_back(type.volts_a_cell);
            const ProbeType probe{lag * chance_.between(0.7, 1.4), chance_.between(0.02, 0.15),
                                  grain, chance_.between(-1, 1)};
            probes_.emplace_back(probe, 24, Chance(chance_.bits()));
            seats_.push_back(detectors_.seat(point));
            volts_.push_back(detectors_.seat({point.device, "battery.voltage"}));
        }
        for (const auto& device : site.devices) {
            const auto offer = [&](const char* measure, std::vector<std::size_t>& seats) {
                if (device.profile->find(measure) != nullptr)
                    seats.push_back(detectors_.seat({device.name, measure}));
            };
            offer("ambient.temperature", ambient_);
            offer("fire.smoke", quiet_);
            offer("fire.gas.discharged", quiet_);
            offer("gas.hydrogen", quiet_);
            offer("ups.status.ob", on_battery_);
        }
    }

    void step(const Course& course) {
        now_ += period;
        const bool loaded = within(now_, course.discharge, course.discharge_ends);
        air_.set_cooling(!within(now_, course.cooling_fails, course.cooling_returns));
        air_.set_door(within(now_, course.door, course.door_shuts));
        double warms = 0;
        for (auto& block : blocks_) {
            block.set_charging(!loaded);
            block.step(period, air_.celsius(), loaded ? course.watts : 0);
            warms += block.celsius() - air_.celsius();
        }
        air_.step(period, warms * 1.2, 0, 22 + 6 * std::sin(now_ / 86400 * 2 * 3.14159265));
        hear(loaded);
    }

    /// Overcharged from now on, at so many volts a cell.
    void overcharge(std::size_t block, double volts) {
        blocks_[block].set_volts_a_cell(volts);
        volts_now_[block] = volts;
    }
    void fail(std::size_t block, ProbeFault fault) { probes_[block].fail(fault); }
    Chance& chance() { return chance_; }
    [[nodiscard]] std::size_t size() const { return blocks_.size(); }
    [[nodiscard]] double now() const { return now_; }
    [[nodiscard]] double hottest() const {
        double most = -273;
        for (const auto& block : blocks_) most = std::max(most, block.celsius());
        return most;
    }
    [[nodiscard]] RoomOutcome outcome() const {
        RoomOutcome made;
        made.firings = detectors_.firings();
        made.sensor_hours = now_ / 3600 * static_cast<double>(blocks_.size());
        return made;
    }

private:
    void hear(bool loaded) {
        for (std::size_t i = 0; i < blocks_.size(); ++i) {
            detectors_.hear(seats_[i], probes_[i].read(period, blocks_[i].celsius()), now_);
            const double volts = 6 * (loaded ? 1.95 : volts_now_[i]) + 0.02 * chance_.normal();
            detectors_.hear(volts_[i], std::round(volts * 100) / 100, now_);
        }
        for (const auto seat : ambient_)
            detectors_.hear(seat, std::round(air_.celsius() * 10) / 10, now_);
        for (const auto seat : quiet_) detectors_.hear(seat, 0, now_);
        for (const auto seat : on_battery_) detectors_.hear(seat, loaded ? 1 : 0, now_);
        detectors_.judge(now_);
    }

    Chance chance_;
    Detectors detectors_;
    RoomAir air_;
    std::vector<VrlaBlock> blocks_;
    std::vector<double> volts_now_;
    std::vector<Probe> probes_;
    std::vector<std::size_t> seats_, volts_, ambient_, quiet_, on_battery_;
    double now_ = 0;
};

ProbeFault any_fault(Chance& chance) {
    return static_cast<ProbeFault>(1 + chance.below(probe_fault_count - 1));
}

RoomOutcome run_away(VrlaRoom& room) {
    auto& chance = room.chance();
    const auto course = course_for(chance, 6 * 3600, true);
    const double began = period * std::floor(chance.between(60, 360));
    const bool whole = chance.one_in(2);
    const auto block = chance.below(room.size());
    const double volts = chance.between(2.5, 2.65);
    std::optional<double> hot60, hot80;
    while (!hot80 && room.now() < longest) {
        room.step(course);
        if (room.now() == began) {
            for (std::size_t i = 0; i < room.size(); ++i)
                if (whole || i == block) room.overcharge(i, volts);
        }
        if (room.hottest() >= 60 && !hot60) hot60 = room.now();
        if (room.hottest() >= 80) hot80 = room.now();
    }
    auto outcome = room.outcome();
    outcome.watts = 1;
    outcome.began = began;
    outcome.hot60 = hot60;
    outcome.hot80 = hot80;
    return outcome;
}

}  // namespace

RoomOutcome play_vrla(const SitePlan& site, const RoomsPlan& plan, std::uint64_t number,
                      bool fails) {
    VrlaRoom room(site, Chance(plan.seed).bits() + 2 * number + (fails ? 0 : 1));
    if (fails) return run_away(room);
    auto& chance = room.chance();
    const double lasts = plan.hours * 3600;
    const auto course = course_for(chance, lasts, false);
    std::vector<double> breaks;
    for (std::size_t i = 0; i < room.size(); ++i)
        breaks.push_back(chance.one_in(8) ? period * std::floor(chance.between(0, lasts) / period)
                                          : -1);
    while (room.now() < lasts) {
        for (std::size_t i = 0; i < room.size(); ++i)
            if (breaks[i] == room.now()) room.fail(i, any_fault(chance));
        room.step(course);
    }
    return room.outcome();
}

}  // namespace firebreak
