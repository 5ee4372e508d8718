// The room as one: the world, the site's devices filled from it, and their faults. Pure; owned
// by the run shell or the replay. Everything a field bus can ask is answered here.
// Also the room file: what `run` serves. Times are story times.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware/bus/bus.hpp"
#include "firmware/site.hpp"
#include "sim/device.hpp"
#include "sim/fault.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// What a device on the wire does with a request: nothing at all, or an exception or `words`.
struct DeviceAnswer {
    bool silent = false;
    Exception exception = Exception::none;
    std::uint8_t code = 0;  ///< the exception's number on the wire; 0: none
    Words words;            ///< of a read
};

class Room {
public:
    Room(const SitePlan& site, const Scenario& scenario);

    void advance(Duration time);
    [[nodiscard]] World& world() { return world_; }
    [[nodiscard]] const World& world() const { return world_; }

    /// The next time something other than a ramp changes.
    [[nodiscard]] std::optional<Duration> next_step() const;

    /// The site's device at this unit id of this bus, by its index.
    [[nodiscard]] std::optional<std::size_t> find(std::size_t bus, std::uint8_t unit) const;

    [[nodiscard]] DeviceAnswer read(std::size_t device, Table table, std::uint16_t address,
                                    std::uint16_t count);
    [[nodiscard]] DeviceAnswer write(std::size_t device, Table table, std::uint16_t address,
                                     const Words& words);

private:
    struct Seat {
        std::string name;
        std::size_t bus = 0;
        std::uint8_t unit = 0;
        Device device;
        bool stuck = false;
    };

    void note_faults();
    [[nodiscard]] std::optional<DeviceAnswer> faulty(const Seat& seat) const;

    World world_;
    FaultTable faults_;
    std::vector<Seat> seats_;
};

}  // namespace firebreak
