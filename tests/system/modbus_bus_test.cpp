#include "firmware/bus/modbus_bus.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// What the peer does with one request.
struct Reply {
    std::vector<Bytes> parts{};        ///< sent one after the other
    std::chrono::milliseconds gap{0};  ///< before each part
    bool hang_up = false;              ///< afterwards
};

/// A right answer to a read of registers: each word is its own address.
Bytes right_answer(const Bytes& request) {
    const auto address = static_cast<std::uint16_t>((request[8] << 8) | request[9]);
    const auto count = static_cast<std::uint8_t>(request[11]);
    const auto data = static_cast<std::uint8_t>(count * 2);
    Bytes adu{request[0], request[1], 0,   0, 0, static_cast<std::uint8_t>(data + 3),
              request[6], request[7], data};
    for (std::uint8_t i = 0; i < count; ++i) {
        adu.push_back(static_cast<std::uint8_t>((address + i) >> 8));
        adu.push_back(static_cast<std::uint8_t>((address + i) & 0xFF));
    }
    return adu;
}

Reply right(const Bytes& request) {
    return {.parts = {right_answer(request)}};
}

/// A Modbus TCP peer of the worst kind: does what the test says, one connection at a time.
class Peer {
public:
    using Behaviour = std::function<Reply(const Bytes& request)>;

    Peer() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        // NOLINTBEGIN: the socket interface casts.
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        // NOLINTEND
        REQUIRE(::listen(listener_, 8) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }

    ~Peer() {
        stopping_ = true;
        thread_.join();
        ::close(listener_);
    }

    void does(Behaviour behaviour) {
        const std::lock_guard lock(mutex_);
        script_.push_back(std::move(behaviour));
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] int connections() const { return connections_; }

private:
    bool readable(int socket) {
        pollfd entry{.fd = socket, .events = POLLIN, .revents = 0};
        while (!stopping_) {
            if (::poll(&entry, 1, 10) > 0) return true;
        }
        return false;
    }

    Behaviour next() {
        const std::lock_guard lock(mutex_);
        if (script_.empty()) return right;
        auto behaviour = script_.front();
        script_.pop_front();
        return behaviour;
    }

    void serve() {
        while (readable(listener_)) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            ++connections_;
            while (serve_one(socket)) {
            }
            ::close(socket);
        }
    }

    bool serve_one(int socket) {
        Bytes request(260);
        if (!readable(socket)) return false;
        const auto count = ::recv(socket, request.data(), request.size(), 0);
        if (count <= 0) return false;
        request.resize(static_cast<std::size_t>(count));
        const auto reply = next()(request);
        for (const auto& part : reply.parts) {
            std::this_thread::sleep_for(reply.gap);
            if (::send(socket, part.data(), part.size(), MSG_NOSIGNAL) < 0) return false;
        }
        return !reply.hang_up;
    }

    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::atomic<bool> stopping_ = false;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    std::deque<Behaviour> script_;
    std::thread thread_;
};

std::unique_ptr<Bus> bus_to(std::uint16_t port, const char* host = "127.0.0.1",
                            Duration timeout = 300ms) {
    BusPlan plan;
    plan.name = "b";
    plan.host = host;
    plan.port = port;
    plan.timeout = timeout;
    return make_modbus_bus(plan);
}

constexpr ReadRequest two_words{.unit = 1, .table = Table::input, .address = 0x0102, .count = 2};
const Words two_right{0x0102, 0x0103};

/// One bad answer gives `fault`; the read after it must be right, whatever came before.
void expect_fault(Fault fault, Peer::Behaviour behaviour, int connections) {
    Peer peer;
    peer.does(std::move(behaviour));
    const auto bus = bus_to(peer.port());
    const auto bad = bus->read(two_words);
    REQUIRE_FALSE(bad);
    INFO(bad.error().what);
    CHECK(bad.error().fault == fault);
    // A busy machine may cost a timeout; a wrong value it must never cost.
    auto good = bus->read(two_words);
    for (int i = 0; i < 20 && !good; ++i) good = bus->read(two_words);
    REQUIRE(good);
    CHECK(*good == two_right);
    CHECK(peer.connections() >= connections);
}

