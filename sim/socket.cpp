#include "sim/socket.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace firebreak {

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    if (this != &other) {
        reset();
        fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
}

void Descriptor::reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Result<Descriptor> listen_on(const std::string& host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    const auto* numeric = host == "localhost" ? "127.0.0.1" : host.c_str();
    if (::inet_pton(AF_INET, numeric, &address.sin_addr) != 1) {
        return fail(Fault::config, fmt::format("cannot listen on {}:{}: use a numeric IPv4 address "
                                               "of this machine, such as 127.0.0.1",
                                               host, port));
    }
    Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 128) != 0) {
        return fail(Fault::config,
                    fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(errno)));
    }
    return fd;
}

Descriptor accept_on(const Descriptor& listener) {
    Descriptor fd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    // Answers are small and each is waited for: Nagle would only delay them.
    const int yes = 1;
    if (fd) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

void reset_on_close(const Descriptor& connection) {
    const linger at_once{1, 0};
    ::setsockopt(connection.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace firebreak
