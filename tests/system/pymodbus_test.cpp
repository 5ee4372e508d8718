// pymodbus, over TCP and on a serial line, read by our bus and by the agent.
#include "firmware/bus/modbus_bus.hpp"
#include "tests/catch.hpp"
#include "tests/peers/stranger.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t unit = 7;

}  // namespace

TEST_CASE("pymodbus: every type and table reads right, over holes too", "[system][peers]") {
    const Stranger server(pymodbus_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    check_all_values(*bus, unit);
}

TEST_CASE("pymodbus: what is written is there when read back", "[system][peers]") {
    const Stranger server(pymodbus_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    check_writes(*bus, unit);
}

TEST_CASE("pymodbus: an answer later than the timeout is nobody's", "[system][peers]") {
    const Stranger server(pymodbus_server());
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

TEST_CASE("pymodbus: busy is busy, and a unit that is not there is told by no answer",
          "[system][peers]") {
    const Stranger server(pymodbus_server());
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

TEST_CASE("pymodbus: an answer to another transaction or of another unit is never ours",
          "[system][peers]") {
    const Stranger server(pymodbus_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    for (const auto bent : {std::uint16_t{101}, std::uint16_t{102}, std::uint16_t{101}}) {
        const auto words = bus->read({.unit = unit, .table = Table::holding, .address = bent});
        REQUIRE_FALSE(words);
        CHECK(words.error().fault == Fault::corrupt);
        CHECK(holding_in_the_end(*bus, unit, 50) == 777);
    }
}

TEST_CASE("pymodbus: on a serial line every type reads right, and what is written is there",
          "[system][peers]") {
    const NullModem line;
    const Process server(
        "/usr/bin/python3",
        {FIREBREAK_SOURCE_DIR "/tests/peers/pymodbus_server.py", "rtu", line.theirs()});
    BusPlan plan;
    plan.wire = Wire::serial;
    plan.line.port = {.name = "rs485-1", .path = line.ours()};
    plan.timeout = 2s;
    const auto bus = make_modbus_bus(plan);
    REQUIRE(holding_in_the_end(*bus, unit, 0) == 54321);
    check_all_values(*bus, unit);
    const auto other = bus->read({.unit = unit, .table = Table::holding, .address = 102});
    REQUIRE_FALSE(other);
    CHECK(other.error().fault == Fault::corrupt);
    check_writes(*bus, unit);
}

TEST_CASE(
    "pymodbus: the agent learns its holes and publishes its values, misses them while it is dead, "
    "and has them "
    "again once it is back",
    "[system][peers]") {
    Stranger server(pymodbus_server());
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
