// Which reads fetch a set of registers: the fewest under the protocol's and device's limits.
// Pure. Addresses in blocks are absolute (the device's base added); a register that the base
// moves beyond address 65535 is in no block.
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
    Duration period{};                   ///< how often it is read; zero: as often as the device

    bool operator==(const Block&) const = default;
};

/// `wanted` are indices into profile.registers. A register and its scale register share a block.
[[nodiscard]] std::vector<Block> plan_blocks(const Profile& profile,
                                             const std::vector<std::size_t>& wanted,
                                             std::uint16_t base);

}  // namespace firebreak
