// A connection of a library's, found among all that this process holds.
#include "contract/link/no_delay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/catch.hpp"

using namespace firebreak;

TEST_CASE("no delay: the port is what ends a broker's URL", "[contract]") {
    CHECK(port_of("mqtt://127.0.0.1:1883") == 1883);
    CHECK(port_of("mqtts://[::1]:8883") == 8883);
    for (const char* none : {"", "mqtt://host", "mqtt://host:", "mqtt://host:99999", "x:1y"}) {
        INFO(none);
        CHECK(port_of(none) == 0);
    }
}

TEST_CASE("no delay: only connections to that port send at once", "[contract]") {
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    void* const raw = &address;
    REQUIRE(::bind(listener, static_cast<sockaddr*>(raw), size) == 0);
    REQUIRE(::listen(listener, 1) == 0);
    REQUIRE(::getsockname(listener, static_cast<sockaddr*>(raw), &size) == 0);
    const int ours = ::socket(AF_INET, SOCK_STREAM, 0);
    REQUIRE(::connect(ours, static_cast<sockaddr*>(raw), size) == 0);
    const auto delays = [&] {
        int on = 0;
        socklen_t length = sizeof on;
        REQUIRE(::getsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &on, &length) == 0);
        return on == 0;
    };
    const auto port = ntohs(address.sin_port);
    CHECK(send_at_once(0) == 0);
    CHECK(send_at_once(static_cast<std::uint16_t>(port ^ 1U)) == 0);
    CHECK(delays());
    CHECK(send_at_once(port) == 1);
    CHECK_FALSE(delays());
    ::close(ours);
    ::close(listener);
    CHECK(send_at_once(port) == 0);
}
