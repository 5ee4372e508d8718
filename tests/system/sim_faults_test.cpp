// Every kind of fault on every wire, as the agent's bus sees it, from a simulator that is a process
// of its own; and each time the neighbour on the same bus answers.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "firmware/bus/modbus_bus.hpp"
#include "firmware/site_file.hpp"
#include "sim/scenario.hpp"
#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr std::uint8_t neighbour = 100;
constexpr std::uint8_t aimed = 101;
/// The XY-MD02's temperature and humidity.
constexpr ReadRequest both{.unit = 0, .table = Table::input, .address = 1, .count = 2};
const Words shown{235, 410};

std::uint8_t unit_of(FaultKind kind) {
    return static_cast<std::uint8_t>(static_cast<int>(kind) + 1);
}

bool goes_with(FaultKind kind, const std::string& bus) {
    return kind != FaultKind::wrong_transaction || bus == "tcp";
}

class Faulty {
public:
    Faulty() {
        site_ = "site = \"s\"\nagent = \"a\"\n[broker]\nurl = \"mqtt://127.0.0.1:1\"\n";
        scenario_ =
            "title = \"t\"\nsource = \"s\"\nt0 = \"12:00\"\nbegins = \"0s\"\nends = \"1h\"\n";
        add_bus("tcp", fmt::format("tcp = \"127.0.0.1:{}\"", free_port()));
        add_bus("gateway", fmt::format("rtu_over_tcp = \"127.0.0.1:{}\"", free_port()));
        add_bus("line", "port = \"p\"\nbaud = 115200");
        folder_.write("site.toml", site_);
        folder_.write("scenario.toml", scenario_);
        folder_.write("board.toml", "board = \"b\"\n[[port]]\nname = \"p\"\npath = \"line.tty\"\n");
        folder_.write("room.toml",
                      "site = \"site.toml\"\nscenario = \"scenario.toml\"\nboard = \"board.toml\"\n"
                      "log = \"room.log\"\n[servers]\nfirst_port = 1\n");
        const auto file = [&](const char* name) { return (folder_.path() / name).string(); };
        sim_ = firebreak::firebreak("sim", {"run", "--config", file("room.toml")});
        const bool ready =
            eventually([&] { return sim_->err().find("event=ready") != std::string::npos; }, 30s);
        INFO(sim_->err());
        REQUIRE(ready);
        Complaints complaints;
        const auto board = load_board(file("board.toml"), complaints);
        plan_ = load_site(file("site.toml"), {FIREBREAK_SOURCE_DIR "/firmware/profiles"},
                          complaints, board);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
    }

    [[nodiscard]] const std::vector<BusPlan>& buses() const { return plan_.buses; }

private:
    void add_bus(const std::string& bus, const std::string& keys) {
        site_ += fmt::format("[[bus]]\nname = \"{}\"\n{}\ntimeout = \"1s\"\n", bus, keys);
        add_device(bus, "neighbour", neighbour);
        add_device(bus, "aimed", aimed);
        scenario_ += fmt::format(
            "[[fault]]\nat = \"0s\"\ndevice = \"{}-aimed\"\nkind = \"exception\"\ncode = 2\n"
            "table = \"input\"\naddress = 2\n",
            bus);
        for (const auto& [name, kind] : fault_kinds) {
            if (!goes_with(kind, bus)) continue;
            std::string device(name);
            std::replace(device.begin(), device.end(), '_', '-');
            add_device(bus, device, unit_of(kind));
            scenario_ += fmt::format("[[fault]]\nat = \"0s\"\ndevice = \"{}-{}\"\nkind = \"{}\"\n",
                                     bus, device, name);
            if (kind == FaultKind::exception) scenario_ += "code = 4\n";
            if (kind == FaultKind::slow) scenario_ += "delay = \"1h\"\n";
            if (kind == FaultKind::dribble) scenario_ += "delay = \"10ms\"\n";
            if (kind == FaultKind::busy) scenario_ += "every = 2\n";
        }
    }

