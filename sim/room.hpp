// The room as one: the world, the site's devices filled from it, and their faults. Pure; owned
// by the run shell or the replay, one thread. What a field bus asks is answered here; answers
// are never errors: silence, a Modbus exception or words. Times are story times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "firmware/site.hpp"
#include "sim/device.hpp"
#include "sim/fault.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// What a device on the wire does with a request.
struct DeviceAnswer {
    bool silent = false;    ///< nothing comes back
    std::uint8_t code = 0;  ///< a Modbus exception; 0: none
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

    /// Who answers for this address: two of the site's devices may share a unit id, each with a
    /// base of its own. An address of neither is the first one's to refuse.
    [[nodiscard]] std::optional<std::size_t> find(std::size_t bus, std::uint8_t unit, Table table,
                                                  std::uint16_t address) const;

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

    void hold_stuck();
    [[nodiscard]] std::optional<DeviceAnswer> faulty(const Seat& seat) const;

    World world_;
    FaultTable faults_;
    std::vector<Seat> seats_;
};

}  // namespace firebreak
