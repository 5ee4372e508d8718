// Bytes that wait for their time on one connection or line. Pure; owned by the endpoint whose
// bytes they are. Deadlines are absolute, so that what comes late makes nothing else late.
#pragma once

#include <cstddef>
#include <map>

#include "contract/support/time.hpp"
#include "sim/transmission.hpp"

namespace firebreak {

class ByteQueue {
public:
    /// `start`: when the first byte may begin; `character`: how long the line takes for one.
    void add(const Transmission& sent, Instant start, Duration character);

    /// Moves what is due to the end of `into`; true when it is time to hang up.
    [[nodiscard]] bool take_due(Instant now, Bytes& into);

    [[nodiscard]] Instant next() const { return parts_.empty() ? never : parts_.begin()->first; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    void put(Instant at, std::span<const std::uint8_t> bytes);

    std::multimap<Instant, Bytes> parts_;  ///< when its last byte is over; empty: hang up
    std::size_t bytes_ = 0;
};

}  // namespace firebreak
