// Which reads fetch a set of registers: the fewest a second under the protocol's and the device's
// limits. Pure. Addresses in blocks are absolute (the device's base added); a register that the
// base moves beyond address 65535 is in no block.
#pragma once

#include <cstdint>
#include <vector>

#include "firmware/profile/profile.hpp"

namespace firebreak {

struct Block {
    Table table = Table::input;
    std::uint16_t address = 0;           ///< absolute, 0-based
    std::uint16_t count = 0;             ///< words, or bits of the bit tables
    std::vector<std::size_t> registers;  ///< indices into Profile::registers
    Duration period = std::chrono::seconds(1);

    bool operator==(const Block&) const = default;
};

/// How often a register is read on a device with this period: never more often than that.
[[nodiscard]] Duration period_of(const Register& reg, Duration device_period);

/// `wanted` are indices into profile.registers. A register and its scale register share a block;
/// a slower register rides along in a faster block where that costs no read.
[[nodiscard]] std::vector<Block> plan_blocks(const Profile& profile,
                                             const std::vector<std::size_t>& wanted,
                                             std::uint16_t base,
                                             Duration period = std::chrono::seconds(1));

/// A block that the device refused, as two over the same registers, none of them split; alone when
/// it cannot be divided: one register (or bits of one), or a table that is read whole.
[[nodiscard]] std::vector<Block> split_block(const Profile& profile, const Block& block,
                                             std::uint16_t base, Duration period);

}  // namespace firebreak
