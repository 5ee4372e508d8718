#include "firmware/bus/rtu.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>

namespace firebreak {
namespace {

constexpr std::size_t crc_bytes = 2;
constexpr std::size_t shortest_frame = 4;  // unit, function, CRC
constexpr std::uint8_t exception_bit = 0x80;
constexpr std::uint8_t report_server_id = 0x11;
constexpr std::uint8_t device_identification = 0x2B;

constexpr std::array<std::uint16_t, 256> make_crc_table() {
    std::array<std::uint16_t, 256> table{};
    for (std::uint16_t byte = 0; byte < table.size(); ++byte) {
        std::uint16_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            // The polynomial of appendix B, mirrored.
            crc = static_cast<std::uint16_t>((crc & 1U) != 0 ? (crc >> 1) ^ 0xA001U : crc >> 1);
        }
        table[byte] = crc;
    }
    return table;
}
constexpr auto crc_table = make_crc_table();

bool crc_is_right(std::span<const std::uint8_t> frame) {
    const auto content = frame.first(frame.size() - crc_bytes);
    const auto tail = frame.last(crc_bytes);
    return crc16(content) == static_cast<std::uint16_t>(tail[0] | (tail[1] << 8));
}

/// Objects of a device identification carry their own lengths (V1.1b3, 6.21).
std::optional<std::size_t> identification_length(std::span<const std::uint8_t> frame) {
    std::size_t length = 8;  // unit, function, type, code, conformity, more, next, count
    if (frame.size() < length) return std::nullopt;
    for (std::uint8_t i = 0; i < frame[7]; ++i) {
        if (frame.size() < length + 2) return std::nullopt;
        length += std::size_t{2} + frame[length + 1];
    }
    return length + crc_bytes;
}

/// How long the frame that begins here says it is; nothing while it has not said so yet.
std::optional<std::size_t> frame_length(std::span<const std::uint8_t> frame) {
    if (frame.size() < 2) return std::nullopt;
    const auto function = frame[1];
    if ((function & exception_bit) != 0) return 3 + crc_bytes;
    if (function == 0x05 || function == 0x06 || function == 0x0F || function == 0x10) {
        return 6 + crc_bytes;
    }
    if (function == device_identification) return identification_length(frame);
    if ((function >= 0x01 && function <= 0x04) || function == report_server_id) {
        if (frame.size() < 3) return std::nullopt;
        return std::size_t{3} + frame[2] + crc_bytes;
    }
    return frame.size();  // of an unknown function: what came so far
}

/// Why a whole frame, good or not, is not what was asked for.
Error not_ours(std::uint8_t unit, std::span<const std::uint8_t> frame) {
    if (!crc_is_right(frame)) return {Fault::corrupt, "CRC error", 0};
    if (frame[0] != unit) {
        return {Fault::corrupt, fmt::format("answer of unit {}, not of {}", frame[0], unit), 0};
    }
    return {Fault::corrupt, fmt::format("answer to function {}", frame[1]), 0};
}

}  // namespace

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
    std::uint16_t crc = 0xFFFF;
    for (const auto byte : bytes) {
        crc = static_cast<std::uint16_t>((crc >> 8) ^ crc_table[(crc ^ byte) & 0xFFU]);
    }
    return crc;
}

Bytes wrap_rtu(std::uint8_t unit, std::span<const std::uint8_t> pdu) {
    Bytes frame;
    frame.reserve(pdu.size() + 1 + crc_bytes);
    frame.push_back(unit);
    frame.insert(frame.end(), pdu.begin(), pdu.end());
    const auto crc = crc16(frame);
    frame.push_back(static_cast<std::uint8_t>(crc & 0xFFU));
    frame.push_back(static_cast<std::uint8_t>(crc >> 8));
    return frame;
}

Assembly find_rtu_answer(std::uint8_t unit, std::uint8_t function,
                         std::span<const std::uint8_t> bytes) {
    bool may_go_on = false;
    for (std::size_t begin = 0; begin < bytes.size(); ++begin) {
        if (bytes[begin] != unit) continue;
        const auto rest = bytes.subspan(begin);
        const bool ours =
            rest.size() >= 2 && (rest[1] == function || rest[1] == (function | exception_bit));
        if (rest.size() >= 2 && !ours) continue;
        const auto length = frame_length(rest);
        if (!length || rest.size() < *length || *length < shortest_frame) {
            may_go_on = may_go_on || !length || *length <= max_rtu_frame;
            continue;
        }
        const auto frame = rest.first(*length);
        if (!crc_is_right(frame)) continue;
        return {Assembly::State::answer, frame.subspan(1, frame.size() - 1 - crc_bytes), {}};
    }
    if (bytes.empty()) return {};
    const auto length = frame_length(bytes);
    const bool whole = length && *length >= shortest_frame && *length <= bytes.size();
    const auto why = whole ? not_ours(unit, bytes.first(*length))
                           : Error{Fault::corrupt, "a truncated answer", 0};
    // A frame of ours that may still be on its way outweighs whatever came before it.
    return {may_go_on || !whole ? Assembly::State::more : Assembly::State::bad, {}, why};
}

int bits_per_character(const LinePlan& line) {
    return 1 + 8 + (line.parity == Parity::none ? 0 : 1) + line.stop_bits;
}

Duration time_on_line(const LinePlan& line, std::size_t characters) {
    const auto bits = static_cast<std::int64_t>(characters) * bits_per_character(line);
    return std::chrono::nanoseconds(bits * 1'000'000'000 / line.baud);
}

Duration standard_gap(const LinePlan& line) {
    if (line.baud > 19200) return std::chrono::microseconds(1750);
    return time_on_line(line, 7) / 2;
}

}  // namespace firebreak
