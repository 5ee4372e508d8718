// Finds RTU requests in what a line brings. A request ends by its known length with a CRC that
// fits, or by silence; anything else is dropped at the next silence, as a real slave does. Pure;
// any bytes at all; owned by one endpoint. MODBUS over Serial Line V1.02, 2.5.1.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "contract/support/time.hpp"
#include "firmware/bus/bus.hpp"

namespace firebreak {

struct RtuRequest {
    std::uint8_t unit = 0;
    Bytes pdu;
    Instant end;  ///< when its last character was over on the line
};

class RtuRequests {
public:
    /// `character`: how long the line takes for one, however fast the bytes are handed over;
    /// `silence`: what ends a frame whose length nobody knows.
    RtuRequests(Duration character, Duration silence) : character_(character), silence_(silence) {}

    void add(std::span<const std::uint8_t> bytes, Instant now);

    /// To be asked again until there is none.
    [[nodiscard]] std::optional<RtuRequest> next(Instant now);

    /// When next() would say something else although nothing came.
    [[nodiscard]] Instant deadline() const { return pending_.empty() ? never : heard_ + silence_; }

    /// When all that came so far is over on the line.
    [[nodiscard]] Instant heard_until() const { return heard_; }

private:
    [[nodiscard]] std::optional<RtuRequest> take(std::size_t length);

    Duration character_;
    Duration silence_;
    Bytes pending_;
    Instant heard_{};
};

}  // namespace firebreak
