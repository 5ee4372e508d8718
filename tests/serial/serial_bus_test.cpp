#include <filesystem>
#include <functional>

#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/rtu.hpp"
#include "tests/catch.hpp"
#include "tests/support/pty.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr ReadRequest two_words{.unit = 7, .table = Table::holding, .address = 0x0102, .count = 2};
const Words two_right{0x0102, 0x0103};
const Bytes two_right_pdu{0x03, 0x04, 0x01, 0x02, 0x01, 0x03};

LineReply right(const Bytes& request) {
    return {.parts = {wrap_rtu(request[0], two_right_pdu)}};
}

/// A line, a bus on it, and what both need.
struct Bench {
    TempDir folder;
    std::string path = folder.path() / "line";
    std::unique_ptr<ScriptedLine> line = std::make_unique<ScriptedLine>(path, right);
    BusPlan plan;

    Bench() {
        plan.name = "b";
        plan.wire = Wire::serial;
        plan.line.port.name = "rs485-1";
        plan.line.port.path = path;
        plan.timeout = 300ms;
    }
    [[nodiscard]] std::unique_ptr<Bus> bus() const { return make_modbus_bus(plan); }
};

/// One bad answer gives `fault`; the read after it must be right, whatever came before.
void expect_fault(Fault fault, const std::string& what, ScriptedLine::Behaviour behaviour) {
    Bench bench;
    bench.line->does(std::move(behaviour));
    const auto bus = bench.bus();
    const auto bad = bus->read(two_words);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().fault == fault);
    CHECK(bad.error().what == what);
    const auto good = bus->read(two_words);
    REQUIRE(good);
    CHECK(*good == two_right);
}

}  // namespace

TEST_CASE("serial bus: words come over an RTU line, also when they dribble", "[serial]") {
    Bench bench;
    const auto bus = bench.bus();
    REQUIRE(bus->read(two_words) == two_right);
    bench.line->does([](const Bytes& request) {
        LineReply reply{.parts = {}, .gap = 5ms};
        for (const auto byte : wrap_rtu(request[0], two_right_pdu)) reply.parts.push_back({byte});
        return reply;
    });
    CHECK(bus->read(two_words) == two_right);
}

TEST_CASE("serial bus: an answer is found behind garbage and behind a neighbour's late one",
          "[serial]") {
    Bench bench;
    const auto bus = bench.bus();
    bench.line->does([](const Bytes& request) {
        return LineReply{.parts = {{0xFF, 0x00, 0x07}, wrap_rtu(request[0], two_right_pdu)}};
    });
    CHECK(bus->read(two_words) == two_right);
    bench.line->does([](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(9, Bytes{0x03, 0x02, 0x00, 0x00}),
                                   wrap_rtu(request[0], two_right_pdu)},
                         .gap = 3ms};
    });
    CHECK(bus->read(two_words) == two_right);
}

TEST_CASE("serial bus: a frame that is not ours is told as what it is, and forgotten", "[serial]") {
    expect_fault(Fault::corrupt, "CRC error", [](const Bytes& request) {
        auto frame = wrap_rtu(request[0], two_right_pdu);
        frame.back() = static_cast<std::uint8_t>(frame.back() ^ 0x40U);
        return LineReply{.parts = {frame}};
    });
    expect_fault(Fault::corrupt, "answer of unit 9, not of 7",
                 [](const Bytes&) { return LineReply{.parts = {wrap_rtu(9, two_right_pdu)}}; });
    expect_fault(Fault::corrupt, "answer to function 4", [](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(request[0], Bytes{0x04, 0x02, 0x01, 0x02})}};
    });
    expect_fault(Fault::corrupt, "a truncated answer", [](const Bytes& request) {
        auto frame = wrap_rtu(request[0], two_right_pdu);
        frame.resize(5);
        return LineReply{.parts = {frame}};
    });
    expect_fault(Fault::corrupt, "2 bytes of data came, not 4", [](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(request[0], Bytes{0x03, 0x02, 0x01, 0x02})}};
    });
    expect_fault(Fault::refused, "exception 2, illegal address", [](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(request[0], Bytes{0x83, 0x02})}};
    });
    expect_fault(Fault::timeout, "no answer", [](const Bytes&) { return LineReply{}; });
}

