#include "sim/modbus_server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <utility>

#include "sim/modbus_pdu.hpp"
#include "sim/socket.hpp"

namespace firebreak {
namespace {

// MODBUS Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol and length, then the unit id.
constexpr std::size_t mbap_bytes = 7;
constexpr std::size_t most_clients_a_bus = 64;
/// Answers a client may leave unread before it is shown out.
constexpr std::size_t most_unread_bytes = 16 * 1024;
/// A frame's bytes come together; who takes longer over one has hung.
constexpr Duration frame_patience = std::chrono::seconds(5);

using Bytes = std::vector<std::uint8_t>;

struct Client {
    Descriptor fd;
    Bytes incoming;  ///< less than a frame, once served
    Bytes outgoing;
    Instant heard{};  ///< when the last bytes came
};

struct BusPort {
    Descriptor listener;
    std::list<Client> clients;
};

}  // namespace

struct ModbusServer::State {
    std::vector<BusPort> buses;
    ModbusAnswer answer;

    void accept_all(BusPort& bus, Instant now);
    bool serve(std::size_t bus, Client& client, Instant now);
    static bool receive(Client& client, Instant now);
    bool answer_frames(std::size_t bus, Client& client);
    static bool send(Client& client);
};

void ModbusServer::State::accept_all(BusPort& bus, Instant now) {
    while (auto fd = accept_on(bus.listener)) {
        // Who connects and hangs must not keep others out: the longest unheard makes room.
        if (bus.clients.size() >= most_clients_a_bus) {
            bus.clients.erase(std::min_element(
                bus.clients.begin(), bus.clients.end(),
                [](const Client& a, const Client& b) { return a.heard < b.heard; }));
        }
        bus.clients.push_back({std::move(fd), {}, {}, now});
    }
}

/// False when the connection is over.
bool ModbusServer::State::receive(Client& client, Instant now) {
    std::uint8_t buffer[4096];
    const auto got = ::recv(client.fd.get(), buffer, sizeof buffer, 0);
    if (got == 0) return false;
    if (got < 0) {
        if (errno != EAGAIN && errno != EINTR) return false;
        return client.incoming.empty() || now - client.heard < frame_patience;
    }
    client.heard = now;
    client.incoming.insert(client.incoming.end(), buffer, buffer + got);
    return true;
}

/// Answers every whole frame; false when what came is not Modbus.
bool ModbusServer::State::answer_frames(std::size_t bus, Client& client) {
    std::size_t begin = 0;
    const auto& in = client.incoming;
    while (in.size() - begin >= mbap_bytes) {
        const auto* head = in.data() + begin;
        const auto protocol = static_cast<std::size_t>((head[2] << 8) | head[3]);
        const auto length = static_cast<std::size_t>((head[4] << 8) | head[5]);
        // After such a head nobody can tell where the next frame begins.
        if (protocol != 0 || length < 2 || length > max_pdu_bytes + 1) return false;
        if (in.size() - begin < 6 + length) break;
        const auto reply = answer(bus, head[6], {head + mbap_bytes, length - 1});
        if (!reply.empty()) {
            const auto size = reply.size() + 1;
            client.outgoing.insert(client.outgoing.end(),
                                   {head[0], head[1], 0, 0, static_cast<std::uint8_t>(size >> 8),
                                    static_cast<std::uint8_t>(size & 0xFFU), head[6]});
            client.outgoing.insert(client.outgoing.end(), reply.begin(), reply.end());
        }
        if (client.outgoing.size() > most_unread_bytes && !send(client)) return false;
        if (client.outgoing.size() > most_unread_bytes) return false;
        begin += 6 + length;
    }
    client.incoming.erase(client.incoming.begin(),
                          client.incoming.begin() + static_cast<std::ptrdiff_t>(begin));
    return true;
}

bool ModbusServer::State::send(Client& client) {
    auto& out = client.outgoing;
    if (out.empty()) return true;
    const auto sent = ::send(client.fd.get(), out.data(), out.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    out.erase(out.begin(), out.begin() + sent);
    return true;
}

bool ModbusServer::State::serve(std::size_t bus, Client& client, Instant now) {
    return receive(client, now) && answer_frames(bus, client) && send(client);
}

Result<std::unique_ptr<ModbusServer>> ModbusServer::open(const std::vector<ModbusListen>& buses,
                                                         ModbusAnswer answer) {
    auto state = std::make_unique<State>();
    state->answer = std::move(answer);
    for (const auto& bus : buses) {
        auto listener = listen_on(bus.host, bus.port);
        if (!listener) return tl::unexpected(listener.error());
        state->buses.push_back({*std::move(listener), {}});
    }
    return std::unique_ptr<ModbusServer>(new ModbusServer(std::move(state)));
}

ModbusServer::ModbusServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
ModbusServer::~ModbusServer() = default;

void ModbusServer::watch(std::vector<pollfd>& into) const {
    for (const auto& bus : state_->buses) {
        into.push_back({bus.listener.get(), POLLIN, 0});
        for (const auto& client : bus.clients) {
            const auto wants = client.outgoing.empty() ? POLLIN : POLLIN | POLLOUT;
            into.push_back({client.fd.get(), static_cast<short>(wants), 0});
        }
    }
}

void ModbusServer::serve(Instant now) {
    for (std::size_t i = 0; i < state_->buses.size(); ++i) {
        auto& bus = state_->buses[i];
        state_->accept_all(bus, now);
        bus.clients.remove_if([&](Client& client) { return !state_->serve(i, client, now); });
    }
}

std::size_t ModbusServer::clients() const {
    std::size_t count = 0;
    for (const auto& bus : state_->buses) count += bus.clients.size();
    return count;
}

}  // namespace firebreak
