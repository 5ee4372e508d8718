// The room as one: the world, the site's devices filled from it, and their faults. Pure; owned
// by the run shell or the replay, one thread. What a field bus asks is answered here; answers
// are never errors: silence, a Modbus exception or words. Times are story times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "firmware/site.hpp"
#include "sim/device.hpp"
#include "sim/fault.hpp"
#include "sim/transmission.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// What a device does with a request.
struct DeviceAnswer {
    bool silent = false;             ///< nothing comes back
    std::uint8_t code = 0;           ///< a Modbus exception; 0: none
    Words words;                     ///< of a read
    std::optional<WireFault> fault;  ///< what the wire then does with the answer
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
    /// All devices of a bus, which a broadcast reaches.
    [[nodiscard]] std::vector<std::size_t> devices_on(std::size_t bus) const;
    /// Whether the bus carries RTU frames: absent units are silent there, and unit 0 is everyone.
    [[nodiscard]] bool is_rtu(std::size_t bus) const;
    [[nodiscard]] const DevicePlan& plan(std::size_t device) const {
        return seats_.at(device).device.plan();
    }

    [[nodiscard]] DeviceAnswer read(std::size_t device, Table table, std::uint16_t address,
                                    std::uint16_t count);
    [[nodiscard]] DeviceAnswer write(std::size_t device, Table table, std::uint16_t address,
                                     const Words& words);
    /// A request that is for the device and not for its registers.
    [[nodiscard]] DeviceAnswer ask(std::size_t device);

private:
    struct Seat {
        Device device;
        std::vector<FaultAim> stuck;
    };

    void hold_stuck();
    [[nodiscard]] DeviceAnswer meet_faults(const Seat& seat, const Touch& touch);

    World world_;
    FaultTable faults_;
    std::vector<Seat> seats_;
    std::unordered_map<std::size_t, std::vector<std::size_t>> by_unit_;  ///< bus * 256 + unit
    std::vector<Wire> wires_;                                            ///< by bus
};

}  // namespace firebreak
