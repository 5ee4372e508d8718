// One Modbus request to one device and its answer, as bytes: the protocol data unit without any
// wire around it. Pure and total: any bytes at all get an answer or silence, never an error.
// Modbus Application Protocol V1.1b3, chapter 6: functions 1-6, 15 and 16.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/room.hpp"

namespace firebreak {

/// The longest PDU (V1.1b3, chapter 4.1).
inline constexpr std::size_t max_pdu_bytes = 253;

/// Empty: no answer. A unit without a device is answered with exception 11, as a gateway does.
[[nodiscard]] std::vector<std::uint8_t> answer_pdu(Room& room, std::size_t bus, std::uint8_t unit,
                                                   std::span<const std::uint8_t> request);

}  // namespace firebreak
