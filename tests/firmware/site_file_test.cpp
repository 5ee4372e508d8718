#include "firmware/site_file.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "firmware/tcp_address.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

/// A folder of its own with one small profile; gone at the end.
struct Folder {
    fs::path path = fs::temp_directory_path() / ("firebreak-site-" + std::to_string(::getpid()));

    Folder() {
        fs::create_directories(path);
        write("strip.toml", R"(
title = "Strip"
source = "this test"
[[register]]
measure = "ambient.temperature"
table = "input"
address = 0
type = "i16"
scale = 0.1
unit = "Cel"
[[register]]
measure = "outlet.1.switch"
table = "coil"
address = 0
writable = true
[[register]]
measure = "relay.flag"
table = "holding"
address = 4
type = "u16"
bit = 3
writable = true
[[register]]
measure = "device.name"
table = "holding"
address = 8
type = "text"
length = 4
writable = true
)");
    }
    ~Folder() { fs::remove_all(path); }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name) << text;
    }
};

const std::string top = R"(
site = "pangyo"
agent = "room"
[[bus]]
name = "lan"
tcp = "127.0.0.1:1502"
)";

const std::string strip = R"(
[[device]]
name = "strip1"
profile = "strip"
bus = "lan"
unit = 3
)";

std::string complaints_of(const std::string& text) {
    const Folder folder;
    folder.write("site.toml", text);
    Complaints complaints;
    static_cast<void>(
        load_site((folder.path / "site.toml").string(), {folder.path.string()}, complaints));
    return complaints.text();
}

SitePlan plan_of(const std::string& text) {
    const Folder folder;
    folder.write("site.toml", text);
    folder.write("secret", "s3cret\nsecond line\n");
    Complaints complaints;
    auto plan = load_site((folder.path / "site.toml").string(), {folder.path.string()}, complaints);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    return plan;
}

bool says(const std::string& text, const std::string& what) {
    INFO(text);
    const bool found = text.find(what) != std::string::npos;
    CHECK(found);
    return found;
}

std::string alarm(const std::string& when) {
    return top + strip + "[[alarm]]\nname = \"a\"\n[[alarm.when]]\n" + when;
}

}  // namespace

TEST_CASE("site: the demo's site resolves with the shipped profiles", "[firmware][site]") {
    const fs::path root = FIREBREAK_SOURCE_DIR;
    Complaints complaints;
    const auto plan = load_site((root / "sim/demo/site.toml").string(),
                                {(root / "firmware/profiles").string()}, complaints);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    CHECK(plan.site == "pangyo");
    CHECK(plan.trusted_hosts == std::vector<std::string>{"seoul-1"});
    REQUIRE(plan.devices.size() == 6);
    CHECK(plan.devices[4].base == 40002);
    for (const auto& device : plan.devices) CHECK_FALSE(device.blocks.empty());
    REQUIRE(plan.alarms.size() == 6);
    CHECK(plan.alarms[1].latch);
    CHECK(plan.alarms[5].conditions.at(0).compare == Compare::silent);
    CHECK(plan.outlets.size() == 4);
    const auto text = describe(plan);
    says(text, "ups1: ");
    says(text, "when cells1 battery.cell.temperature.max above 60 (hysteresis 5), for 500ms");
    says(text, "videos-b: pdu1 outlet.10.switch, armed");
}

TEST_CASE("site: what is left out has its default", "[firmware][site]") {
    const auto plan = plan_of(top + strip + "[[outlet]]\nname = \"o\"\ndevice = \"strip1\"\n" +
                              "measure = \"outlet.1.switch\"\n");
    CHECK(plan.broker.urls == std::vector<std::string>{"mqtt://127.0.0.1:1883"});
    CHECK(plan.heartbeat == 5s);
    CHECK(plan.devices.at(0).period == 1s);
    CHECK(plan.devices.at(0).silent_after == 10s);
    CHECK_FALSE(plan.outlets.at(0).armed);
    says(describe(plan), "o: strip1 outlet.1.switch, not armed");
}