Bytes bent(Bytes adu, std::size_t at, int by) {
    adu[at] = static_cast<std::uint8_t>(adu[at] + by);
    return adu;
}

}  // namespace

TEST_CASE("modbus_bus: reads go over one connection", "[system][modbus_bus]") {
    Peer peer;
    const auto bus = bus_to(peer.port());
    for (int i = 0; i < 5; ++i) {
        const auto words = bus->read(two_words);
        REQUIRE(words);
        CHECK(*words == two_right);
    }
    CHECK(peer.connections() == 1);
}

TEST_CASE("modbus_bus: a host is an address or a name", "[system][modbus_bus]") {
    Peer peer;
    const auto bus = bus_to(peer.port(), "localhost");
    const auto words = bus->read(two_words);
    INFO((words ? "" : words.error().what));
    CHECK(words);
}

TEST_CASE("modbus_bus: an answer to another transaction is never ours", "[system][modbus_bus]") {
    expect_fault(
        Fault::corrupt,
        [](const Bytes& r) { return Reply{.parts = {bent(right_answer(r), 1, -1)}}; }, 2);
}

TEST_CASE("modbus_bus: an answer of another unit is never ours", "[system][modbus_bus]") {
    expect_fault(
        Fault::corrupt,
        [](const Bytes& r) { return Reply{.parts = {bent(right_answer(r), 6, 1)}}; }, 2);
}

TEST_CASE("modbus_bus: an answer to another function is never ours", "[system][modbus_bus]") {
    expect_fault(
        Fault::corrupt,
        [](const Bytes& r) { return Reply{.parts = {bent(right_answer(r), 7, -1)}}; }, 2);
}

TEST_CASE("modbus_bus: an answer with another count is never ours", "[system][modbus_bus]") {
    expect_fault(
        Fault::corrupt,
        [](const Bytes& r) {
            auto request = r;
            request[11] = 3;
            return Reply{.parts = {right_answer(request)}};
        },
        2);
}

TEST_CASE("modbus_bus: an exception is refused and keeps the connection", "[system][modbus_bus]") {
    const auto exception = [](std::uint8_t code) {
        return [code](const Bytes& r) {
            return Reply{.parts = {{r[0], r[1], 0, 0, 0, 3, r[6],
                                    static_cast<std::uint8_t>(r[7] | 0x80), code}}};
        };
    };
    expect_fault(Fault::refused, exception(2), 1);
    expect_fault(Fault::busy, exception(6), 1);
    expect_fault(Fault::timeout, exception(11), 1);
}

TEST_CASE("modbus_bus: silence is a timeout, and a late answer is not taken for the next one",
          "[system][modbus_bus]") {
    expect_fault(
        Fault::timeout, [](const Bytes&) { return Reply{}; }, 2);
    // The late answer carries words that would be right for the second request too.
    expect_fault(
        Fault::timeout,
        [](const Bytes& r) {
            auto late = right_answer(r);
            late[9] = 0xEE;
            return Reply{.parts = {late}, .gap = 500ms};
        },
        2);
}

TEST_CASE("modbus_bus: a truncated answer is a timeout, or a lost port when the peer hangs up",
          "[system][modbus_bus]") {
    const auto half = [](const Bytes& r) {
        const auto adu = right_answer(r);
        return Bytes(adu.begin(), adu.end() - 3);
    };
    expect_fault(
        Fault::timeout, [half](const Bytes& r) { return Reply{.parts = {half(r)}}; }, 2);
    expect_fault(
        Fault::port_lost,
        [half](const Bytes& r) { return Reply{.parts = {half(r)}, .hang_up = true}; }, 2);
}

