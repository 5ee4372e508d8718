// libmodbus' own test server, with the registers it misbehaves at: 0x170 busy, 0x171 another
// transaction (on a line: another unit), 0x172 half a second late, 0x173 a byte every 5 ms, and a
// read of two words answered with one. It answers as whoever was asked; its dribble as unit 255.
#include "firmware/bus/modbus_bus.hpp"
#include "tests/catch.hpp"
#include "tests/peers/stranger.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t unit = 255;
constexpr std::uint16_t registers = 0x160;
constexpr std::uint16_t busy = 0x170;
constexpr std::uint16_t another = 0x171;
constexpr std::uint16_t late = 0x172;
constexpr std::uint16_t dribble = 0x173;

ReadRequest holding(std::uint16_t address, std::uint16_t count = 1, std::uint8_t of = unit) {
    return {.unit = of, .table = Table::holding, .address = address, .count = count};
}

/// The input register that holds 10, the registers and the bits; all of it right.
void check_plain(Bus& bus, std::uint8_t of) {
    CHECK(bus.read({.unit = of, .table = Table::input, .address = 0x108}) == Words{0x000A});
    const Words written{0x022B, 0x0001, 0x0064};
    REQUIRE(
        bus.write({.unit = of, .table = Table::holding, .address = registers, .words = written}));
    CHECK(bus.read(holding(registers, 3, of)) == written);
    // 0xAC, 0xDB, 0x35 from the lowest bit on, 22 of them.
    const Words bits{0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1};
    CHECK(bus.read({.unit = of, .table = Table::discrete_input, .address = 0x1C4, .count = 22}) ==
          bits);
    REQUIRE(bus.write({.unit = of, .table = Table::coil, .address = 0x130, .words = bits}));
    CHECK(bus.read({.unit = of, .table = Table::coil, .address = 0x130, .count = 22}) == bits);
    const auto hole = bus.read(holding(registers - 1, 3, of));
    REQUIRE_FALSE(hole);
    CHECK(hole.error().fault == Fault::refused);
    CHECK(hole.error().code == 2);
    const auto occupied = bus.read(holding(busy, 1, of));
    REQUIRE_FALSE(occupied);
    CHECK(occupied.error().fault == Fault::busy);
    CHECK(bus.read(holding(registers, 3, of)) == written);
}

void expect(Bus& bus, const ReadRequest& request, Fault fault) {
    const auto words = bus.read(request);
    REQUIRE_FALSE(words);
    INFO(words.error().what);
    CHECK(words.error().fault == fault);
}

}  // namespace

TEST_CASE("libmodbus server: registers and bits read right, holes and busy are told apart",
          "[system][peers]") {
    const Stranger server(libmodbus_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, registers) == 0);
    check_plain(*bus, unit);
    check_plain(*bus, 17);
}

TEST_CASE("libmodbus server: an answer a byte every 5 ms is an answer", "[system][peers]") {
    const Stranger server(libmodbus_server());
    const auto bus = server.bus(2s);
    REQUIRE(holding_in_the_end(*bus, unit, registers) == 0);
    CHECK(bus->read(holding(dribble)) == Words{0});
    CHECK(bus->read(holding(dribble)) == Words{0});
    // The dribble says unit 255, whoever was asked.
    expect(*bus, holding(dribble, 1, 17), Fault::corrupt);
}

TEST_CASE(
    "libmodbus server: an answer to another transaction, or with other words than asked for, "
    "is never ours",
    "[system][peers]") {
    const Stranger server(libmodbus_server_again_and_again());
    const auto bus = server.bus(2s);
    // It counts its false transactions from 1, as we do: be ahead of it.
    for (int i = 0; i < 3; ++i) REQUIRE(holding_in_the_end(*bus, unit, registers) == 0);
    for (int i = 0; i < 3; ++i) {
        expect(*bus, holding(another), Fault::corrupt);
        CHECK(holding_in_the_end(*bus, unit, registers) == 0);
        expect(*bus, holding(registers, 2), Fault::corrupt);
        CHECK(holding_in_the_end(*bus, unit, registers) == 0);
    }
}

