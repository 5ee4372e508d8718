#include "sim/scenario.hpp"

#include <string>

#include "firmware/site.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string head =
    "title = \"Test\"\nsource = \"none\"\nt0 = \"15:19\"\nbegins = \"-5m\"\nends = \"100m\"\n";

/// The complaints about a scenario with this text after a good head.
std::string complaints_of(const std::string& text) {
    Complaints complaints;
    auto file = ConfigFile::parse(head + text, "s.toml", complaints);
    static_cast<void>(parse_scenario(file));
    return complaints.text();
}

Scenario good(const std::string& text) {
    Complaints complaints;
    auto file = ConfigFile::parse(head + text, "s.toml", complaints);
    auto scenario = parse_scenario(file);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    return scenario;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("scenario: times may lie before t0, and the span is read", "[sim][scenario]") {
    const auto scenario = good("");
    CHECK(scenario.begins == -5min);
    CHECK(scenario.ends == 100min);
    CHECK(scenario.t0_minutes == 15 * 60 + 19);
}

TEST_CASE("scenario: signed durations take one leading minus and nothing else odd",
          "[sim][scenario]") {
    CHECK(parse_signed_duration("-1m30s") == -90s);
    CHECK(parse_signed_duration("3m") == 3min);
    CHECK(parse_signed_duration("0m") == 0s);
    for (const char* bad : {"", "-", "--5m", "+5m", "- 5m", "5", "5m-", "-99999999999999999999d"}) {
        CHECK_FALSE(parse_signed_duration(bad));
    }
}

TEST_CASE("scenario: story times print sign, minutes and seconds", "[sim][scenario]") {
    CHECK(format_story_time(-90s) == "-01:30");
    CHECK(format_story_time(0s) == "+00:00");
    CHECK(format_story_time(93min) == "+93:00");
}

TEST_CASE("scenario: a change is a step, a ramp, or a feed", "[sim][scenario]") {
    const auto scenario = good(R"(
[[feed]]
name = "a"
[[change]]
at = "2m"
feed = "a"
to = 0
[[change]]
at = "1m"
over = "30s"
device = "cells1"
measure = "battery.cell.temperature.max"
to = 140
)");
    REQUIRE(scenario.changes.size() == 2);
    CHECK(scenario.changes[0].at == 1min);  // in order of time, not of the file
    CHECK(scenario.changes[0].over == 30s);
    CHECK(scenario.changes[0].to == 140);
    REQUIRE(scenario.changes[1].feed);
    CHECK(*scenario.changes[1].feed == 0);
}

TEST_CASE("scenario: every error is listed at once, each at its line", "[sim][scenario]") {
    const auto text = complaints_of(R"([[event]]
at = "soon"
say = "x"
basis = "guess"
[[rack]]
name = "r"
service = "text"
feed = "nowhere"
kw = -1
[[fault]]
at = "1m"
device = "ups1"
kind = "moody"
)");
    INFO(text);
    CHECK(has(text, "s.toml:7:"));   // at
    CHECK(has(text, "s.toml:9:"));   // basis
    CHECK(has(text, "s.toml:13:"));  // feed
    CHECK(has(text, "s.toml:14:"));  // kw
    CHECK(has(text, "s.toml:18:"));  // kind
}

TEST_CASE("scenario: what could never happen is an error", "[sim][scenario]") {
    CHECK(has(complaints_of("[[event]]\nat = \"101m\"\nsay = \"late\"\nbasis = \"record\"\n"),
              "outside"));
    CHECK(has(complaints_of("[[feed]]\nname = \"a\"\n[[feed]]\nname = \"a\"\n"), "already"));
    CHECK(has(complaints_of("[[feed]]\nname = \"a\"\n[[change]]\nat = \"1m\"\nover = \"1m\"\n"
                            "feed = \"a\"\nto = 0\n"),
              "live or dead"));
    CHECK(has(complaints_of("[[expect]]\nat = \"1m\"\nby = \"2m\"\nalarm = \"x\"\n"
                            "phase = \"firing\"\n"),
              "not both"));
    CHECK(has(complaints_of("[[expect]]\nat = \"1m\"\nalarm = \"x\"\ntarget = \"y\"\n"), "names"));
    CHECK(has(complaints_of("[[expect]]\nat = \"1m\"\nalarm = \"x\"\nphase = \"burning\"\n"),
              "burning"));
    CHECK(has(complaints_of("[[fault]]\nat = \"2m\"\nuntil = \"1m\"\ndevice = \"x\"\n"
                            "kind = \"silent\"\n"),
              "later"));
    CHECK_FALSE(complaints_of("[[fault]]\nat = \"2m\"\ndevice = \"x\"\nkind = \"exception\"\n")
                    .empty());  // which exception?
    CHECK_FALSE(complaints_of("colour = \"red\"\n").empty());
}

TEST_CASE("scenario: every kind of fault is read by its own name", "[sim][scenario]") {
    for (const auto& [name, kind] : fault_kinds) {
        std::string keys = "kind = \"" + std::string(name) + "\"\n";
        if (kind == FaultKind::exception) keys += "code = 4\n";
        if (kind == FaultKind::slow || kind == FaultKind::dribble) keys += "delay = \"1s\"\n";
        const auto scenario = good("[[fault]]\nat = \"1m\"\ndevice = \"x\"\n" + keys);
        REQUIRE(scenario.faults.size() == 1);
        CHECK(scenario.faults[0].kind == kind);
        CHECK(to_string(kind) == name);
    }
}

TEST_CASE("scenario: a fault's keys are checked, each with its place", "[sim][scenario]") {
    const auto fault = [](const std::string& keys) {
        return complaints_of("[[fault]]\nat = \"1m\"\ndevice = \"x\"\n" + keys);
    };
    CHECK(has(fault("kind = \"slow\"\n"), "delay"));
    CHECK(has(fault("kind = \"slow\"\ndelay = \"2h\"\n"), "hour"));
    CHECK_FALSE(fault("kind = \"silent\"\ndelay = \"1s\"\n").empty());
    CHECK_FALSE(fault("kind = \"exception\"\ncode = 12\n").empty());
    CHECK(has(fault("kind = \"silent\"\naddress = 3\n"), "table"));
    CHECK_FALSE(fault("kind = \"silent\"\ntable = \"coil\"\naddress = 65535\ncount = 2\n").empty());
    CHECK_FALSE(fault("kind = \"silent\"\ntable = \"drawer\"\n").empty());
    CHECK_FALSE(fault("kind = \"silent\"\nevery = 0\n").empty());
    CHECK_FALSE(fault("kind = \"silent\"\nchance = 1.5\n").empty());
    CHECK(has(fault("kind = \"stuck\"\nevery = 2\n"), "stuck"));
    CHECK(fault("kind = \"busy\"\ntable = \"input\"\naddress = 7\nevery = 2\nchance = 0.5\n")
              .empty());
}

TEST_CASE("scenario: a file that is not TOML complains once and does not crash",
          "[sim][scenario]") {
    Complaints complaints;
    auto file = ConfigFile::parse("title = \"cut off", "s.toml", complaints);
    static_cast<void>(parse_scenario(file));
    CHECK(complaints.size() == 1);
}

TEST_CASE("scenario: devices, measures and alarms the site lacks are errors with a hint",
          "[sim][scenario]") {
    SitePlan site;
    DevicePlan device;
    device.name = "fire1";
    Register smoke;
    smoke.measure = "fire.smoke";
    device.profile = profile_of({smoke});
    site.devices = {device};
    const auto scenario = good(R"(
[[start]]
device = "fire1"
values = {"fire.smok" = 0}
[[fault]]
at = "1m"
device = "fire2"
kind = "silent"
[[feed]]
name = "a"
[[rack]]
name = "r"
service = "text"
feed = "a"
kw = 1
outlet = {device = "fire1", measure = "fire.smoke"}
[[expect]]
at = "1m"
alarm = "hot"
phase = "firing"
)");
    Complaints complaints;
    check_against(scenario, site, complaints);
    const auto text = complaints.text();
    INFO(text);
    CHECK(complaints.size() == 4);
    CHECK(has(text, "did you mean \"fire.smoke\"?"));
    CHECK(has(text, "did you mean \"fire1\"?"));
    CHECK(has(text, "not writable"));
    CHECK(has(text, "no alarm \"hot\""));
}

TEST_CASE("scenario: further than asked satisfies drain and shed, but not normal or watch",
          "[sim][scenario]") {
    CHECK(satisfies(Posture::shed, Posture::drain));
    CHECK(satisfies(Posture::drain, Posture::drain));
    CHECK_FALSE(satisfies(Posture::watch, Posture::drain));
    CHECK_FALSE(satisfies(Posture::drain, Posture::normal));
    CHECK_FALSE(satisfies(Posture::drain, Posture::watch));
}