TEST_CASE("site: a flood's numbers are its own, and one that ends before it begins is refused",
          "[firmware][site]") {
    const auto plan = plan_of(top + "[flood]\nbegins_above = 20\nwithin = \"5m\"\n" + strip);
    CHECK(plan.flood.begins_above == 20);
    CHECK(plan.flood.ends_below == 5);
    CHECK(plan.flood.within == 5min);
    says(complaints_of(top + "[flood]\nbegins_above = 4\n" + strip), "end before it begins");
    says(complaints_of(top + "[flood]\nwithin = \"1s\"\n" + strip), "must be from 10s to");
    says(complaints_of(top + "[flood]\nends = 3\n" + strip), "ends_below");
}

TEST_CASE("site: the password may stand in a file beside it", "[firmware][site]") {
    const auto broker =
        "[broker]\nurl = \"mqtts://b:8883\"\nusername = \"u\"\n"
        "password_file = \"secret\"\n";
    const auto plan = plan_of(top + broker + strip);
    CHECK(plan.broker.password == "s3cret");
    CHECK(describe(plan).find("s3cret") == std::string::npos);
    says(complaints_of(top + "[broker]\npassword_file = \"none\"\n" + strip), "site.toml:8:");
    says(complaints_of(top + "[broker]\nurl = \"http://x\"\n" + strip), "mqtt://host:port");
}

TEST_CASE("site: an alarm on a point that does not exist names the nearest", "[firmware][site]") {
    const auto text =
        complaints_of(alarm("device = \"strip1\"\nmeasure = \"ambient.temprature\"\nabove = 4\n"));
    says(text, "site.toml:17:");
    says(text, "ambient.temprature; did you mean ambient.temperature?");
    says(text, "strip1 (profile strip) has no measure");
    says(complaints_of(alarm("device = \"strip2\"\nmeasure = \"x\"\nabove = 4\n")),
         "there is no [[device]] strip2; did you mean strip1?");
}

TEST_CASE("site: a condition has exactly one comparison", "[firmware][site]") {
    const std::string point = "device = \"strip1\"\nmeasure = \"ambient.temperature\"\n";
    says(complaints_of(alarm(point)), "say above, below, equals or differs");
    says(complaints_of(alarm(point + "above = 1\nbelow = 2\n")), "one comparison");
    says(complaints_of(alarm(point + "equals = 1\nhysteresis = 2\n")), "above and below only");
    says(complaints_of(alarm(point + "above = 1\nhysteresis = -2\n")), "hysteresis");
    says(complaints_of(alarm(point + "silent = true\n")), "leave this out");
    says(complaints_of(top + strip + "[[alarm]]\nname = \"a\"\n"), "needs an [[alarm.when]]");
    CHECK(complaints_of(alarm("device = \"strip1\"\nsilent = true\n")).empty());
}

TEST_CASE("site: all errors are told at once, each with its place", "[firmware][site]") {
    const auto text = complaints_of(R"(
site = "Pangyo!"
agent = "room"
heartbeat = "0s"
hosts = ["seoul 1"]
[[bus]]
name = "lan"
tcp = "nowhere:99999"
[[device]]
name = "a"
profile = "strip"
bus = "wan"
unit = 256
colour = "red"
[[device]]
name = "a"
profile = "none"
bus = "lan"
period = "20s"
silent_after = "10s"
[[alarm]]
name = "b"
severity = "huge"
on_delay = "999d"
)");
    for (const auto* what :
         {":2:", ":4:", ":5:", ":8:", ":12:", ":13:", ":14:", "already a device named a",
          "no none.toml", ":20:", ":23:", ":24:", "[[alarm.when]]"}) {
        says(text, what);
    }
}

