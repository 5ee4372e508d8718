// The seam to the wire itself: a serial port or a socket, bytes out and bytes in. Used by one
// ModbusBus, from the bus thread. Errors: timeout, port_lost (gone, or somebody else's; opened
// anew at the next open()), config.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

class Port {
public:
    virtual ~Port() = default;
    /// Opens it unless it is open, and drops what came unasked. Takes at most the plan's timeout
    /// (a host name also its look-up).
    [[nodiscard]] virtual Result<void> open() = 0;
    /// A whole request; what a serial line adds to it (RTS) is the port's business.
    [[nodiscard]] virtual Result<void> send(std::span<const std::uint8_t> bytes) = 0;
    /// At least a byte, at most what fits; Fault::timeout when none came until then.
    [[nodiscard]] virtual Result<std::size_t> receive(std::span<std::uint8_t> into,
                                                      Instant until) = 0;
    virtual void close() = 0;
};

/// By libmodbus: a socket for Wire::tcp and Wire::rtu_over_tcp, a serial port for Wire::serial.
[[nodiscard]] std::unique_ptr<Port> make_port(const BusPlan& plan);

}  // namespace firebreak
