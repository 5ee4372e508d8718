#include "sim/byte_queue.hpp"

#include <algorithm>

namespace firebreak {
namespace {

/// A receiver's FIFO hands bytes over in pieces too. Each piece costs a wake-up on both ends.
constexpr Duration piece_lasts = std::chrono::milliseconds(10);
constexpr std::size_t longest_piece = 64;

std::size_t piece_of(Duration character) {
    if (character <= Duration::zero()) return longest_piece;
    return std::clamp<std::size_t>(static_cast<std::size_t>(piece_lasts / character), 1,
                                   longest_piece);
}

}  // namespace

void ByteQueue::put(Instant at, std::span<const std::uint8_t> bytes) {
    bytes_ += bytes.size();
    parts_.emplace(at, Bytes(bytes.begin(), bytes.end()));
}

void ByteQueue::add(const Transmission& sent, Instant start, Duration character) {
    const auto begin = start + sent.delay;
    if (sent.hang_up) return put(begin, {});
    const std::span<const std::uint8_t> bytes = sent.bytes;
    if (sent.each > Duration::zero()) {
        const auto step = std::max(sent.each, character);
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            put(begin + character + static_cast<std::int64_t>(i) * step, bytes.subspan(i, 1));
        }
        return;
    }
    if (character <= Duration::zero()) {
        if (!bytes.empty()) put(begin, bytes);
        return;
    }
    const auto piece = piece_of(character);
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
        const auto end = std::min(i + piece, bytes.size());
        // Not before its last byte is over: a line shows no byte early.
        put(begin + static_cast<std::int64_t>(end) * character, bytes.subspan(i, end - i));
    }
}

bool ByteQueue::take_due(Instant now, Bytes& into) {
    while (!parts_.empty() && parts_.begin()->first <= now) {
        const auto part = parts_.extract(parts_.begin());
        if (part.mapped().empty()) return true;
        bytes_ -= part.mapped().size();
        into.insert(into.end(), part.mapped().begin(), part.mapped().end());
    }
    return false;
}

}  // namespace firebreak
