// How an answer leaves on the wire: framed for Modbus TCP or RTU, whole or spoilt by a fault. Pure.
// Delays are those of the wire, in real time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "contract/support/time.hpp"
#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"
#include "sim/scenario.hpp"

namespace firebreak {

/// What happens to an answer on its way.
struct WireFault {
    FaultKind kind = FaultKind::slow;  ///< one of the wire's
    Duration delay{};
};

/// What a unit has to say to one request.
struct Reply {
    Bytes pdu;  ///< empty: silence
    std::optional<WireFault> fault;
};

struct Transmission {
    Bytes bytes;           ///< empty: nothing is sent
    Duration delay{};      ///< before the first byte
    Duration each{};       ///< a byte in such steps; zero: as fast as the wire takes them
    bool hang_up = false;  ///< in place of the bytes
};

[[nodiscard]] Transmission tcp_transmission(std::uint16_t transaction, std::uint8_t unit,
                                            const Reply& reply);
[[nodiscard]] Transmission rtu_transmission(std::uint8_t unit, const Reply& reply);

/// What a master makes of an answer of so many words that meets this fault, where no wire is
/// played; nothing: it gets the answer all the same.
[[nodiscard]] std::optional<Error> lost_on_the_wire(const WireFault& fault, std::size_t words,
                                                    const BusPlan& bus);

}  // namespace firebreak
