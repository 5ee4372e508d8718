// What firebreak-agent's verbs show of a room: against the simulator, with no broker anywhere.
#include <algorithm>
#include <csignal>
#include <string>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string fire = R"(
[[change]]
at = "1s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
)";

/// A room whose simulator answers; its broker is not there and not asked for.
struct Room {
    explicit Room(const std::string& changes = "") : demo(changes) {
        demo.start_sim();
        REQUIRE(eventually([&] { return run({"read", "fire1", "--once"})->wait(20s) == 0; }, 60s));
        demo.edit("site.toml", "url = \"mqtt://127.0.0.1:", "url = \"mqtt://127.0.0.1:1\" #");
    }
    [[nodiscard]] std::unique_ptr<Process> run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--config", demo.path("site.toml")});
        return firebreak::firebreak("agent", arguments);
    }
    Demo demo;
};

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

std::size_t lines_of(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("verbs: read shows every measure of one device, once or as lines of JSON",
          "[system][verbs]") {
    const Room room;
    const auto once = room.run({"read", "cells1", "--once"});
    REQUIRE(once->wait(20s) == 0);
    CHECK(says(once->out(), "cells1\n"));
    CHECK(says(once->out(), "battery.cell.temperature.max"));
    CHECK(says(once->out(), " Cel "));
    CHECK_FALSE(says(once->out(), "\x1b"));  // stdout is no terminal
    const auto json = room.run({"read", "cells1", "--once", "--json"});
    REQUIRE(json->wait(20s) == 0);
    CHECK(says(json->out(),
               "{\"topic\":\"firebreak/1/pangyo/agent/battery-room/reading/cells1/"
               "battery.cell.temperature.max\",\"payload\":{\"value\":"));
    CHECK(lines_of(json->out()) == lines_of(once->out()) - 1);
}

TEST_CASE("verbs: read goes on until it is told to end", "[system][verbs]") {
    const Room room;
    const auto reader = room.run({"read", "fire1", "--json", "--every", "20ms"});
    CHECK(eventually([&] { return lines_of(reader->out()) > 20; }, 20s));
    CHECK(reader->stop() == 0);
}

TEST_CASE("verbs: read says that a device does not answer, exit 1", "[system][verbs]") {
    const Room room;
    room.demo.sim->kill();
    const auto once = room.run({"read", "fire1", "--once"});
    CHECK(once->wait(20s) == 1);
    CHECK(says(once->out(), "port_lost"));
    CHECK(says(once->err(), "port_lost: "));
    CHECK_FALSE(says(once->out(), " 0 "));
}

TEST_CASE("verbs: what cannot be read is wrong use, exit 2", "[system][verbs]") {
    const Room room;
    const auto unknown = room.run({"read", "ups9", "--once"});
    CHECK(unknown->wait(20s) == 2);
    CHECK(says(unknown->err(), "there is no device ups9; the site has ups1, climate1"));
    CHECK(room.run({"read", "ups1", "--every", "soon"})->wait(20s) == 2);
    CHECK(room.run({"read"})->wait(20s) == 2);
    CHECK(room.run({"scan", "--bus", "no-such"})->wait(20s) == 2);
    CHECK(room.run({"scan", "--units", "0-300"})->wait(20s) == 2);
    CHECK(room.run({"scan", "--tcp", "127.0.0.1"})->wait(20s) == 2);  // and --config
}

TEST_CASE("verbs: watch runs a site without a broker and sees its alarm fire, writing nothing",
          "[system][verbs]") {
    const Room room(fire);
    const auto watcher = room.run({"watch"});
    CHECK(eventually([&] { return says(watcher->out(), "firing   critical  gas-suppression"); },
                     30s));
    CHECK(says(watcher->out(), "fire.gas.discharged"));
    CHECK(watcher->stop() == 0);
    CHECK_FALSE(says(room.demo.world(), "rack_off"));
}

TEST_CASE("verbs: watch ends when nobody reads its lines any more", "[system][verbs]") {
    const Room room;
    const auto command = std::string(FIREBREAK_BIN_DIR) +
                         "/firebreak-agent watch --json --config " + room.demo.path("site.toml") +
                         " | head -n 3";
    Process shell("sh", {"-c", command},
                  {{"FIREBREAK_PROFILES", FIREBREAK_SOURCE_DIR "/firmware/profiles"}});
    CHECK(shell.wait(30s) == 0);
    CHECK(lines_of(shell.out()) == 3);
}

TEST_CASE("verbs: scan finds the room's units, what they are, and proposes their blocks",
          "[system][verbs]") {
    const Room room;
    const auto scan =
        room.run({"scan", "--bus", "room-lan", "--units", "1-8", "--timeout", "50ms"});
    REQUIRE(scan->wait(60s) == 0);
    CHECK(says(scan->err(), "6 of 8 units answer"));
    CHECK(says(scan->out(), "unit 1: answers"));
    CHECK_FALSE(says(scan->out(), "unit 7: answers"));
    CHECK(says(scan->out(), "may be apc-smart-ups"));
    CHECK(says(scan->out(), "profile = \"xy-md02\"\nbus = \"room-lan\"\nunit = 2\n"));
    const auto json = room.run({"scan", "--units", "2", "--json", "--timeout", "1s"});
    REQUIRE(json->wait(60s) == 0);
    CHECK(says(json->out(), "{\"unit\":2,\"answer\":\""));
    CHECK(says(json->out(), "\"xy-md02\""));
}

TEST_CASE("verbs: scan says when there is nothing to talk to, exit 1", "[system][verbs]") {
    const auto scan = firebreak::firebreak("agent", {"scan", "--tcp", "127.0.0.1:1"});
    CHECK(scan->wait(20s) == 1);
    CHECK(says(scan->err(), "port_lost: "));
    const auto no_port = firebreak::firebreak("agent", {"scan", "--port", "/dev/no-such-port"});
    CHECK(no_port->wait(20s) == 1);
    CHECK(says(no_port->err(), "cannot open /dev/no-such-port"));
}

TEST_CASE("verbs: check prints each read with its period and how busy a line will be",
          "[system][verbs]") {
    const TempDir folder;
    const auto board = folder.write(
        "board.toml", "board = \"b\"\n[[port]]\nname = \"rs485-1\"\npath = \"/dev/x\"\n");
    std::string site =
        "site = \"s\"\nagent = \"a\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n"
        "[[bus]]\nname = \"line\"\nport = \"rs485-1\"\nbaud = 9600\n";
    for (int unit = 1; unit <= 20; ++unit) {
        site += "[[device]]\nname = \"climate" + std::to_string(unit) +
                "\"\nprofile = \"xy-md02\"\nbus = \"line\"\nunit = " + std::to_string(unit) + "\n";
    }
    const auto file = folder.write("site.toml", site);
    const auto check = firebreak::firebreak("agent", {"check", "--board", board, file});
    REQUIRE(check->wait(20s) == 0);
    CHECK(says(check->out(), "reads 2 input from 1: 2 measures, every 1s"));
    CHECK(says(check->out(), "20 reads a second, the line busy 55.0 % of the time"));
    CHECK_FALSE(says(check->out(), "warning"));
    const auto fast = folder.write("fast.toml", site + "period = \"10ms\"\n");
    const auto warned = firebreak::firebreak("agent", {"check", "--board", board, fast});
    REQUIRE(warned->wait(20s) == 0);
    CHECK(says(warned->out(), "warning: above 80 %"));
}
