// Lets TCP send what is written without waiting for the answer to what was sent before: Nagle's
// rule (RFC 896) and the far end's delayed acknowledgement (RFC 1122, 4.2.3.2) would hold an alarm
// behind a reading for 40 ms. For connections of libraries that do not say which they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace firebreak {

/// The port at the end of "scheme://host:port"; 0 when there is none.
[[nodiscard]] std::uint16_t port_of(std::string_view url);

/// Every TCP connection of this process to that port, wherever it goes; how many there are.
std::size_t send_at_once(std::uint16_t port);

}  // namespace firebreak
