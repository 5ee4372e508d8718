// One simulated device: a profile's registers, filled from the world, read and written over
// Modbus. Pure; owned by the room. Measures the scenario does not speak of show a plausible
// rest value. Answers are Modbus exception codes (0: none), never errors.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "firmware/bus/plan.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// Modbus Application Protocol V1.1b3, section 7; none is ours.
enum class Exception : std::uint8_t {
    none = 0,
    illegal_function = 1,
    illegal_address = 2,
    illegal_value = 3,
    no_target = 11,  ///< gateway target device failed to respond
};

class Device {
public:
    explicit Device(const DevicePlan& plan);

    /// Fills the registers from the world as it is now.
    void refresh(const World& world);

    [[nodiscard]] bool has(Table table, std::uint16_t address) const {
        return image(table).count(address) != 0;
    }

    /// `count` words (or bits, as 0 and 1) from an absolute 0-based address.
    [[nodiscard]] Exception read(Table table, std::uint16_t address, std::uint16_t count,
                                 Words& into) const;

    /// Writes registers that the profile says are writable, and tells the world.
    [[nodiscard]] Exception write(Table table, std::uint16_t address, const Words& words,
                                  World& world);

private:
    using Image = std::map<std::uint32_t, std::uint16_t>;  ///< absolute address -> word

    [[nodiscard]] Image& image(Table table) { return images_[static_cast<std::size_t>(table)]; }
    [[nodiscard]] const Image& image(Table table) const {
        return images_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] std::uint32_t address_of(const Register& reg) const {
        return std::uint32_t{plan_.base} + reg.address;
    }
    [[nodiscard]] std::int16_t exponent_of(const Register& reg) const;
    void lay_out();
    void choose_exponents();
    void put(const Register& reg, double value);
    [[nodiscard]] double rest_value(const Register& reg) const;

    DevicePlan plan_;
    std::array<Image, 4> images_;
};

}  // namespace firebreak
