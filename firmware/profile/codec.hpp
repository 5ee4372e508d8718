// Words to values and back, for one register. Pure; errors: Fault::corrupt when the words are
// too few or no decimal digits, Fault::stale for a sentinel ("not available") and for a text,
// which is no number, Fault::refused outside the range.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "contract/support/result.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

/// `words` are the register's own (word_count many); `exponent` is the scale register's content.
[[nodiscard]] Result<double> decode(const Register& reg, std::span<const std::uint16_t> words,
                                    std::int16_t exponent = 0);

/// The raw value's label, a text register's text, or "". Printable ASCII only, however long.
[[nodiscard]] std::string label_of(const Register& reg, std::span<const std::uint16_t> words);

/// Writes `value` (in the register's unit) into `words`; keeps the other bits of a bit register.
/// Fault::refused when the value does not fit the type.
[[nodiscard]] Result<void> encode(const Register& reg, double value, std::span<std::uint16_t> words,
                                  std::int16_t exponent = 0);

/// Writes a text, cut or filled with NULs. Fault::refused when the register holds none.
[[nodiscard]] Result<void> encode_text(const Register& reg, std::string_view text,
                                       std::span<std::uint16_t> words);

}  // namespace firebreak
