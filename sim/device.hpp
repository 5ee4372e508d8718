// One simulated device: a profile's registers, filled from the world, read and written over
// Modbus. Pure; owned by the room. Measures the scenario does not speak of show a plausible
// rest value, texts what the profile calls the device. Answers are Modbus exception codes
// (0: none), never errors.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "firmware/bus/plan.hpp"
#include "sim/image.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// Modbus Application Protocol V1.1b3, section 7; none is ours.
enum class Exception : std::uint8_t {
    none = 0,
    illegal_function = 1,
    illegal_address = 2,
    illegal_value = 3,
    device_busy = 6,
    no_target = 11,  ///< gateway target device failed to respond
};

class Device {
public:
    explicit Device(const DevicePlan& plan);

    [[nodiscard]] const DevicePlan& plan() const { return plan_; }

    /// Fills the registers from the world as it is now, but for those at which it is stuck. Each
    /// time the same world: what it speaks of is looked up once.
    void refresh(const World& world, std::span<const FaultAim> stuck = {});

    [[nodiscard]] bool has(Table table, std::uint16_t address) const {
        return image(table).at(address) != nullptr;
    }

    /// `count` words (or bits, as 0 and 1) from an absolute 0-based address.
    [[nodiscard]] Exception read(Table table, std::uint16_t address, std::uint16_t count,
                                 Words& into) const;

    /// Writes registers that the profile says are writable, and tells the world.
    [[nodiscard]] Exception write(Table table, std::uint16_t address, const Words& words,
                                  World& world);

private:
    /// A register that the world speaks of, looked up once.
    struct Shown {
        const Register* reg = nullptr;
        PointId point;
        const Curve* curve = nullptr;  ///< null: the world computes it
    };

    [[nodiscard]] Image& image(Table table) { return images_[static_cast<std::size_t>(table)]; }
    [[nodiscard]] const Image& image(Table table) const {
        return images_[static_cast<std::size_t>(table)];
    }
    [[nodiscard]] std::uint32_t address_of(const Register& reg) const {
        return std::uint32_t{plan_.base} + reg.address;
    }
    [[nodiscard]] std::int16_t exponent_of(const Register& reg) const;
    [[nodiscard]] Words words_of(const Register& reg) const;
    [[nodiscard]] bool is_off_limits(Table table, std::uint32_t address, std::uint32_t count) const;
    [[nodiscard]] int longest_at(Table table, std::uint32_t address) const;
    void lay_out();
    void choose_exponents();
    void look_up(const World& world);
    void put(const Register& reg, double value);
    void put_rest(const Register& reg);
    [[nodiscard]] double rest_value(const Register& reg) const;
    [[nodiscard]] std::string rest_text(const Register& reg) const;

    DevicePlan plan_;
    std::array<Image, 4> images_;
    std::vector<Shown> shown_;
    std::size_t known_points_ = 0;  ///< of the world, when `shown_` was made
};

}  // namespace firebreak