TEST_CASE("site: an outlet must be something that can be switched whole", "[firmware][site]") {
    const auto outlet = [](const std::string& measure) {
        return top + strip + "[[outlet]]\nname = \"o\"\ndevice = \"strip1\"\nmeasure = \"" +
               measure + "\"\n";
    };
    says(complaints_of(outlet("ambient.temperature")), "cannot be written");
    says(complaints_of(outlet("relay.flag")), "part of a register");
    says(complaints_of(outlet("device.name")), "device.name is a text");
    says(complaints_of(outlet("outlet.2.switch")), "did you mean outlet.1.switch?");
    says(complaints_of(outlet("outlet.1.switch") + "[[outlet]]\nname = \"p\"\ndevice = \"strip1\"\n"
                                                   "measure = \"outlet.1.switch\"\n"),
         "already switches");
}

TEST_CASE("site: a condition compares numbers, not texts", "[firmware][site]") {
    const auto alarm = [](const std::string& measure) {
        return top + strip +
               "[[alarm]]\nname = \"a\"\n[[alarm.when]]\ndevice = \"strip1\"\nmeasure = \"" +
               measure + "\"\nequals = 1\n";
    };
    says(complaints_of(alarm("device.name")), "device.name is a text");
    CHECK(complaints_of(alarm("relay.flag")).empty());
}

TEST_CASE("site: two devices share a unit only at different bases", "[firmware][site]") {
    auto second = strip;
    second.replace(second.find("strip1"), 6, "strip2");
    says(complaints_of(top + strip + second), "another device already has unit 3");
    CHECK(complaints_of(top + strip + second + "base = 100\n").empty());
    says(complaints_of(top + strip + second + "base = 65535\n"), "addresses end at 65535");
}

TEST_CASE("site: a truncated, empty, missing or binary file is one error with its place",
          "[firmware][site]") {
    CHECK_FALSE(complaints_of("site = \"pan").empty());
    CHECK_FALSE(complaints_of("").empty());
    CHECK_FALSE(complaints_of(std::string("\0\xff\xfe", 3)).empty());
    Complaints complaints;
    static_cast<void>(load_site("/nowhere/site.toml", {}, complaints));
    CHECK(complaints.size() == 1);
}

TEST_CASE("site: every prefix of the demo's site is read without a crash", "[firmware][site]") {
    std::ifstream in(std::string(FIREBREAK_SOURCE_DIR) + "/sim/demo/site.toml");
    const std::string whole((std::istreambuf_iterator<char>(in)), {});
    const Folder folder;
    for (std::size_t length = 0; length < whole.size(); length += 97) {
        folder.write("cut.toml", whole.substr(0, length));
        Complaints complaints;
        static_cast<void>(
            load_site((folder.path / "cut.toml").string(), {folder.path.string()}, complaints));
        CHECK_FALSE(complaints.empty());  // the devices' profiles are not there, if nothing else
    }
}

TEST_CASE("site: a bus address is host, host:port or [v6]:port", "[firmware][site]") {
    CHECK(parse_tcp_address("10.0.0.1") == TcpAddress{"10.0.0.1", 502});
    CHECK(parse_tcp_address("ups.local:1502") == TcpAddress{"ups.local", 1502});
    CHECK(parse_tcp_address("[::1]:65535") == TcpAddress{"::1", 65535});
    CHECK(parse_tcp_address("[::1]") == TcpAddress{"::1", 502});
    for (const auto* bad : {"", ":502", "a:", "a:0", "a:65536", "a:999999", "a:5 2", "a:-1", "a:b",
                            "a b:1", "::1:502", "[::1]x", "[]:502", "/dev/ttyS0"}) {
        INFO(bad);
        CHECK_FALSE(parse_tcp_address(bad));
    }
}