TEST_CASE("modbus_bus: an answer that dribbles in time is right", "[system][modbus_bus]") {
    Peer peer;
    peer.does([](const Bytes& r) {
        Reply reply{.parts = {}, .gap = 2ms};
        for (const auto byte : right_answer(r)) reply.parts.push_back({byte});
        return reply;
    });
    const auto bus = bus_to(peer.port(), "127.0.0.1", 5s);
    const auto words = bus->read(two_words);
    REQUIRE(words);
    CHECK(*words == two_right);
}

TEST_CASE("modbus_bus: an answer that dribbles for longer than the timeout is a timeout",
          "[system][modbus_bus]") {
    // Each byte comes well within the timeout; all of them do not.
    expect_fault(
        Fault::timeout,
        [](const Bytes& r) {
            Reply reply{.parts = {}, .gap = 40ms};
            for (const auto byte : right_answer(r)) reply.parts.push_back({byte});
            return reply;
        },
        2);
}

TEST_CASE("modbus_bus: garbage is corrupt or a timeout, and the next read is right",
          "[system][modbus_bus]") {
    Peer peer;
    for (const auto byte : Bytes{0x00, 0x04, 0x55, 0xFF}) {
        peer.does([byte](const Bytes&) { return Reply{.parts = {Bytes(300, byte)}}; });
    }
    peer.does([](const Bytes& r) {
        auto adu = right_answer(r);
        adu.insert(adu.begin(), {0x13, 0x37});  // before the frame
        return Reply{.parts = {adu}};
    });
    const auto bus = bus_to(peer.port());
    for (int i = 0; i < 5; ++i) {
        const auto bad = bus->read(two_words);
        REQUIRE_FALSE(bad);
        const auto fault = bad.error().fault;
        CHECK((fault == Fault::corrupt || fault == Fault::timeout));
    }
    const auto good = bus->read(two_words);
    REQUIRE(good);
    CHECK(*good == two_right);
}

TEST_CASE("modbus_bus: a second answer to one request is not taken for the next",
          "[system][modbus_bus]") {
    Peer peer;
    peer.does([](const Bytes& r) {
        return Reply{.parts = {right_answer(r), bent(right_answer(r), 9, 1)}};
    });
    const auto bus = bus_to(peer.port());
    REQUIRE(bus->read(two_words));
    const auto second = bus->read(two_words);
    if (second) {
        CHECK(*second == two_right);
    } else {
        CHECK(second.error().fault == Fault::corrupt);
    }
    const auto third = bus->read(two_words);
    REQUIRE(third);
    CHECK(*third == two_right);
}

TEST_CASE("modbus_bus: a peer that hangs up is a lost port, and is connected to again",
          "[system][modbus_bus]") {
    expect_fault(
        Fault::port_lost, [](const Bytes&) { return Reply{.hang_up = true}; }, 2);
}

TEST_CASE("modbus_bus: nobody listening is a lost port that names the peer",
          "[system][modbus_bus]") {
    std::uint16_t port = 0;
    {
        const Peer gone;
        port = gone.port();
    }
    const auto bus = bus_to(port);
    const auto words = bus->read(two_words);
    REQUIRE_FALSE(words);
    CHECK(words.error().fault == Fault::port_lost);
    CHECK(words.error().what.find("127.0.0.1:" + std::to_string(port)) != std::string::npos);
}

TEST_CASE("modbus_bus: a write is echoed or it did not happen", "[system][modbus_bus]") {
    Peer peer;
    const auto echo = [](const Bytes& r) {
        return Reply{.parts = {Bytes(r.begin(), r.begin() + 12)}};
    };
    const WriteRequest coil{.unit = 6, .table = Table::coil, .address = 7, .words = {1}};
    const auto bus = bus_to(peer.port());
    peer.does(echo);
    CHECK(bus->write(coil));
    peer.does([](const Bytes& r) {
        return Reply{.parts = {bent(Bytes(r.begin(), r.begin() + 12), 9, 1)}};
    });
    CHECK(bus->write(coil).error().fault == Fault::corrupt);
    const WriteRequest input{.unit = 6, .table = Table::input, .address = 7, .words = {1}};
    CHECK(bus->write(input).error().fault == Fault::config);
}