TEST_CASE("libmodbus server: an answer half a second late is a timeout and taken for no other",
          "[system][peers]") {
    const Stranger server(libmodbus_server_again_and_again());
    const auto patient = server.bus(5s);
    REQUIRE(holding_in_the_end(*patient, unit, registers) == 0);
    REQUIRE(patient->write({.unit = unit, .table = Table::holding, .address = late, .words = {9}}));
    CHECK(patient->read(holding(late)) == Words{9});
    expect(*patient, holding(another), Fault::corrupt);  // lets go of its one connection
    const auto hasty = server.bus(200ms);
    REQUIRE(holding_in_the_end(*hasty, unit, registers) == 0);
    for (int i = 0; i < 3; ++i) {
        expect(*hasty, holding(late), Fault::timeout);
        CHECK(holding_in_the_end(*hasty, unit, registers) == 0);
    }
}

TEST_CASE("libmodbus server: killed, it is a lost port, and read again once it is back",
          "[system][peers]") {
    Stranger server(libmodbus_server());
    const auto bus = server.bus();
    REQUIRE(holding_in_the_end(*bus, unit, registers) == 0);
    server.kill();
    expect(*bus, holding(registers), Fault::port_lost);
    expect(*bus, holding(registers), Fault::port_lost);
    server.start();
    CHECK(holding_in_the_end(*bus, unit, registers) == 0);
}

TEST_CASE("libmodbus server: on a serial line it reads the same, and another unit is never ours",
          "[system][peers]") {
    const NullModem line;
    const Process server(FIREBREAK_BIN_DIR "/../peers/unit-test-server", {"rtu"},
                         {{"MODBUS_LINE", line.theirs()}});
    BusPlan plan;
    plan.wire = Wire::serial;
    plan.line.port = {.name = "rs485-1", .path = line.ours()};
    plan.line.baud = 115200;
    plan.line.parity = Parity::none;
    plan.timeout = 300ms;
    const auto bus = make_modbus_bus(plan);
    constexpr std::uint8_t serial_unit = 17;
    REQUIRE(holding_in_the_end(*bus, serial_unit, registers) == 0);
    check_plain(*bus, serial_unit);
    // Nobody else on this line is asked: libmodbus takes what follows for the answer it waits to
    // ignore (confirmation_to_ignore in modbus-rtu.c), and is out of step from then on.
    for (int i = 0; i < 3; ++i) {
        expect(*bus, holding(another, 1, serial_unit), Fault::corrupt);
        CHECK(holding_in_the_end(*bus, serial_unit, registers + 2) == 0x64);
        expect(*bus, holding(registers, 2, serial_unit), Fault::corrupt);
        expect(*bus, holding(late, 1, serial_unit), Fault::timeout);
        CHECK(eventually([&] {
            return bus->read(holding(registers, 3, serial_unit)) == Words{0x022B, 0x0001, 0x0064};
        }));
    }
}

TEST_CASE("libmodbus server: the agent publishes its registers and survives its misbehaviour",
          "[system][peers]") {
    Stranger server(libmodbus_server_again_and_again());
    const std::string profile = R"(title = "libmodbus' unit-test-server"
source = "unit-test.h of libmodbus 3.1.6"
one_at_a_time = true
[[register]]
measure = "fixed"
table = "input"
address = 0x108
[[register]]
measure = "bit"
table = "discrete_input"
address = 0x1C6
[[register]]
measure = "held"
table = "holding"
address = 0x160
[[register]]
measure = "busy"
table = "holding"
address = 0x170
[[register]]
measure = "another"
table = "holding"
address = 0x171
period = "2s"
[[register]]
measure = "dribble"
table = "holding"
address = 0x173
)";
    const AgentAtStranger agent(
        "timeout = \"300ms\"\ntcp = \"127.0.0.1:" + std::to_string(server.port()) + "\"", unit,
        profile);
    CHECK(agent.says("fixed", 10));
    CHECK(agent.says("bit", 1));
    CHECK(agent.says("held", 0));
    CHECK(agent.says("dribble", 0));
    CHECK(agent.misses("busy"));
    CHECK(agent.misses("another"));
    server.kill();
    CHECK(agent.misses("fixed"));
    server.start();
    CHECK(agent.says("fixed", 10));
}
