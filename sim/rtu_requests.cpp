#include "sim/rtu_requests.hpp"

#include <algorithm>

#include "firmware/bus/rtu.hpp"

namespace firebreak {
namespace {

constexpr std::size_t crc_bytes = 2;
constexpr std::size_t shortest_frame = 4;

/// Requests, unlike answers, tell their length by the function (V1.1b3, chapter 6); nothing when
/// the function is not known, or the byte count has not come yet.
std::optional<std::size_t> request_length(std::span<const std::uint8_t> frame) {
    if (frame.size() < 2) return std::nullopt;
    const auto counted = [&](std::size_t at) -> std::optional<std::size_t> {
        if (frame.size() <= at) return std::nullopt;
        return at + 1 + frame[at] + crc_bytes;
    };
    switch (frame[1]) {
        case 0x01:
        case 0x02:
        case 0x03:
        case 0x04:
        case 0x05:
        case 0x06:
        case 0x08:
            return 6 + crc_bytes;
        case 0x07:
        case 0x0B:
        case 0x0C:
        case 0x11:
            return 2 + crc_bytes;
        case 0x0F:
        case 0x10:
            return counted(6);
        case 0x17:
            return counted(10);
        case 0x2B:
            return 5 + crc_bytes;  // read device identification, the only one in use
        default:
            return std::nullopt;
    }
}

bool crc_fits(std::span<const std::uint8_t> frame) {
    // Over a frame and its own CRC the register comes out as zero.
    return frame.size() >= shortest_frame && crc16(frame) == 0;
}

}  // namespace

void RtuRequests::add(std::span<const std::uint8_t> bytes, Instant now) {
    heard_ = std::max(heard_, now) + static_cast<std::int64_t>(bytes.size()) * character_;
    pending_.insert(pending_.end(), bytes.begin(), bytes.end());
    // One byte more than any frame: what is longer is none, and its end need not be kept.
    pending_.resize(std::min(pending_.size(), max_rtu_frame + 1));
}

std::optional<RtuRequest> RtuRequests::take(std::size_t length) {
    const std::span<const std::uint8_t> frame(pending_.data(), length);
    RtuRequest request{frame[0],
                       {frame.begin() + 1, frame.end() - crc_bytes},
                       heard_ - static_cast<std::int64_t>(pending_.size() - length) * character_};
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(length));
    return request;
}

std::optional<RtuRequest> RtuRequests::next(Instant now) {
    if (pending_.empty()) return std::nullopt;
    const auto length = request_length(pending_);
    if (length && pending_.size() >= *length && crc_fits(std::span(pending_).first(*length))) {
        return take(*length);
    }
    if (now < deadline()) return std::nullopt;
    if (pending_.size() <= max_rtu_frame && crc_fits(pending_)) return take(pending_.size());
    pending_.clear();
    return std::nullopt;
}

}  // namespace firebreak
