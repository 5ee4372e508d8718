// One descriptor that masters talk to: a connection or a serial line. Owned by the ModbusServer,
// which serves it whenever its descriptor or its deadline says so; nothing here blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "contract/support/time.hpp"
#include "sim/transmission.hpp"

namespace firebreak {

/// What a bus answers to one unit.
using ModbusAnswer =
    std::function<Reply(std::size_t bus, std::uint8_t unit, std::span<const std::uint8_t> pdu)>;

class Endpoint {
public:
    virtual ~Endpoint() = default;
    /// May change from one serve() to the next.
    [[nodiscard]] virtual int fd() const = 0;
    /// Of poll(): POLLIN, POLLOUT.
    [[nodiscard]] virtual short interest(Instant now) const = 0;
    /// When to serve it although nothing came.
    [[nodiscard]] virtual Instant deadline() const = 0;
    /// False when it is over.
    [[nodiscard]] virtual bool serve(Instant now) = 0;
};

}  // namespace firebreak
