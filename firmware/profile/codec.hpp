// Words to values and back, for one register or for a block of them. Pure; errors: Fault::corrupt
// when the words are too few or no decimal digits, Fault::stale for a sentinel ("not available")
// and for a text, which is no number, Fault::refused outside the range.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/result.hpp"
#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// `words` are the register's own (word_count many); `exponent` is the scale register's content.
[[nodiscard]] Result<double> decode(const Register& reg, std::span<const std::uint16_t> words,
                                    std::int16_t exponent = 0);

/// The raw value's label, a text register's text, or "". Printable ASCII only, however long.
[[nodiscard]] std::string label_of(const Register& reg, std::span<const std::uint16_t> words);

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

/// Writes `value` (in the register's unit) into `words`; keeps the other bits of a bit register.
/// Fault::refused when the value does not fit the type.
[[nodiscard]] Result<void> encode(const Register& reg, double value, std::span<std::uint16_t> words,
                                  std::int16_t exponent = 0);

/// Writes a text, cut or filled with NULs. Fault::refused when the register holds none.
[[nodiscard]] Result<void> encode_text(const Register& reg, std::string_view text,
                                       std::span<std::uint16_t> words);

}  // namespace firebreak
