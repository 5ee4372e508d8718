// RTU frames: unit, PDU, CRC, with no length anywhere; and how an answer is found in what a line
// gave. Pure and total; trusts no byte. MODBUS over Serial Line V1.02, 2.5.1.
#pragma once

#include <cstdint>
#include <span>

#include "contract/support/time.hpp"
#include "firmware/bus/frame.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

inline constexpr std::size_t max_rtu_frame = 256;

[[nodiscard]] std::uint16_t crc16(std::span<const std::uint8_t> bytes);

/// Puts the unit in front and the CRC behind.
[[nodiscard]] Bytes wrap_rtu(std::uint8_t unit, std::span<const std::uint8_t> pdu);

/// Looks for `unit`'s answer to `function` in all that came since the request, also behind bytes
/// that belong to nobody. What is not the answer is Assembly::bad, with the reason, for as long as
/// no answer follows it.
[[nodiscard]] Assembly find_rtu_answer(std::uint8_t unit, std::uint8_t function,
                                       std::span<const std::uint8_t> bytes);

/// Bits of one character on the line: start, 8 data, parity if any, stop.
[[nodiscard]] int bits_per_character(const LinePlan& line);
/// How long so many characters take.
[[nodiscard]] Duration time_on_line(const LinePlan& line, std::size_t characters);
/// Silence between two frames (2.5.1.1): 3.5 characters, and 1.75 ms above 19200 baud.
[[nodiscard]] Duration standard_gap(const LinePlan& line);

}  // namespace firebreak
