#include "contract/link/no_delay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>

namespace firebreak {
namespace {

template <class Number>
Number number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? value : Number{};
}

/// 0 for what is no TCP connection.
std::uint16_t peer_port(int fd) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    void* const raw = &peer;
    if (::getpeername(fd, static_cast<sockaddr*>(raw), &size) != 0) return 0;
    if (peer.ss_family == AF_INET) return ntohs(static_cast<sockaddr_in*>(raw)->sin_port);
    if (peer.ss_family == AF_INET6) return ntohs(static_cast<sockaddr_in6*>(raw)->sin6_port);
    return 0;
}

}  // namespace

std::uint16_t port_of(std::string_view url) {
    return number<std::uint16_t>(url.substr(url.rfind(':') + 1));
}

std::size_t send_at_once(std::uint16_t port) {
    std::size_t count = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const int fd = number<int>(entry.path().filename().string());
        if (port == 0 || fd <= 0 || peer_port(fd) != port) continue;
        const int on = 1;
        if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0) ++count;
    }
    return count;
}

}  // namespace firebreak
