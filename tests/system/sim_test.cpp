// The Modbus server on real sockets: honest clients, hostile ones, and both at once; and the
// simulator as a program.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "sim/modbus_server.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

class Client {
public:
    explicit Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
        const timeval patience{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// How many bytes the server's side took before it refused or did not read on.
    std::size_t send(const Bytes& bytes, int flags = 0) const {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | flags);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    /// `count` bytes, or fewer if the connection ended or nothing came for long.
    [[nodiscard]] Bytes receive(std::size_t count) const {
        Bytes bytes(count);
        std::size_t have = 0;
        while (have < count) {
            const auto got = ::recv(fd_, bytes.data() + have, count - have, 0);
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }
    /// True when the server hung up; false when it only said nothing.
    [[nodiscard]] bool ended() const {
        char byte = 0;
        const auto got = ::recv(fd_, &byte, 1, 0);
        return got == 0 || (got < 0 && errno == ECONNRESET);
    }

private:
    int fd_;
};

BusPlan tcp_bus(std::uint16_t port) {
    BusPlan bus;
    bus.host = "127.0.0.1";
    bus.port = port;
    return bus;
}

/// A server of two buses whose units echo the function and say bus and unit; unit 9 is
/// silent, 8 takes an hour, 7 resets the connection.
class Served {
public:
    Served() {
        auto opened = ModbusServer::open(
            {tcp_bus(ports[0]), tcp_bus(ports[1])},
            [](std::size_t bus, std::uint8_t unit, std::span<const std::uint8_t> pdu) -> Reply {
                if (unit == 9) return {};
                Reply reply{{pdu[0], 2, static_cast<std::uint8_t>(bus), unit}, {}};
                if (unit == 8) reply.fault = WireFault{FaultKind::slow, 1h};
                if (unit == 7) reply.fault = WireFault{FaultKind::reset, {}};
                return reply;
            });
        REQUIRE(opened);
        server_ = *std::move(opened);
        thread_ = std::thread([this] {
            pollfd watched{server_->fd(), POLLIN, 0};
            while (!stop_) {
                ::poll(&watched, 1, 5);
                server_->serve(std::chrono::steady_clock::now() + ahead_.load());
                clients = server_->clients();
            }
        });
    }
    ~Served() {
        stop_ = true;
        thread_.join();
    }
    void jump(Duration time) { ahead_ = time; }

    const std::vector<std::uint16_t> ports = {free_port(), free_port()};
    std::atomic<std::size_t> clients = 0;

private:
    std::unique_ptr<ModbusServer> server_;
    std::atomic<bool> stop_ = false;
    std::atomic<Duration> ahead_ = Duration::zero();
    std::thread thread_;
};

Bytes request(std::uint8_t transaction, std::uint8_t unit) {
    return {0, transaction, 0, 0, 0, 6, unit, 3, 0, 0, 0, 1};
}
Bytes answer(std::uint8_t transaction, std::uint8_t bus, std::uint8_t unit) {
    return {0, transaction, 0, 0, 0, 5, unit, 3, 2, bus, unit};
}

/// An honest client is served, now.
bool serves(const Served& served) {
    const Client honest(served.ports[0]);
    honest.send(request(42, 1));
    return honest.receive(11) == answer(42, 0, 1);
}

}  // namespace

TEST_CASE("modbus server: each bus answers on its own port, with transaction and unit echoed",
          "[system][modbus]") {
    const Served served;
    for (std::uint8_t bus = 0; bus < 2; ++bus) {
        const Client client(served.ports[bus]);
        client.send(request(7, 3));
        CHECK(client.receive(11) == answer(7, bus, 3));
    }
}

TEST_CASE("modbus server: a frame may come byte by byte, and several at once", "[system][modbus]") {
    const Served served;
    const Client client(served.ports[0]);
    for (const auto byte : request(1, 1)) client.send({byte});
    CHECK(client.receive(11) == answer(1, 0, 1));
    auto two = request(2, 1);
    const auto second = request(3, 2);
    two.insert(two.end(), second.begin(), second.end());
    client.send(two);
    CHECK(client.receive(11) == answer(2, 0, 1));
    CHECK(client.receive(11) == answer(3, 0, 2));
}

TEST_CASE("modbus server: silence of one unit leaves its connection usable", "[system][modbus]") {
    const Served served;
    const Client client(served.ports[0]);
    client.send(request(1, 9));
    client.send(request(2, 1));
    CHECK(client.receive(11) == answer(2, 0, 1));
}

TEST_CASE("modbus server: a slow unit keeps no other waiting, not even on its own connection",
          "[system][modbus]") {
    Served served;
    const Client client(served.ports[0]);
    client.send(request(1, 8));
    client.send(request(2, 1));
    CHECK(client.receive(11) == answer(2, 0, 1));
    served.jump(61min);
    CHECK(client.receive(11) == answer(1, 0, 8));
}

TEST_CASE("modbus server: a reset ends the connection of who asked, and no other",
          "[system][modbus]") {
    const Served served;
    const Client other(served.ports[0]);
    const Client client(served.ports[0]);
    client.send(request(1, 7));
    CHECK(client.ended());
    other.send(request(2, 1));
    CHECK(other.receive(11) == answer(2, 0, 1));
}

TEST_CASE("modbus server: what is not Modbus is shown out, and nobody else notices",
          "[system][modbus]") {
    const Served served;
    for (const Bytes& garbage :
         {Bytes{'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'}, Bytes{0, 1, 0, 0, 0xFF, 0xFF, 1, 3},
          Bytes{0, 1, 0, 0, 0, 0, 1, 3}, Bytes{0, 1, 0, 0, 0, 1, 1, 3}}) {
        const Client hostile(served.ports[0]);
        hostile.send(garbage);
        CHECK(hostile.ended());
        CHECK(serves(served));
    }
}

TEST_CASE("modbus server: a client that hangs in the middle of a frame stalls nobody",
          "[system][modbus]") {
    Served served;
    const Client hanging(served.ports[0]);
    hanging.send({0, 1, 0, 0, 0, 6, 1});
    CHECK(serves(served));
    served.jump(1min);
    CHECK(hanging.ended());
}

TEST_CASE("modbus server: clients that connect and say nothing cannot keep others out",
          "[system][modbus]") {
    const Served served;
    std::deque<Client> idle;
    for (int i = 0; i < 200; ++i) idle.emplace_back(served.ports[0]);
    CHECK(serves(served));
    CHECK(eventually([&] { return served.clients <= 64; }));
}

TEST_CASE("modbus server: a client that never reads its answers is shown out", "[system][modbus]") {
    const Served served;
    const Client greedy(served.ports[0]);
    Bytes flood;
    for (int i = 0; i < 1000; ++i) {
        const auto one = request(1, 1);
        flood.insert(flood.end(), one.begin(), one.end());
    }
    // Without a bound the server would hold these for ever; with one the connection ends.
    CHECK(eventually([&] {
        greedy.send(flood, MSG_DONTWAIT);
        return served.clients == 0;
    }));
    CHECK(serves(served));
}

TEST_CASE("modbus server: a port that is taken is an error that names it", "[system][modbus]") {
    const Served served;
    const auto second = ModbusServer::open({tcp_bus(served.ports[0])}, {});
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find(std::to_string(served.ports[0])) != std::string::npos);
}
