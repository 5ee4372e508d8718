// A TCP port of the loopback that nobody listens on at this moment. Another process may take it
// first: whoever starts a server on it waits until it accepts, and says so when it does not.
#pragma once

#include <cstdint>

namespace firebreak {

[[nodiscard]] std::uint16_t free_port();

/// The first of `count` in a row, below those the kernel hands out to whoever asks for any.
[[nodiscard]] std::uint16_t free_ports(int count);

/// Whether something accepts connections on 127.0.0.1:`port` now.
[[nodiscard]] bool accepts(std::uint16_t port);

}  // namespace firebreak
