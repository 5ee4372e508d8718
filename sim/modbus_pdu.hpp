// One Modbus request to one device and its answer, as bytes: the protocol data unit without any
// wire around it. Pure and total: any bytes at all get an answer or silence, never an error.
// Modbus Application Protocol V1.1b3, chapter 6: functions 1-6, 15-17, 23 and 43/14.
#pragma once

#include <cstdint>
#include <span>

#include "sim/room.hpp"
#include "sim/transmission.hpp"

namespace firebreak {

/// The longest PDU (V1.1b3, chapter 4.1).
inline constexpr std::size_t max_pdu_bytes = 253;

/// A unit without a device: on Modbus TCP exception 11, as a gateway has it; with RTU frames
/// silence, and unit 0 is a broadcast that all carry out and none answers.
[[nodiscard]] Reply answer_pdu(Room& room, std::size_t bus, std::uint8_t unit,
                               std::span<const std::uint8_t> request);

}  // namespace firebreak
