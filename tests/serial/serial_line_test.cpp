// The simulator's serial line and its RTU over TCP under the agent's own bus.
#include "sim/serial_line.hpp"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/rtu.hpp"
#include "sim/modbus_server.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

fs::path folder() {
    static const auto made = [] {
        auto path = fs::temp_directory_path() / ("firebreak-line-" + std::to_string(::getpid()));
        fs::create_directories(path);
        return path;
    }();
    return made;
}

BusPlan serial_bus(const std::string& name, int baud = 115200) {
    BusPlan bus;
    bus.wire = Wire::serial;
    bus.line.port.path = (folder() / name).string();
    bus.line.baud = baud;
    bus.timeout = 2s;
    return bus;
}

/// Each unit's words are its own number; unit 9 is silent, 8 never comes to an end, 7 hangs up.
Reply reply(std::size_t, std::uint8_t unit, std::span<const std::uint8_t> pdu) {
    if (unit == 9 || unit == 0) return {};
    const auto count = pdu[4];
    Reply made{{pdu[0], static_cast<std::uint8_t>(2 * count)}, {}};
    for (int i = 0; i < count; ++i) made.pdu.insert(made.pdu.end(), {0, unit});
    if (unit == 8) made.fault = WireFault{FaultKind::slow, 1h};
    if (unit == 7) made.fault = WireFault{FaultKind::reset, {}};
    return made;
}

class Served {
public:
    explicit Served(BusPlan bus) : bus_(std::move(bus)) {
        auto opened = ModbusServer::open({bus_}, reply);
        REQUIRE(opened);
        server_ = *std::move(opened);
        thread_ = std::thread([this] { serve(); });
    }
    ~Served() {
        stop_ = true;
        thread_.join();
    }

private:
    void serve() {
        while (!stop_) {
            pollfd watched{server_->fd(), POLLIN, 0};
            const auto now = std::chrono::steady_clock::now();
            const auto left = std::clamp<Duration>(
                server_->deadline() == never ? 5ms : server_->deadline() - now, 0ms, 5ms);
            const timespec wait{.tv_sec = 0, .tv_nsec = left.count()};
            ::ppoll(&watched, 1, &wait, nullptr);
            server_->serve(std::chrono::steady_clock::now());
        }
    }

    BusPlan bus_;
    std::unique_ptr<ModbusServer> server_;
    std::atomic<bool> stop_ = false;
    std::thread thread_;
};

ReadRequest read_of(std::uint8_t unit, std::uint16_t count = 2) {
    return {.unit = unit, .table = Table::holding, .address = 0, .count = count};
}

}  // namespace

TEST_CASE("serial line: the agent reads many units on one line", "[serial][sim]") {
    const auto plan = serial_bus("many");
    const Served served(plan);
    const auto bus = make_modbus_bus(plan);
    for (std::uint8_t unit = 10; unit < 20; ++unit) {
        const auto words = bus->read(read_of(unit));
        REQUIRE(words);
        CHECK(*words == Words{unit, unit});
    }
}

TEST_CASE("serial line: a read takes at least the time of its characters and gaps",
          "[serial][sim]") {
    const auto plan = serial_bus("paced", 9600);
    const Served served(plan);
    const auto bus = make_modbus_bus(plan);
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(bus->read(read_of(1, 60)));
    // Request 8, answer 125 characters, and 3.5 between: a line that is faster is no line.
    const auto least = time_on_line(plan.line, 8 + 125) + standard_gap(plan.line);
    CHECK(std::chrono::steady_clock::now() - begin >= least);
}

TEST_CASE("serial line: silent and slow units keep their neighbours from nothing",
          "[serial][sim]") {
    auto plan = serial_bus("slow");
    plan.timeout = 100ms;
    const Served served(plan);
    const auto bus = make_modbus_bus(plan);
    for (const std::uint8_t absent : {std::uint8_t{9}, std::uint8_t{8}}) {
        const auto words = bus->read(read_of(absent));
        REQUIRE_FALSE(words);
        CHECK(words.error().fault == Fault::timeout);
        CHECK(eventually([&] { return bus->read(read_of(3)).has_value(); }));
    }
}

TEST_CASE("serial line: a line that hangs up comes back in its place", "[serial][sim]") {
    const auto plan = serial_bus("reset");
    const Served served(plan);
    const auto bus = make_modbus_bus(plan);
    REQUIRE(bus->read(read_of(3)));
    const auto lost = bus->read(read_of(7));
    REQUIRE_FALSE(lost);
    CHECK(eventually([&] { return bus->read(read_of(3)).has_value(); }));
}

TEST_CASE("serial line: replaces a link, nothing else, and takes its own away", "[serial][sim]") {
    const auto plan = serial_bus("place");
    const auto& path = plan.line.port.path;
    fs::create_symlink("/nowhere", path);
    {
        const Served served(plan);
        CHECK(fs::is_character_file(path));
    }
    CHECK_FALSE(fs::is_symlink(fs::symlink_status(path)));
    std::ofstream(path) << "somebody's file";
    const auto refused = ModbusServer::open({plan}, reply);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::config);
    CHECK(refused.error().what.find(path) != std::string::npos);
    CHECK(fs::is_regular_file(path));
    fs::remove(path);
}

TEST_CASE("serial line: RTU frames over TCP reach the same units", "[serial][sim]") {
    BusPlan plan;
    plan.wire = Wire::rtu_over_tcp;
    plan.host = "127.0.0.1";
    plan.port = free_port();
    plan.timeout = 2s;
    const Served served(plan);
    const auto bus = make_modbus_bus(plan);
    const auto words = bus->read(read_of(12));
    REQUIRE(words);
    CHECK(*words == Words{12, 12});
    CHECK_FALSE(bus->read(read_of(7)));  // reset
    CHECK(eventually([&] { return bus->read(read_of(12)).has_value(); }));
}
