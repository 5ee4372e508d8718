// A connection to a server that speaks lines, by TCP or a Unix socket. Owned by one exchange of one
// crew worker; every wait ends by the deadline, or at once when `stop_fd` becomes readable. Errors:
// port_lost nobody there or gone, timeout, refused by permissions, busy a full backlog.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

/// "/path", "127.0.0.1:9999", "[::1]:9999" or "localhost:9999". Other names are refused on
/// purpose: a name server may stand in the failed domain.
[[nodiscard]] std::optional<SocketAddress> parse_address(const std::string& text);

/// Why an endpoint's address cannot be used, or "".
[[nodiscard]] std::string address_complaint(const std::string& address);

class Stream {
public:
    Stream(Instant deadline, int stop_fd) : deadline_(deadline), stop_fd_(stop_fd) {}
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    [[nodiscard]] Result<void> connect(const SocketAddress& address);
    [[nodiscard]] Result<void> send(std::string_view text);
    /// Appends some of what has come; false when no more will.
    [[nodiscard]] Result<bool> receive(std::string& into);

private:
    [[nodiscard]] Result<void> wait_for(short events);

    int fd_ = -1;
    Instant deadline_;
    int stop_fd_;
};

}  // namespace firebreak