TEST_CASE("site file: a bus is a socket, a gateway's socket or a port of the board",
          "[firmware][site_file]") {
    const Folder folder;
    folder.write("site.toml", R"(
site = "pangyo"
agent = "room"
[[bus]]
name = "lan"
tcp = "10.0.0.1"
[[bus]]
name = "gateway"
rtu_over_tcp = "10.0.0.2:4001"
gap = "5ms"
[[bus]]
name = "line"
port = "rs485-1"
baud = 9600
parity = "none"
[[device]]
name = "a"
profile = "strip"
bus = "line"
unit = 247
)");
    Board board;
    board.ports.push_back({.name = "rs485-1", .path = "/dev/ttyS1"});
    Complaints complaints;
    const auto plan =
        load_site((folder.path / "site.toml").string(), {folder.path.string()}, complaints, board);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    REQUIRE(plan.buses.size() == 3);
    CHECK(plan.buses[0].wire == Wire::tcp);
    CHECK(plan.buses[1].wire == Wire::rtu_over_tcp);
    CHECK(plan.buses[1].port == 4001);
    CHECK(plan.buses[1].gap == 5ms);
    CHECK(plan.buses[2].wire == Wire::serial);
    CHECK(plan.buses[2].line.port.path == "/dev/ttyS1");
    CHECK(plan.buses[2].line.stop_bits == 2);
    CHECK(describe(plan).find("RTU on rs485-1 (/dev/ttyS1), 9600 baud 8N2") != std::string::npos);
}

TEST_CASE("site file: what does not fit a bus's wire is told", "[firmware][site_file]") {
    const Folder folder;
    folder.write("site.toml", R"(
site = "pangyo"
agent = "room"
[[bus]]
name = "a"
tcp = "10.0.0.1"
baud = 9600
[[bus]]
name = "b"
tcp = "10.0.0.1"
port = "rs485-1"
[[bus]]
name = "c"
port = "rs485-9"
baud = 9601
[[bus]]
name = "d"
[[device]]
name = "x"
profile = "strip"
bus = "c"
unit = 0
)");
    Board board;
    board.ports.push_back({.name = "rs485-1", .path = "/dev/ttyS1"});
    Complaints complaints;
    static_cast<void>(
        load_site((folder.path / "site.toml").string(), {folder.path.string()}, complaints, board));
    const auto text = complaints.text();
    INFO(text);
    CHECK(complaints.size() == 6);
    CHECK(text.find("belongs to a serial port") != std::string::npos);
    CHECK(text.find("a bus has one of tcp, rtu_over_tcp and port") != std::string::npos);
    CHECK(text.find("did you mean rs485-1?") != std::string::npos);
    CHECK(text.find("must be one of 300") != std::string::npos);
    CHECK(text.find("say tcp = ") != std::string::npos);
    CHECK(text.find("unit") != std::string::npos);
}

TEST_CASE("site file: where hosts should acknowledge alarms, that none does is an alarm, and may "
          "switch an output",
          "[firmware][site_file]") {
    const auto alarm = [](const std::string& name, const std::string& more) {
        return "[[alarm]]\nname = \"" + name + "\"\n" + more +
               "[[alarm.when]]\ndevice = \"strip1\"\nmeasure = \"ambient.temperature\"\n"
               "above = 50\n";
    };
    const std::string asks = "ack_within = \"10s\"\n";
    const std::string horn =
        "[[action]]\nname = \"horn\"\nalarm = \"host-silent\"\ndevice = \"strip1\"\n"
        "measure = \"outlet.1.switch\"\noff = 0\n";
    const auto hosts = "hosts = [\"seoul-1\"]" + top;
    const auto plan = plan_of(hosts + strip + alarm("hot", asks) + alarm("warm", "") + horn);
    REQUIRE(plan.alarms.size() == 3);
    CHECK(plan.alarms[0].ack_within == 10s);
    CHECK(plan.alarms[1].ack_within == 0s);
    CHECK(plan.alarms[2].name == "host-silent");
    CHECK(plan.alarms[2].severity == Severity::high);
    CHECK(plan_of(hosts + strip + alarm("hot", "")).alarms.size() == 1);

    says(complaints_of(top + strip + alarm("hot", asks)), "no host is asked: name at least one");
    says(complaints_of(hosts + strip + alarm("hot", "ack_within = \"10ms\"\n")), "must be from 1s");
    says(complaints_of(hosts + strip + alarm("hot", asks) + alarm("host-silent", "")),
         "there is already an alarm named host-silent");
    says(complaints_of(hosts + strip + alarm("hot", "") + horn), "host-silent");
}
