// An npm Modbus server (modbus-serial) read by our bus and by the agent.
#include "tests/catch.hpp"
#include "tests/peers/stranger.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t unit = 7;

}  // namespace

TEST_CASE("npm server: every type and table reads right, over holes too", "[system][peers]") {
    const Stranger server(npm_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    check_all_values(*bus, unit);
}

TEST_CASE("npm server: what is written is there when read back", "[system][peers]") {
    const Stranger server(npm_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    check_writes(*bus, unit);
}

TEST_CASE("npm server: an answer later than the timeout is nobody's", "[system][peers]") {
    const Stranger server(npm_server());
    const auto bus = server.bus(300ms);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    for (int i = 0; i < 3; ++i) {
        const auto late = bus->read({.unit = unit, .table = Table::holding, .address = 100});
        REQUIRE_FALSE(late);
        CHECK(late.error().fault == Fault::timeout);
        // The server works on the late one while it answers these: none may be 100.
        for (int j = 0; j < 10; ++j) {
            CHECK(holding_in_the_end(*bus, unit, 50) == 777);
            CHECK(holding_in_the_end(*bus, unit, 28) == 3);
        }
    }
}

TEST_CASE("npm server: busy is busy, and a unit that is not there is silence", "[system][peers]") {
    const Stranger server(npm_server());
    const auto bus = server.bus(300ms);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    const auto busy = bus->read({.unit = unit, .table = Table::holding, .address = 103});
    REQUIRE_FALSE(busy);
    CHECK(busy.error().fault == Fault::busy);
    const auto absent = bus->read({.unit = 8, .table = Table::holding, .address = 0});
    REQUIRE_FALSE(absent);
    CHECK(absent.error().fault == Fault::timeout);
    CHECK(holding_in_the_end(*bus, unit, 0) == 54321);
}

TEST_CASE(
    "npm server: the agent learns its holes and publishes its values, misses them while it is "
    "dead, and has them "
    "again once it is back",
    "[system][peers]") {
    Stranger server(npm_server());
    const AgentAtStranger agent("tcp = \"127.0.0.1:" + std::to_string(server.port()) + "\"", unit,
                                peer_profile_text_without_holes());
    CHECK(agent.says("u16", 54321));
    CHECK(agent.says("f64.dcba", -1234.0625));
    CHECK(agent.says("beyond.hole", 777));
    CHECK(agent.says("scaled", -5.5));
    CHECK(agent.says("contact.on", 1));
    CHECK(agent.says_text("text", "FB-77"));
    CHECK(agent.misses("missing.u16"));
    server.kill();
    CHECK(agent.misses("u16"));
    server.start();
    CHECK(agent.says("u16", 54321));
}
