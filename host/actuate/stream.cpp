#include "host/actuate/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

namespace firebreak {
namespace {

template <class Kind>
SocketAddress stored(const Kind& address) {
    SocketAddress out;
    static_assert(sizeof(Kind) <= sizeof(out.storage));
    std::memcpy(&out.storage, &address, sizeof(Kind));
    out.size = sizeof(Kind);
    return out;
}

std::optional<SocketAddress> unix_address(const std::string& path) {
    sockaddr_un address{};
    if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    return stored(address);
}

std::optional<std::uint16_t> port_of(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
    return port;
}

tl::unexpected<Error> lost(std::string_view doing, int number) {
    const auto why = std::string(doing) + ": " + std::generic_category().message(number);
    switch (number) {
        case EACCES:
        case EPERM:
            return fail(Fault::refused, why);
        case EAGAIN:
            return fail(Fault::busy, why);  // a Unix listener whose backlog is full
        case ETIMEDOUT:
            return fail(Fault::timeout, why);
        default:
            return fail(Fault::port_lost, why);
    }
}

}  // namespace

std::optional<SocketAddress> parse_address(const std::string& text) {
    if (text.starts_with('/')) return unix_address(text);
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto port = port_of(std::string_view(text).substr(colon + 1));
    if (!port) return std::nullopt;
    std::string host = text.substr(0, colon);
    if (host == "localhost") host = "127.0.0.1";
    sockaddr_in v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(*port);
        return stored(v4);
    }
    if (host.size() < 2 || host.front() != '[' || host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return std::nullopt;
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(*port);
    return stored(v6);
}

std::string address_complaint(const std::string& address) {
    if (parse_address(address)) return "";
    return "not a socket: give an absolute path of at most 107 bytes, or an IP address and a port "
           "like \"10.0.0.1:9999\"; names are not looked up, a name server may burn, too";
}

Stream::~Stream() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> Stream::wait_for(short events) {
    for (;;) {
        const auto left = deadline_ - std::chrono::steady_clock::now();
        const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
        if (ms <= 0) return fail(Fault::timeout, "no answer in time");
        std::array<pollfd, 2> fds = {pollfd{fd_, events, 0}, pollfd{stop_fd_, POLLIN, 0}};
        const int got = ::poll(fds.data(), fds.size(), static_cast<int>(std::min(ms, 60'000L)));
        if (got < 0 && errno != EINTR) return lost("poll", errno);
        if (got <= 0) continue;
        if (fds[1].revents != 0) return fail(Fault::timeout, "stopping");
        return {};
    }
}

Result<void> Stream::connect(const SocketAddress& address) {
    fd_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0) return lost("socket", errno);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
    if (::connect(fd_, generic, address.size) == 0) return {};
    if (errno != EINPROGRESS) return lost("connect", errno);
    if (auto ready = wait_for(POLLOUT); !ready) return within(ready.error(), "connect");
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return lost("connect", error);
    return {};
}

Result<void> Stream::send(std::string_view text) {
    while (!text.empty()) {
        const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
        } else if (sent < 0 && errno == EAGAIN) {
            if (auto ready = wait_for(POLLOUT); !ready) return ready;
        } else if (sent < 0 && errno != EINTR) {
            return lost("send", errno);
        }
    }
    return {};
}

Result<bool> Stream::receive(std::string& into) {
    std::array<char, 16 * 1024> buffer{};
    for (;;) {
        const auto got = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (got == 0) return false;
        if (got > 0) {
            into.append(buffer.data(), static_cast<std::size_t>(got));
            return true;
        }
        if (errno == EAGAIN) {
            if (auto ready = wait_for(POLLIN); !ready) return tl::unexpected(ready.error());
        } else if (errno != EINTR) {
            return lost("receive", errno);
        }
    }
}

}  // namespace firebreak
