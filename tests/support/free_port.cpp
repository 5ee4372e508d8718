#include "tests/support/free_port.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>

namespace firebreak {
namespace {

class LoopbackSocket {
public:
    LoopbackSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
    }
    ~LoopbackSocket() { close(fd_); }
    LoopbackSocket(const LoopbackSocket&) = delete;
    LoopbackSocket& operator=(const LoopbackSocket&) = delete;

    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool can_bind(int port) {
    const LoopbackSocket socket;
    const auto address = loopback(static_cast<std::uint16_t>(port));
    return bind(socket.fd(), std::bit_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

std::uint16_t free_port() {
    const LoopbackSocket any;
    auto address = loopback(0);
    socklen_t size = sizeof(address);
    auto* const plain = std::bit_cast<sockaddr*>(&address);
    if (bind(any.fd(), plain, size) != 0 || getsockname(any.fd(), plain, &size) != 0) {
        throw std::system_error(errno, std::generic_category(), "no free port");
    }
    return ntohs(address.sin_port);
}

std::uint16_t free_ports(int count) {
    constexpr int lowest = 15'000;
    constexpr int highest = 32'000;
    std::random_device random;
    std::uniform_int_distribution any(lowest, highest - count);
    for (int attempt = 0; attempt < 100; ++attempt) {
        const int first = any(random);
        int free = 0;
        while (free < count && can_bind(first + free)) ++free;
        if (free == count) return static_cast<std::uint16_t>(first);
    }
    throw std::runtime_error("no free ports in a row");
}

bool accepts(std::uint16_t port) {
    const LoopbackSocket probe;
    const auto address = loopback(port);
    return connect(probe.fd(), std::bit_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace firebreak
