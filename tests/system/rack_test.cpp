// The racks' HTTP servers on real sockets: what a client sees when the power goes.
#include "sim/rack.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

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
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
        const timeval patience{10, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    ~Client() { ::close(fd_); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    void send(const std::string& text) const {
        static_cast<void>(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
    }
    /// What came, or "reset" or "closed".
    [[nodiscard]] std::string receive() const {
        char buffer[1024];
        const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
        if (got > 0) return {buffer, static_cast<std::size_t>(got)};
        return got < 0 && errno == ECONNRESET ? "reset" : "closed";
    }

private:
    int fd_;
    bool connected_ = false;
};

const std::string get = "GET /text HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE("rack: a server with power answers, again and again on one connection",
          "[system][rack]") {
    const auto port = free_port();
    const auto racks = Racks::open({{"text-a", port, 1ms}});
    REQUIRE(racks);
    const Client client(port);
    for (int i = 0; i < 3; ++i) {
        client.send(get);
        const auto answer = client.receive();
        CHECK(answer.find("HTTP/1.1 200 OK") == 0);
        CHECK(answer.find("text-a") != std::string::npos);
    }
}

TEST_CASE("rack: a power cut resets the request in flight and refuses new ones until it is back",
          "[system][rack]") {
    const auto port = free_port();
    const auto racks = Racks::open({{"text-a", port, 1h}});
    REQUIRE(racks);
    const Client client(port);
    client.send(get);
    (*racks)->power(0, false);
    CHECK(client.receive() == "reset");
    CHECK(eventually([&] { return !accepts(port); }));
    (*racks)->power(0, true);
    CHECK(eventually([&] { return accepts(port); }));
}

TEST_CASE("rack: a client that never ends its request is shown out", "[system][rack]") {
    const auto port = free_port();
    const auto racks = Racks::open({{"text-a", port, 1ms}});
    REQUIRE(racks);
    const Client hostile(port);
    hostile.send(std::string(64 * 1024, 'x'));
    CHECK((hostile.receive() == "reset" || hostile.receive() == "closed"));
    const Client other(port);
    other.send(get);
    CHECK(other.receive().find("200 OK") != std::string::npos);
}

TEST_CASE("rack: a port that is taken is an error that names it", "[system][rack]") {
    const auto port = free_port();
    const auto first = Racks::open({{"text-a", port, 1ms}});
    REQUIRE(first);
    const auto second = Racks::open({{"text-b", port, 1ms}});
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find(std::to_string(port)) != std::string::npos);
}
