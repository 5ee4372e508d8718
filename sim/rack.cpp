#include "sim/rack.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <list>
#include <thread>
#include <utility>

namespace firebreak {

namespace {

constexpr std::size_t most_request_bytes = 8 * 1024;
constexpr std::size_t most_connections = 512;

/// A file descriptor with an owner.
class Descriptor {
public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::exchange(other.fd_, -1);
        }
        return *this;
    }
    void reset() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    [[nodiscard]] int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_;
};

Result<Descriptor> listen_on(std::uint16_t port) {
    Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int yes = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), 128) != 0) {
        return fail(Fault::config,
                    fmt::format("cannot listen on 127.0.0.1:{}: {}", port, std::strerror(errno)));
    }
    return fd;
}

/// The connection ends with a reset, as when the machine is simply gone.
void reset_connection(const Descriptor& fd) {
    const linger at_once{1, 0};
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

struct Connection {
    Descriptor fd;
    std::string request;
    Instant answer_at = never;  ///< never: no whole request yet
};

struct Server {
    RackServer plan;
    Descriptor listener;
    std::list<Connection> connections;
    bool on = true;
};

}  // namespace

struct Racks::State {
    std::vector<Server> servers;
    std::vector<std::atomic<bool>> wanted;
    std::atomic<bool> stop = false;
    Descriptor wake{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    std::thread thread;

    explicit State(std::size_t count) : wanted(count) {
        for (auto& power : wanted) power = true;
    }

    void run();
    void switch_power();
    [[nodiscard]] std::vector<pollfd> watch_list() const;
    [[nodiscard]] int poll_timeout() const;
    void serve(Server& server);
    static void accept_all(Server& server);
    static bool receive(Server& server, Connection& connection);
    static bool answer(Server& server, Connection& connection);
    void notify() const {
        const std::uint64_t one = 1;
        static_cast<void>(::write(wake.get(), &one, sizeof one));
    }
};

void Racks::State::run() {
    while (!stop) {
        auto watched = watch_list();
        ::poll(watched.data(), watched.size(), poll_timeout());
        std::uint64_t count = 0;
        static_cast<void>(::read(wake.get(), &count, sizeof count));
        switch_power();
        for (auto& server : servers) serve(server);
    }
}

void Racks::State::switch_power() {
    for (std::size_t i = 0; i < servers.size(); ++i) {
        auto& server = servers[i];
        if (server.on == wanted[i]) continue;
        if (server.on) {
            for (const auto& connection : server.connections) reset_connection(connection.fd);
            server.connections.clear();
            server.listener.reset();
            server.on = false;
        } else if (auto listener = listen_on(server.plan.port)) {
            server.listener = *std::move(listener);
            server.on = true;
        }
    }
}

std::vector<pollfd> Racks::State::watch_list() const {
    std::vector<pollfd> watched{{wake.get(), POLLIN, 0}};
    for (const auto& server : servers) {
        if (!server.on) continue;
        watched.push_back({server.listener.get(), POLLIN, 0});
        for (const auto& connection : server.connections) {
            watched.push_back({connection.fd.get(), POLLIN, 0});
        }
    }
    return watched;
}

int Racks::State::poll_timeout() const {
    Instant next = never;
    for (const auto& server : servers) {
        for (const auto& connection : server.connections) {
            next = std::min(next, connection.answer_at);
        }
    }
    if (next == never) return -1;
    const auto wait = next - std::chrono::steady_clock::now();
    return std::max(0,
                    static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count()));
}

void Racks::State::serve(Server& server) {
    if (!server.on) return;
    accept_all(server);
    for (auto it = server.connections.begin(); it != server.connections.end();) {
        const bool alive = receive(server, *it) && answer(server, *it);
        it = alive ? std::next(it) : server.connections.erase(it);
    }
}

void Racks::State::accept_all(Server& server) {
    while (true) {
        Descriptor fd(
            ::accept4(server.listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) return;
        if (server.connections.size() >= most_connections) continue;  // closes it
        server.connections.push_back({std::move(fd), "", never});
    }
}

/// False when the connection is over.
bool Racks::State::receive(Server& server, Connection& connection) {
    char buffer[4096];
    const auto got = ::recv(connection.fd.get(), buffer, sizeof buffer, 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    connection.request.append(buffer, static_cast<std::size_t>(got));
    if (connection.request.size() > most_request_bytes) return false;
    if (connection.answer_at == never && connection.request.find("\r\n\r\n") != std::string::npos) {
        connection.answer_at = std::chrono::steady_clock::now() + server.plan.takes;
    }
    return true;
}

/// Answers when the time has come; false when the peer would not take it.
bool Racks::State::answer(Server& server, Connection& connection) {
    if (connection.answer_at > std::chrono::steady_clock::now()) return true;
    const auto body = server.plan.name + "\n";
    const auto text =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body);
    const auto sent = ::send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    connection.request.clear();
    connection.answer_at = never;
    return sent == static_cast<ssize_t>(text.size());
}

Result<std::unique_ptr<Racks>> Racks::open(const std::vector<RackServer>& servers) {
    auto state = std::make_unique<State>(servers.size());
    for (const auto& plan : servers) {
        auto listener = listen_on(plan.port);
        if (!listener) return within(listener.error(), plan.name);
        state->servers.push_back({plan, *std::move(listener), {}, true});
    }
    return std::unique_ptr<Racks>(new Racks(std::move(state)));
}

Racks::Racks(std::unique_ptr<State> state) : state_(std::move(state)) {
    state_->thread = std::thread([this] { state_->run(); });
}

Racks::~Racks() {
    state_->stop = true;
    state_->notify();
    state_->thread.join();
}

void Racks::power(std::size_t server, bool on) {
    if (state_->wanted[server].exchange(on) != on) state_->notify();
}

}  // namespace firebreak
