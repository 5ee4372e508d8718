// The few things the simulator's servers need of TCP sockets: an owned descriptor, a listening
// socket, a reset. One owner each; nothing here blocks. Errors: Fault::config when a port
// cannot be had.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "contract/support/result.hpp"

namespace firebreak {

/// A file descriptor with an owner.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    void reset();
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

/// Non-blocking, on a numeric IPv4 address or "localhost".
[[nodiscard]] Result<Descriptor> listen_on(const std::string& host, std::uint16_t port);

/// The next connection, non-blocking; empty when none waits.
[[nodiscard]] Descriptor accept_on(const Descriptor& listener);

/// Closing will then reset the connection at once, as when the machine is simply gone.
void reset_on_close(const Descriptor& connection);

}  // namespace firebreak
