#include "host/actuate/haproxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

#include "contract/support/time.hpp"
#include "host/actuate/haproxy_text.hpp"

namespace firebreak {
namespace {

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
};

template <class Kind>
Address stored(const Kind& address) {
    Address out;
    static_assert(sizeof(Kind) <= sizeof(out.storage));
    std::memcpy(&out.storage, &address, sizeof(Kind));
    out.size = sizeof(Kind);
    return out;
}

std::optional<Address> unix_address(const std::string& path) {
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

/// "/path", "127.0.0.1:9999", "[::1]:9999" or "localhost:9999".
std::optional<Address> parse_address(const std::string& text) {
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

class Socket {
public:
    explicit Socket(int family)
        : fd_(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
    ~Socket() {
        if (fd_ >= 0) ::close(fd_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

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

/// One line out, the whole answer in, before one deadline.
class Exchange {
public:
    Exchange(const Address& address, Instant deadline, int stop_fd)
        : socket_(address.storage.ss_family), deadline_(deadline), stop_fd_(stop_fd) {}

    Result<std::string> run(const Address& address, const std::string& line) {
        if (socket_.fd() < 0) return lost("socket", errno);
        if (auto connected = connect(address); !connected) {
            return tl::unexpected(connected.error());
        }
        if (auto sent = send(line + '\n'); !sent) return tl::unexpected(sent.error());
        return receive();
    }

private:
    Result<void> wait_for(short events) {
        for (;;) {
            const auto left = deadline_ - std::chrono::steady_clock::now();
            const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
            if (ms <= 0) return fail(Fault::timeout, "no answer in time");
            std::array<pollfd, 2> fds = {pollfd{socket_.fd(), events, 0},
                                         pollfd{stop_fd_, POLLIN, 0}};
            const int got = ::poll(fds.data(), fds.size(), static_cast<int>(std::min(ms, 60'000L)));
            if (got < 0 && errno != EINTR) return lost("poll", errno);
            if (got <= 0) continue;
            if (fds[1].revents != 0) return fail(Fault::timeout, "stopping");
            return {};
        }
    }

    Result<void> connect(const Address& address) {
        const auto* generic = reinterpret_cast<const sockaddr*>(&address.storage);
        if (::connect(socket_.fd(), generic, address.size) == 0) return {};
        if (errno != EINPROGRESS) return lost("connect", errno);
        if (auto ready = wait_for(POLLOUT); !ready) return within(ready.error(), "connect");
        int error = 0;
        socklen_t size = sizeof(error);
        if (::getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        if (error != 0) return lost("connect", error);
        return {};
    }

    Result<void> send(std::string_view text) {
        while (!text.empty()) {
            const auto sent = ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL);
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

    Result<std::string> receive() {
        std::string answer;
        std::array<char, 16 * 1024> buffer{};
        for (;;) {
            const auto got = ::recv(socket_.fd(), buffer.data(), buffer.size(), 0);
            if (got == 0) return answer;  // HAProxy closes after one line's answers
            if (got > 0) {
                answer.append(buffer.data(), static_cast<std::size_t>(got));
                if (answer.size() > max_answer_bytes) {
                    return fail(Fault::corrupt, "an endless answer");
                }
            } else if (errno == EAGAIN) {
                if (auto ready = wait_for(POLLIN); !ready) return tl::unexpected(ready.error());
            } else if (errno != EINTR) {
                return lost("receive", errno);
            }
        }
    }

    Socket socket_;
    Instant deadline_;
    int stop_fd_;
};

class Haproxy final : public Actuator {
public:
    Haproxy(EndpointPlan endpoint, std::map<std::string, std::string> backends, int stop_fd)
        : endpoint_(std::move(endpoint)),
          address_(parse_address(endpoint_.address)),
          backends_(std::move(backends)),
          stop_fd_(stop_fd) {}

    Result<ItemStates> observe(const std::string& target) override { return apply(target, {}); }

    Result<ItemStates> apply(const std::string& target, const std::vector<Step>& steps) override {
        const auto backend = backends_.find(target);
        if (!address_ || backend == backends_.end()) {
            return fail(Fault::config, "no such address or target: " + target);
        }
        const Instant deadline = std::chrono::steady_clock::now() + endpoint_.timeout;
        const auto lines = command_lines(backend->second, steps);
        // A refusal of one server must not keep the others from being drained: go on, say it last.
        Result<void> refused;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            auto answer = Exchange(*address_, deadline, stop_fd_).run(*address_, lines[i]);
            if (!answer) return within(answer.error(), endpoint_.name);
            if (i + 1 == lines.size()) {
                auto states = parse_state_answer(*answer, backend->second);
                if (!states) return within(states.error(), endpoint_.name);
                if (refused) return states;
            } else if (auto set = parse_set_answer(*answer); !set && refused) {
                refused = set;
            }
        }
        return within(refused.error(), endpoint_.name);
    }

private:
    EndpointPlan endpoint_;
    std::optional<Address> address_;
    std::map<std::string, std::string> backends_;
    int stop_fd_;
};

}  // namespace

std::unique_ptr<Actuator> make_haproxy(const EndpointPlan& endpoint,
                                       std::map<std::string, std::string> backends, int stop_fd) {
    return std::make_unique<Haproxy>(endpoint, std::move(backends), stop_fd);
}

std::string address_complaint(const std::string& address) {
    if (parse_address(address)) return "";
    return "not a socket: give an absolute path of at most 107 bytes, or an IP address and a port "
           "like \"10.0.0.1:9999\"; names are not looked up, a name server may burn, too";
}

}  // namespace firebreak
