// Report by exception: what of a reading people hear, and how a site file says so.
#include <optional>
#include <string>
#include <vector>

#include "firmware/readings.hpp"
#include "firmware/site_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr Instant start{};

Register measure(const std::string& name, std::uint16_t address, Unit unit) {
    Register reg;
    reg.measure = name;
    reg.address = address;
    reg.unit = unit;
    reg.missing = {0xFFFF};
    return reg;
}

/// One volt and one code, read every second, said unchanged every minute.
struct Points {
    explicit Points(PublishPlan volts, PublishPlan codes = {}) {
        DevicePlan device;
        device.name = "ups1";
        auto mode = measure("ups.mode", 1, Unit::none);
        mode.labels = {{0, "line"}, {1, "battery"}};
        device.profile = profile_of({measure("input.voltage", 0, Unit::volt), mode});
        device.blocks = plan_blocks(*device.profile, {0, 1}, 0);
        device.publish = {volts, codes};
        devices = {device};
        readings.emplace(devices, 60s, start);
    }
    /// The volts that people heard of, a missing one as -1.
    std::vector<double> hear(std::uint16_t volt, Duration at, std::uint16_t mode = 0) {
        const BusReport report{
            .device = 0, .block = 0, .words = Words{volt, mode}, .at = start + at};
        std::vector<double> heard;
        for (const auto& reading :
             readings->take(report, &devices[0].blocks[0], start + at).publish) {
            if (reading.point.measure == "input.voltage") {
                heard.push_back(reading.value ? *reading.value : -1);
            } else {
                modes.push_back(reading.label);
            }
        }
        return heard;
    }

    std::vector<DevicePlan> devices;
    std::optional<Readings> readings;
    std::vector<std::string> modes;
};

using Heard = std::vector<double>;

/// A site file of one device whose profile is `room`; the rest is what a test is about.
struct SiteFile {
    TempDir folder;
    Complaints complaints;

    SitePlan read(const std::string& rest) {
        folder.write("room.toml", R"(
title = "Room"
source = "this test"
[[register]]
measure = "ambient.temperature"
table = "input"
address = 0
unit = "Cel"
[[register]]
measure = "battery.voltage"
table = "input"
address = 1
unit = "V"
[[register]]
measure = "ups.mode"
table = "input"
address = 2
)");
        const auto path = folder.write("site.toml", R"(
site = "pangyo"
agent = "room"
[broker]
url = "mqtt://localhost"
[[bus]]
name = "lan"
tcp = "localhost"
[[device]]
name = "room1"
profile = "room"
bus = "lan"
[[device]]
name = "room2"
profile = "room"
bus = "lan"
unit = 2
)" + rest);
        return load_site(path, {folder.path().string()}, complaints);
    }
};

}  // namespace

TEST_CASE("publish: within the deadband of what was said last nothing is said",
          "[firmware][publish]") {
    Points points({2, false, {}});
    CHECK(points.hear(230, 0s) == Heard{230});
    CHECK(points.hear(232, 1s).empty());
    CHECK(points.hear(228, 2s).empty());
    CHECK(points.hear(233, 3s) == Heard{233});
    CHECK(points.hear(231, 4s).empty());
}

TEST_CASE("publish: a slow drift is told, one deadband at a time", "[firmware][publish]") {
    Points points({5, false, {}});
    std::size_t told = 0;
    for (std::uint16_t i = 0; i < 60; ++i) {
        told += points.hear(static_cast<std::uint16_t>(200 + i), std::chrono::seconds(i)).size();
    }
    CHECK(told == 10);
}

TEST_CASE("publish: a deadband in percent is of the value said last", "[firmware][publish]") {
    Points points({10, true, {}});
    CHECK(points.hear(100, 0s) == Heard{100});
    CHECK(points.hear(110, 1s).empty());
    CHECK(points.hear(111, 2s) == Heard{111});
    CHECK(points.hear(0, 3s) == Heard{0});
    CHECK(points.hear(1, 4s) == Heard{1});  // of nothing, anything is news
}

TEST_CASE("publish: a change of quality is told at once, whatever the deadband",
          "[firmware][publish]") {
    Points points({1000, false, {}});
    CHECK(points.hear(230, 0s) == Heard{230});
    CHECK(points.hear(0xFFFF, 1s) == Heard{-1});
    CHECK(points.hear(0xFFFF, 2s).empty());
    CHECK(points.hear(230, 3s) == Heard{230});
}

TEST_CASE("publish: a change of the label is told at once, whatever the deadband",
          "[firmware][publish]") {
    Points points({}, {1000, false, {}});
    points.hear(230, 0s, 0);
    points.hear(230, 1s, 1);
    points.hear(230, 2s, 1);
    CHECK(points.modes == std::vector<std::string>{"line", "battery"});
}

TEST_CASE("publish: a point is never silent for longer than its own every", "[firmware][publish]") {
    Points points({1000, false, 10s});
    std::size_t told = 0;
    for (int i = 0; i <= 60; ++i) {
        told += points.hear(static_cast<std::uint16_t>(200 + i), std::chrono::seconds(i)).size();
    }
    CHECK(told == 7);
    CHECK(points.modes.size() == 2);  // the site's minute
}

TEST_CASE("publish: alarms see every reading, within the deadband too", "[firmware][publish]") {
    Points points({1000, false, {}});
    points.hear(230, 0s);
    CHECK(points.hear(231, 1s).empty());
    CHECK(points.readings->history().evidence({"ups1", "input.voltage"}, start + 1s).value() ==
          231);
}

TEST_CASE("publish: rows choose by device, measure and unit, and the last holds",
          "[firmware][publish]") {
    SiteFile file;
    const auto plan = file.read(R"(
[[publish]]
deadband_percent = 2
[[publish]]
unit = "Cel"
deadband = 0.5
[[publish]]
device = "room2"
measure = "ambient.temperature"
every = "10s"
)");
    INFO(file.complaints.text());
    REQUIRE(file.complaints.empty());
    CHECK(plan.devices[0].publish ==
          std::vector<PublishPlan>{{0.5, false, {}}, {2, true, {}}, {0, false, {}}});
    CHECK(plan.devices[1].publish[0] == PublishPlan{0.5, false, 10s});
    CHECK(plan.publish_every == 5min);
    CHECK(describe(plan).find("published beyond 0.5 Cel, at least every 10s") != std::string::npos);
}

TEST_CASE("publish: rows that mean nothing are refused, each with what to do",
          "[firmware][publish]") {
    SiteFile file;
    static_cast<void>(file.read(R"(
[[publish]]
deadband = 1
[[publish]]
measure = "battery.curent"
deadband = 1
[[publish]]
unit = "Cel"
[[publish]]
unit = "F"
deadband = 1
deadband_percent = 1
[[publish]]
device = "room3"
deadband_percent = 101
)"));
    const auto text = file.complaints.text();
    INFO(text);
    CHECK(text.find("is of Cel, V alike: say a unit or a measure") != std::string::npos);
    CHECK(text.find("no device has such a measure") != std::string::npos);
    CHECK(text.find("say deadband, deadband_percent or every") != std::string::npos);
    CHECK(text.find("\"F\" is no unit") != std::string::npos);
    CHECK(text.find("either deadband or deadband_percent") != std::string::npos);
    CHECK(text.find("did you mean room1?") != std::string::npos);
    CHECK(text.find("101") != std::string::npos);
}