TEST_CASE("serial bus: an answer that comes too late is not taken for the next one's", "[serial]") {
    Bench bench;
    bench.plan.timeout = 40ms;
    const auto bus = bench.bus();
    bench.line->does([](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(request[0], Bytes{0x03, 0x04, 0, 1, 0, 2})},
                         .gap = 120ms};
    });
    const auto late = bus->read(two_words);
    REQUIRE_FALSE(late);
    CHECK(late.error().fault == Fault::timeout);
    std::this_thread::sleep_for(150ms);
    CHECK(bus->read(two_words) == two_right);
}

TEST_CASE("serial bus: a babbling device costs no more than the timeout and is told as corrupt",
          "[serial]") {
    Bench bench;
    const auto bus = bench.bus();
    bench.line->does([](const Bytes&) {
        LineReply reply;
        for (int i = 0; i < 40; ++i) reply.parts.push_back(Bytes(64, 0x55));
        return reply;
    });
    const auto babble = bus->read(two_words);
    REQUIRE_FALSE(babble);
    CHECK(babble.error().fault == Fault::corrupt);
}

TEST_CASE("serial bus: a port that hears itself has its own words taken off", "[serial]") {
    Bench bench;
    bench.plan.line.port.echo = true;
    const auto bus = bench.bus();
    bench.line->does([](const Bytes& request) {
        return LineReply{.parts = {request, wrap_rtu(request[0], two_right_pdu)}};
    });
    CHECK(bus->read(two_words) == two_right);
    bench.line->does([](const Bytes& request) {
        auto garbled = request;
        garbled[3] = static_cast<std::uint8_t>(garbled[3] ^ 0x10U);
        return LineReply{.parts = {garbled, wrap_rtu(request[0], two_right_pdu)}};
    });
    const auto collision = bus->read(two_words);
    REQUIRE_FALSE(collision);
    CHECK(collision.error().what == "the echo is not what was sent: a collision");
}

TEST_CASE("serial bus: a port that is unplugged is lost, and read again once it is back",
          "[serial]") {
    Bench bench;
    const auto bus = bench.bus();
    REQUIRE(bus->read(two_words) == two_right);
    bench.line->does(
        [](const Bytes&) { return LineReply{.parts = {}, .gap = {}, .unplug = true}; });
    for (int i = 0; i < 3; ++i) {
        const auto lost = bus->read(two_words);
        REQUIRE_FALSE(lost);
        CHECK(lost.error().fault == Fault::port_lost);
        bench.line.reset();
    }
    bench.line = std::make_unique<ScriptedLine>(bench.path, right);
    CHECK(bus->read(two_words) == two_right);
}

TEST_CASE("serial bus: a line that another master of ours holds is not taken", "[serial]") {
    Bench bench;
    const auto first = bench.bus();
    REQUIRE(first->read(two_words) == two_right);
    const auto second = bench.bus();
    const auto refused = second->read(two_words);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::port_lost);
    CHECK(refused.error().what.find("in use by another program") != std::string::npos);
    CHECK(first->read(two_words) == two_right);
}

TEST_CASE("serial bus: writes and other functions travel as reads do", "[serial]") {
    Bench bench;
    const auto bus = bench.bus();
    bench.line->does([](const Bytes& request) { return LineReply{.parts = {request}}; });
    CHECK(bus->write({.unit = 7, .table = Table::coil, .address = 3, .words = {1}}));
    bench.line->does([](const Bytes& request) {
        return LineReply{.parts = {wrap_rtu(request[0], Bytes{0x11, 0x02, 'U', 0xFF})}};
    });
    CHECK(bus->ask(7, Bytes{0x11}) == Bytes{0x11, 0x02, 'U', 0xFF});
    const auto broadcast =
        bus->write({.unit = 0, .table = Table::coil, .address = 3, .words = {1}});
    REQUIRE_FALSE(broadcast);
    CHECK(broadcast.error().fault == Fault::config);
}
