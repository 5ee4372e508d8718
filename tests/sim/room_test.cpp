#include "sim/room.hpp"

#include <fmt/format.h>

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("room: a thousand units on several buses each show their own value", "[sim][room]") {
    Register level;
    level.measure = "level";
    const auto profile = profile_of({level});
    SitePlan site;
    Scenario scenario;
    scenario.ends = 1h;
    site.buses.resize(5);
    for (std::size_t bus = 0; bus < site.buses.size(); ++bus) {
        for (int unit = 1; unit <= 247; ++unit) {
            DevicePlan device;
            device.name = fmt::format("b{}-u{}", bus, unit);
            device.bus = bus;
            device.unit = static_cast<std::uint8_t>(unit);
            device.profile = profile;
            scenario.starts.push_back(
                {{device.name, "level"}, 1000.0 * static_cast<double>(bus) + unit, {}});
            site.devices.push_back(std::move(device));
        }
    }
    Room room(site, scenario);
    for (std::size_t bus = 0; bus < site.buses.size(); ++bus) {
        CHECK(room.devices_on(bus).size() == 247);
        for (int unit = 1; unit <= 247; ++unit) {
            const auto device = room.find(bus, static_cast<std::uint8_t>(unit), Table::input, 0);
            REQUIRE(device);
            CHECK(room.read(*device, Table::input, 0, 1).words ==
                  Words{static_cast<std::uint16_t>(1000 * bus + static_cast<std::size_t>(unit))});
        }
        CHECK_FALSE(room.find(bus, 0, Table::input, 0));
        CHECK_FALSE(room.find(bus, 248, Table::input, 0));
    }
}
