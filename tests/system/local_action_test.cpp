// A horn that a gas alarm sounds, on real processes with no broker and no host anywhere.
#include <csignal>
#include <fstream>
#include <string>

#include "firmware/bus/modbus_bus.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string bin = FIREBREAK_BIN_DIR;

/// A room whose gas discharges 2 s after the start and is well again at 6 s.
class Room {
public:
    explicit Room(bool armed) {
        folder_.write("site.toml", R"(
site = "here"
agent = "room"
[broker]
url = "mqtt://127.0.0.1:)" + std::to_string(free_port()) +
                                       R"("
[[bus]]
name = "lan"
tcp = "127.0.0.1:)" + std::to_string(port) +
                                       R"("
timeout = "200ms"
[[device]]
name = "fire1"
profile = "fire-panel"
bus = "lan"
unit = 1
period = "100ms"
[[device]]
name = "strip1"
profile = "switched-pdu"
bus = "lan"
unit = 2
period = "100ms"
measures = ["outlet.1.switch"]
[[alarm]]
name = "gas"
[[alarm.when]]
device = "fire1"
measure = "fire.gas.discharged"
equals = 1
[[action]]
name = "horn"
alarm = "gas"
device = "strip1"
measure = "outlet.1.switch"
off = 0
armed = )" + std::string(armed ? "true" : "false") +
                                       "\n");
        folder_.write("room.toml", R"(
site = "site.toml"
scenario = "story.toml"
log = "room.csv"
[servers]
first_port = 1
)");
        folder_.write("story.toml", R"(
title = "gas"
source = "this test"
t0 = "15:00"
begins = "0s"
ends = "1h"
[[start]]
device = "strip1"
values = {"outlet.1.switch" = 0}
[[start]]
device = "fire1"
values = {"fire.gas.discharged" = 0}
[[change]]
at = "2s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
[[change]]
at = "6s"
device = "fire1"
measure = "fire.gas.discharged"
to = 0
)");
        sim_ = std::make_unique<Process>(
            bin + "/firebreak-sim", std::vector<std::string>{"run", "--config", path("room.toml")});
        INFO(sim_->err());
        REQUIRE(eventually([&] { return accepts(port); }));
    }

    [[nodiscard]] std::unique_ptr<Process> agent() const {
        return std::make_unique<Process>(
            bin + "/firebreak-agent",
            std::vector<std::string>{"run", "--config", path("site.toml")});
    }

    /// What another master sees of the horn.
    [[nodiscard]] int horn() const {
        BusPlan plan;
        plan.host = "127.0.0.1";
        plan.port = port;
        const auto words = make_modbus_bus(plan)->read(
            {.unit = 2, .table = Table::coil, .address = 0, .count = 1});
        return words ? words->at(0) : -1;
    }

private:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    TempDir folder_;
    std::uint16_t port = free_port();
    std::unique_ptr<Process> sim_;
};

}  // namespace

TEST_CASE("local action: the horn sounds while the gas is out, with no broker and no host",
          "[system][local_action]") {
    const Room room(true);
    const auto agent = room.agent();
    INFO(agent->err());
    REQUIRE(eventually([&] { return room.horn() == 1; }));
    REQUIRE(eventually([&] { return room.horn() == 0; }, 20s));
    CHECK(eventually([&] {
        return agent->out().find("reads back as asked") != std::string::npos ||
               agent->err().find("reads back as asked") != std::string::npos;
    }));
    CHECK(agent->stop() == 0);
}

TEST_CASE("local action: an agent that is killed and started again still sounds the horn",
          "[system][local_action]") {
    const Room room(true);
    auto agent = room.agent();
    agent->kill();
    CHECK(room.horn() == 0);
    agent = room.agent();
    CHECK(eventually([&] { return room.horn() == 1; }));
}

TEST_CASE("local action: what is not armed is told and not touched", "[system][local_action]") {
    const Room room(false);
    const auto agent = room.agent();
    CHECK(eventually(
        [&] { return (agent->out() + agent->err()).find("rehearsed") != std::string::npos; }));
    CHECK(room.horn() == 0);
    CHECK(agent->stop() == 0);
}
