// Masters that are not ours: Network UPS Tools' Modbus drivers read the simulator, over TCP and on
// serial lines, and must say what the scenario set. Debian's nut-server and nut-modbus.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string site = R"(
site = "nut"
agent = "a"
[broker]
url = "mqtt://127.0.0.1:1"
[[bus]]
name = "contacts"
tcp = "127.0.0.1:{}"
[[bus]]
name = "delphys"
port = "delphys"
baud = 9600
parity = "none"
stop_bits = 1
[[bus]]
name = "ups2000"
port = "ups2000"
baud = 9600
parity = "none"
stop_bits = 1
[[device]]
name = "io"
bus = "contacts"
unit = 3
profile = "waveshare-io-8ch"
[[device]]
name = "delphys-01"
bus = "delphys"
profile = "socomec-jbus"
[[device]]
name = "ups2000-01"
bus = "ups2000"
profile = "huawei-ups2000"
)";

const std::string board = R"(
board = "a test"
[[port]]
name = "delphys"
path = "delphys.tty"
[[port]]
name = "ups2000"
path = "ups2000.tty"
)";

const std::string room = R"(
site = "site.toml"
scenario = "scenario.toml"
board = "board.toml"
log = "room.log"
[servers]
first_port = 1
)";

/// A simulator of its own with these values, and NUT's drivers against it.
class Nut {
public:
    explicit Nut(const std::string& starts) : port_(free_port()) {
        folder_.write("site.toml", fmt::format(fmt::runtime(site), port_));
        folder_.write("board.toml", board);
        folder_.write("room.toml", room);
        folder_.write("scenario.toml",
                      "title = \"t\"\nsource = \"s\"\nt0 = \"12:00\"\nbegins = \"0s\"\n"
                      "ends = \"1h\"\n" +
                          starts);
        folder_.write("ups.conf", "");
        sim_ = firebreak::firebreak("sim", {"run", "--config", path("room.toml")});
        const bool ready =
            eventually([&] { return sim_->err().find("event=ready") != std::string::npos; }, 30s);
        INFO(sim_->err());
        REQUIRE(ready);
    }

    /// What the driver says of the UPS, by NUT's names; its complaints under "stderr".
    std::map<std::string, std::string> read(const std::string& driver, const std::string& port,
                                            const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {"-s", "ups", "-u", "root",
                                              "-d", "1",   "-x", "port=" + port};
        for (const auto& each : more) arguments.insert(arguments.end(), {"-x", each});
        const auto folder = folder_.path().string();
        Process process(
            "/lib/nut/" + driver, arguments,
            {{"NUT_CONFPATH", folder}, {"NUT_STATEPATH", folder}, {"NUT_ALTPIDPATH", folder}});
        const auto code = process.wait(60s);
        std::map<std::string, std::string> said{{"stderr", process.err()}};
        INFO(process.out() << process.err());
        CHECK(code == 0);
        std::istringstream out(process.out());
        for (std::string line; std::getline(out, line);) {
            const auto colon = line.find(": ");
            if (colon != std::string::npos) said[line.substr(0, colon)] = line.substr(colon + 2);
        }
        return said;
    }

    [[nodiscard]] std::string path(const std::string& file) const {
        return (folder_.path() / file).string();
    }
    [[nodiscard]] std::string tcp() const { return fmt::format("127.0.0.1:{}", port_); }

private:
    TempDir folder_;
    std::uint16_t port_;
    std::unique_ptr<Process> sim_;
};

}  // namespace

TEST_CASE("nut: generic_modbus reads dry contacts over TCP", "[system][nut]") {
    Nut nut(R"(
[[start]]
device = "io"
values = {"contact.1" = 1, "contact.2" = 0, "contact.3" = 1}
)");
    // Contact 1: on line; 2: low battery; 3: replace battery.
    auto said = nut.read("generic_modbus", nut.tcp(),
                         {"rio_slave_id=3", "OL_addr=0", "LB_addr=1", "RB_addr=2"});
    INFO(said["stderr"]);
    CHECK(said["ups.status"] == "ALARM OL RB");
}

TEST_CASE("nut: socomec_jbus reads a DELPHYS on a serial line", "[system][nut]") {
    Nut nut(R"(
[[start]]
device = "delphys-01"
values = {"ups.model.code" = 515, "ups.power.nominal" = 80000, "battery.charge" = 83, "battery.voltage" = 432.5, "battery.runtime" = 1200, "ambient.temperature" = 31, "input.voltage.nominal" = 400, "ups.alarm.overtemperature" = 1, "battery.room.alarm" = 1, "ups.l1.load" = 41, "ups.load" = 42}
)");
    auto said = nut.read("socomec_jbus", nut.path("delphys.tty"));
    INFO(said["stderr"]);
    CHECK(said["ups.model"] == "DELPHYS MX");
    CHECK(said["ups.power"] == "80000");
    CHECK(said["ups.serial"] == "delphys-01");
    CHECK(said["battery.charge"] == "83");
    CHECK(said["battery.voltage"] == "432.50");
    CHECK(said["battery.runtime"] == "20");  // it says minutes
    CHECK(said["ambient.1.temperature"] == "31");
    CHECK(said["ups.load"] == "42");
    CHECK(said["ups.status"] == "ALARM OB");
    CHECK(said["ups.alarm"].find("Over temperature fault.") != std::string::npos);
}

TEST_CASE("nut: huawei-ups2000 recognises and reads a UPS2000 on a serial line", "[system][nut]") {
    Nut nut(R"(
[[start]]
device = "ups2000-01"
values = {"battery.charge" = 64, "battery.voltage" = 81.7, "battery.runtime" = 5502, "ups.temperature" = 31.5, "ups.mode" = 3, "battery.charger.status" = 5, "ups.status.lb" = 1, "ups.power.nominal" = 3000, "battery.alarm.disconnected" = 1}
)");
    auto said = nut.read("huawei-ups2000", nut.path("ups2000.tty"));
    INFO(said["stderr"]);
    CHECK(said["device.model"] == "UPS2000");
    CHECK(said["ups.serial"] == "ups2000-01");
    CHECK(said["battery.charge"] == "64.0");
    CHECK(said["battery.voltage"] == "81.7");
    CHECK(said["battery.runtime"] == "5502");
    CHECK(said["ups.temperature"] == "31.5");
    CHECK(said["ups.power.nominal"] == "3000");
    CHECK(said["battery.charger.status"] == "discharging");
    CHECK(said["ups.status"] == "ALARM OB LB DISCHRG");
    CHECK(said["ups.alarm"].find("Battery disconnected") != std::string::npos);
}
