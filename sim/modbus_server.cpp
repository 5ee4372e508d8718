#include "sim/modbus_server.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <list>
#include <set>
#include <utility>

#include "sim/connection.hpp"
#include "sim/serial_line.hpp"
#include "sim/socket.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_clients_a_bus = 64;
constexpr int most_events = 256;

/// An endpoint, and what the kernel and the deadlines know of it.
struct Watched {
    std::unique_ptr<Endpoint> endpoint;  ///< null: over, to be cleared away
    std::size_t bus = 0;
    bool is_client = false;
    int fd = -1;
    std::uint32_t interest = 0;
    Instant deadline = never;
    Instant heard{};  ///< when it last wanted something
};

/// Hands new connections on; is never over.
class Listener final : public Endpoint {
public:
    Listener(Descriptor fd, std::function<void(Descriptor, Instant)> welcome)
        : fd_(std::move(fd)), welcome_(std::move(welcome)) {}
    [[nodiscard]] int fd() const override { return fd_.get(); }
    [[nodiscard]] short interest(Instant) const override { return EPOLLIN; }
    [[nodiscard]] Instant deadline() const override { return never; }
    [[nodiscard]] bool serve(Instant now) override {
        while (auto fd = accept_on(fd_)) welcome_(std::move(fd), now);
        return true;
    }

private:
    Descriptor fd_;
    std::function<void(Descriptor, Instant)> welcome_;
};

}  // namespace

struct ModbusServer::State {
    ModbusAnswer answer;
    Descriptor epoll;
    std::list<Watched> watched;
    std::set<std::pair<Instant, Watched*>> deadlines;
    std::vector<std::size_t> clients;  ///< by bus
    bool any_over = false;

    Watched& add(std::unique_ptr<Endpoint> endpoint, std::size_t bus, Instant now);
    Result<void> open(const BusPlan& plan, std::size_t bus);
    void welcome(Descriptor fd, const BusPlan& plan, std::size_t bus, Instant now);
    void follow(Watched& one, Instant now);
    void serve(Watched& one, Instant now);
    void end(Watched& one);
    void clear_away();
};

Watched& ModbusServer::State::add(std::unique_ptr<Endpoint> endpoint, std::size_t bus,
                                  Instant now) {
    auto& one = watched.emplace_back();
    one.endpoint = std::move(endpoint);
    one.bus = bus;
    one.heard = now;
    follow(one, now);
    return one;
}

/// Tells the kernel and the deadlines what this one waits for now.
void ModbusServer::State::follow(Watched& one, Instant now) {
    const auto fd = one.endpoint->fd();
    const auto interest = static_cast<std::uint32_t>(one.endpoint->interest(now));
    if (fd != one.fd || interest != one.interest) {
        epoll_event event{};
        event.events = interest;
        event.data.ptr = &one;
        // A descriptor that was closed has left the kernel's set by itself.
        ::epoll_ctl(epoll.get(), fd == one.fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
        one.fd = fd;
        one.interest = interest;
    }
    const auto deadline = one.endpoint->deadline();
    if (deadline == one.deadline) return;
    deadlines.erase({one.deadline, &one});
    one.deadline = deadline;
    if (deadline != never) deadlines.insert({deadline, &one});
}

void ModbusServer::State::serve(Watched& one, Instant now) {
    if (!one.endpoint) return;
    if (one.endpoint->serve(now)) {
        follow(one, now);
    } else {
        end(one);
    }
}

/// Only marks it: the kernel may have told of it in the same breath as of the one that ends it.
void ModbusServer::State::end(Watched& one) {
    deadlines.erase({one.deadline, &one});
    if (one.is_client) --clients[one.bus];
    one.endpoint.reset();
    any_over = true;
}

void ModbusServer::State::clear_away() {
    if (!any_over) return;
    watched.remove_if([](const Watched& one) { return !one.endpoint; });
    any_over = false;
}

void ModbusServer::State::welcome(Descriptor fd, const BusPlan& plan, std::size_t bus,
                                  Instant now) {
    // Who connects and hangs must not keep others out: the longest unheard makes room.
    if (clients[bus] >= most_clients_a_bus) {
        Watched* oldest = nullptr;
        for (auto& one : watched) {
            if (!one.endpoint || !one.is_client || one.bus != bus) continue;
            if (oldest == nullptr || one.heard < oldest->heard) oldest = &one;
        }
        if (oldest != nullptr) end(*oldest);
    }
    add(make_connection(std::move(fd), bus, plan.wire, answer), bus, now).is_client = true;
    ++clients[bus];
}

Result<void> ModbusServer::State::open(const BusPlan& plan, std::size_t bus) {
    if (plan.wire == Wire::serial) {
        auto line = make_serial_line(plan, bus, answer);
        if (!line) return tl::unexpected(line.error());
        add(*std::move(line), bus, {});
        return {};
    }
    auto fd = listen_on(plan.host, plan.port);
    if (!fd) return tl::unexpected(fd.error());
    add(std::make_unique<Listener>(*std::move(fd),
                                   [this, plan, bus](Descriptor client, Instant now) {
                                       welcome(std::move(client), plan, bus, now);
                                   }),
        bus, {});
    return {};
}

Result<std::unique_ptr<ModbusServer>> ModbusServer::open(const std::vector<BusPlan>& buses,
                                                         ModbusAnswer answer) {
    auto state = std::make_unique<State>();
    state->answer = std::move(answer);
    state->epoll = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    state->clients.resize(buses.size());
    for (std::size_t bus = 0; bus < buses.size(); ++bus) {
        if (auto opened = state->open(buses[bus], bus); !opened) {
            return tl::unexpected(opened.error());
        }
    }
    return std::unique_ptr<ModbusServer>(new ModbusServer(std::move(state)));
}

ModbusServer::ModbusServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ModbusServer::~ModbusServer() = default;

int ModbusServer::fd() const {
    return state_->epoll.get();
}

Instant ModbusServer::deadline() const {
    return state_->deadlines.empty() ? never : state_->deadlines.begin()->first;
}

void ModbusServer::serve(Instant now) {
    auto& deadlines = state_->deadlines;
    while (!deadlines.empty() && deadlines.begin()->first <= now) {
        auto& one = *deadlines.begin()->second;
        const auto was = one.deadline;
        state_->serve(one, now);
        // An endpoint whose deadline stays in the past would be served for ever.
        if (one.endpoint && one.deadline == was) break;
    }
    std::array<epoll_event, most_events> events{};
    const int count = ::epoll_wait(state_->epoll.get(), events.data(), most_events, 0);
    for (int i = 0; i < count; ++i) {
        auto& one = *static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr);
        one.heard = now;
        state_->serve(one, now);
    }
    state_->clear_away();
}

std::size_t ModbusServer::clients() const {
    std::size_t count = 0;
    for (const auto clients : state_->clients) count += clients;
    return count;
}

}  // namespace firebreak
