#include "firmware/readings.hpp"

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// A device of one text of two words.
DevicePlan device_with_text() {
    Register text;
    text.measure = "device.serial";
    text.table = Table::holding;
    text.type = WordType::text;
    text.length = 2;
    DevicePlan device;
    device.name = "ups1";
    device.profile = profile_of({text});
    device.blocks = plan_blocks(*device.profile, {0}, 0);
    return device;
}

constexpr Instant start{};

}  // namespace

TEST_CASE("readings: a text is read as a label without a value", "[firmware][readings]") {
    const auto device = device_with_text();
    const auto readings = read_block(device, device.blocks[0], Words{0x4642, 0x3700}, start);
    REQUIRE(readings.size() == 1);
    CHECK(readings[0].label == "FB7");
    REQUIRE_FALSE(readings[0].value);
    CHECK(readings[0].value.error().fault == Fault::stale);
}

TEST_CASE("readings: a text is published when it changes and not while it stays",
          "[firmware][readings]") {
    const std::vector<DevicePlan> devices{device_with_text()};
    Readings readings(devices, 60s, start);
    const auto take = [&](Words words, Instant at) {
        const BusReport report{.device = 0, .block = 0, .words = std::move(words), .at = at};
        return readings.take(report, &devices[0].blocks[0], at);
    };
    CHECK(take({0x4642, 0x3700}, start).publish.size() == 1);
    CHECK(take({0x4642, 0x3700}, start + 1s).publish.empty());
    const auto changed = take({0x4642, 0x3800}, start + 2s);
    REQUIRE(changed.publish.size() == 1);
    CHECK(changed.publish[0].label == "FB8");
}
