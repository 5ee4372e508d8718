// The seam to a field bus: one request at a time, called from the bus thread only.
// Errors: timeout, corrupt, refused (a Modbus exception), busy, port_lost.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

using Bytes = std::vector<std::uint8_t>;

struct ReadRequest {
    std::uint8_t unit = 1;
    Table table = Table::input;
    std::uint16_t address = 0;
    std::uint16_t count = 1;
};

struct WriteRequest {
    std::uint8_t unit = 1;
    Table table = Table::coil;  ///< coil or holding
    std::uint16_t address = 0;
    Words words;
};

class Bus {
public:
    virtual ~Bus() = default;
    [[nodiscard]] virtual Result<Words> read(const ReadRequest& request) = 0;
    [[nodiscard]] virtual Result<void> write(const WriteRequest& request) = 0;
    /// Any request that reads: the answer's PDU, of the same function. For what a scan asks.
    [[nodiscard]] virtual Result<Bytes> ask(std::uint8_t unit,
                                            std::span<const std::uint8_t> pdu) = 0;
};

}  // namespace firebreak
