#include "sim/rack.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <thread>
#include <utility>

#include "sim/socket.hpp"

namespace firebreak {

namespace {

const std::string loopback = "127.0.0.1";
constexpr std::size_t most_request_bytes = 8 * 1024;
constexpr std::size_t most_connections = 512;

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
    static void await_request(const Server& server, Connection& connection);
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
            for (const auto& connection : server.connections) reset_on_close(connection.fd);
            server.connections.clear();
            server.listener.reset();
            server.on = false;
        } else if (auto listener = listen_on(loopback, server.plan.port)) {
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
    while (auto fd = accept_on(server.listener)) {
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
    await_request(server, connection);
    return true;
}

/// A whole request sets the time of its answer; one at a time, so that pipelined ones queue.
void Racks::State::await_request(const Server& server, Connection& connection) {
    if (connection.answer_at == never && connection.request.find("\r\n\r\n") != std::string::npos) {
        connection.answer_at = std::chrono::steady_clock::now() + server.plan.takes;
    }
}

/// Answers when the time has come; false when the peer would not take it.
bool Racks::State::answer(Server& server, Connection& connection) {
    if (connection.answer_at > std::chrono::steady_clock::now()) return true;
    const auto body = server.plan.name + "\n";
    const auto text =
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
                    body.size(), body);
    const auto sent = ::send(connection.fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    connection.request.erase(0, connection.request.find("\r\n\r\n") + 4);
    connection.answer_at = never;
    await_request(server, connection);
    return sent == static_cast<ssize_t>(text.size());
}

Result<std::unique_ptr<Racks>> Racks::open(const std::vector<RackServer>& servers) {
    auto state = std::make_unique<State>(servers.size());
    for (const auto& plan : servers) {
        auto listener = listen_on(loopback, plan.port);
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