    void add_device(const std::string& bus, const std::string& device, int unit) {
        site_ += fmt::format(
            "[[device]]\nname = \"{0}-{1}\"\nbus = \"{0}\"\nunit = {2}\nprofile = \"xy-md02\"\n",
            bus, device, unit);
        scenario_ += fmt::format(
            "[[start]]\ndevice = \"{}-{}\"\nvalues = {{\"ambient.temperature\" = 23.5, "
            "\"ambient.humidity\" = 41}}\n",
            bus, device);
    }

    TempDir folder_;
    std::string site_, scenario_;
    std::unique_ptr<Process> sim_;
    SitePlan plan_;
};

ReadRequest of(std::uint8_t unit) {
    auto request = both;
    request.unit = unit;
    return request;
}

/// What a read meets; nothing: the right words.
std::optional<Error> trouble(Bus& bus, std::uint8_t unit) {
    const auto words = bus.read(of(unit));
    if (!words) return words.error();
    CHECK(*words == shown);
    return std::nullopt;
}

void check_kind(Bus& bus, FaultKind kind, bool is_rtu) {
    const auto met = trouble(bus, unit_of(kind));
    switch (kind) {
        case FaultKind::silent:
        case FaultKind::slow:
            REQUIRE(met);
            CHECK(met->fault == Fault::timeout);
            break;
        case FaultKind::exception:
            REQUIRE(met);
            CHECK(met->code == 4);
            break;
        case FaultKind::busy: {
            CHECK_FALSE(met);  // every second request
            const auto second = trouble(bus, unit_of(kind));
            REQUIRE(second);
            CHECK(second->fault == Fault::busy);
            CHECK_FALSE(trouble(bus, unit_of(kind)));
            break;
        }
        case FaultKind::stuck:
        case FaultKind::dribble:
            CHECK_FALSE(met);
            break;
        case FaultKind::garbage:
            if (is_rtu) {
                CHECK_FALSE(met);
                break;
            }
            [[fallthrough]];
        case FaultKind::wrong_transaction:
        case FaultKind::wrong_unit:
        case FaultKind::crc:
            REQUIRE(met);
            CHECK(met->fault == Fault::corrupt);
            break;
        case FaultKind::truncated:  // on TCP the rest might still come, until the patience ends
            REQUIRE(met);
            CHECK(met->fault == (is_rtu ? Fault::corrupt : Fault::timeout));
            break;
        case FaultKind::reset:
            REQUIRE(met);
            CHECK(met->fault == Fault::port_lost);
            break;
    }
}

}  // namespace

TEST_CASE("sim faults: each kind is met on each wire, and the neighbour goes on", "[system][sim]") {
    const Faulty faulty;
    for (const auto& plan : faulty.buses()) {
        const auto bus = make_modbus_bus(plan);
        for (const auto& [name, kind] : fault_kinds) {
            if (!goes_with(kind, plan.name)) continue;
            INFO(plan.name << ": " << name);
            check_kind(*bus, kind, plan.wire != Wire::tcp);
            CHECK(eventually([&] { return bus->read(of(neighbour)).has_value(); }));
        }
    }
}

TEST_CASE("sim faults: one aimed at a register leaves the register beside it alone",
          "[system][sim]") {
    const Faulty faulty;
    for (const auto& plan : faulty.buses()) {
        INFO(plan.name);
        const auto bus = make_modbus_bus(plan);
        const auto temperature = bus->read({aimed, Table::input, 1, 1});
        REQUIRE(temperature);
        CHECK(*temperature == Words{235});
        const auto humidity = bus->read({aimed, Table::input, 2, 1});
        REQUIRE_FALSE(humidity);
        CHECK(humidity.error().code == 2);
    }
}

TEST_CASE("sim faults: an absent unit is silent on a line and refused by a gateway",
          "[system][sim]") {
    const Faulty faulty;
    for (const auto& plan : faulty.buses()) {
        INFO(plan.name);
        const auto met = trouble(*make_modbus_bus(plan), 99);
        REQUIRE(met);
        CHECK(met->code == (plan.wire == Wire::tcp ? 11 : 0));
        CHECK(met->fault == Fault::timeout);
    }
}
