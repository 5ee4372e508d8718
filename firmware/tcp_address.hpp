// Where a Modbus TCP device or gateway listens, as people write it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace firebreak {

struct TcpAddress {
    std::string host;
    std::uint16_t port = 502;  ///< Modbus' own port

    bool operator==(const TcpAddress&) const = default;
};

/// "host", "host:502", "[::1]:502"; nothing for anything else.
[[nodiscard]] std::optional<TcpAddress> parse_tcp_address(const std::string& text);

}  // namespace firebreak
