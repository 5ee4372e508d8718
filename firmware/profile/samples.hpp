// A block's words to its registers' values: what the agent does with every answer, so it names
// nothing and allocates once. Pure. A value that is not there carries why: see codec.hpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// One register's value, not yet a reading of a device's point.
struct Sample {
    /// Decodes where it will stand. `own`: the register's words, or none if not all are there.
    Sample(std::size_t index, const Register& reg, std::span<const std::uint16_t> own,
           std::int16_t exponent);

    std::size_t reg;       ///< index into Profile::registers
    Result<double> value;  ///< in the register's unit
    std::string label;     ///< the enumeration's word for the value, or a text's text
};

/// Every register of one block, in the block's order. Words that are too few read as missing.
/// `base`: the device's offset of all addresses.
[[nodiscard]] std::vector<Sample> decode_block(const Profile& profile, std::uint16_t base,
                                               const Block& block,
                                               std::span<const std::uint16_t> words);

}  // namespace firebreak
