#include "sim/device.hpp"

#include <filesystem>
#include <string>

#include "firmware/profile/codec.hpp"
#include "firmware/profile/profile_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Register reg(std::string measure, Table table, std::uint16_t address, WordType type) {
    Register made;
    made.measure = std::move(measure);
    made.table = table;
    made.address = address;
    made.type = type;
    return made;
}

DevicePlan device_of(std::vector<Register> registers, std::uint16_t base = 0) {
    DevicePlan plan;
    plan.name = "d";
    plan.base = base;
    plan.profile = profile_of(std::move(registers));
    return plan;
}

Scenario showing(const std::string& measure, double value) {
    Scenario scenario;
    scenario.ends = 1h;
    scenario.starts = {{{"d", measure}, value, {}}};
    return scenario;
}

}  // namespace

TEST_CASE("device: signals come through the codec at the device's base", "[sim][device]") {
    auto celsius = reg("t", Table::input, 1, WordType::i16);
    celsius.scale = 0.1;
    Device device(device_of({celsius}, 40000));
    const World world(showing("t", -5.5));
    device.refresh(world);
    Words words;
    CHECK(device.read(Table::input, 40001, 1, words) == Exception::none);
    CHECK(words == Words{0xFFC9});
    CHECK(device.read(Table::input, 1, 1, words) == Exception::illegal_address);
    CHECK(device.read(Table::holding, 40001, 1, words) == Exception::illegal_address);
}

TEST_CASE("device: holes are refused, or read as zero where the device allows them",
          "[sim][device]") {
    const std::vector<Register> registers = {reg("a", Table::input, 0, WordType::u16),
                                             reg("b", Table::input, 2, WordType::u16)};
    auto plan = device_of(registers);
    Words words;
    CHECK(Device(plan).read(Table::input, 0, 3, words) == Exception::illegal_address);
    plan.profile = profile_of(registers, [](Profile& profile) { profile.holes_allowed = true; });
    CHECK(Device(plan).read(Table::input, 0, 3, words) == Exception::none);
    CHECK(words.size() == 3);
    CHECK(Device(plan).read(Table::input, 10, 3, words) == Exception::illegal_address);
}

TEST_CASE("device: reads of nothing, of too much or past the last address are refused",
          "[sim][device]") {
    DevicePlan plan;
    plan.profile = profile_of({reg("a", Table::input, 65535, WordType::u16)}, [](Profile& profile) {
        profile.max_words = 10;
        profile.holes_allowed = true;
    });
    const Device device(plan);
    Words words;
    CHECK(device.read(Table::input, 65535, 0, words) == Exception::illegal_value);
    CHECK(device.read(Table::input, 65526, 11, words) == Exception::illegal_value);
    CHECK(device.read(Table::input, 65535, 2, words) == Exception::illegal_address);
    CHECK(device.read(Table::input, 65535, 1, words) == Exception::none);
}

TEST_CASE("device: a write reaches the world and reads back", "[sim][device]") {
    auto coil = reg("outlet", Table::coil, 6, WordType::bit);
    coil.writable = true;
    Device device(device_of({coil}));
    World world(showing("outlet", 1));
    CHECK(device.write(Table::coil, 6, {0}, world) == Exception::none);
    CHECK(world.signal({"d", "outlet"}) == 0.0);
    device.refresh(world);
    Words words;
    CHECK(device.read(Table::coil, 6, 1, words) == Exception::none);
    CHECK(words == Words{0});
}

TEST_CASE("device: a write to what is read-only, absent or out of range changes nothing",
          "[sim][device]") {
    auto writable = reg("set", Table::holding, 0, WordType::u16);
    writable.writable = true;
    writable.least = 0;
    writable.most = 10;
    Device device(device_of({writable, reg("fixed", Table::holding, 1, WordType::u16)}));
    World world(showing("set", 5));
    CHECK(device.write(Table::holding, 1, {1}, world) == Exception::illegal_address);
    CHECK(device.write(Table::holding, 9, {1}, world) == Exception::illegal_address);
    CHECK(device.write(Table::holding, 0, {3, 3}, world) == Exception::illegal_address);
    CHECK(device.write(Table::holding, 0, {11}, world) == Exception::illegal_value);
    CHECK(device.write(Table::holding, 65535, {1, 1}, world) == Exception::illegal_address);
    CHECK(world.signal({"d", "set"}) == 5.0);
}

TEST_CASE("device: scale registers are as fine as the plausible range allows", "[sim][device]") {
    auto volts = reg("v", Table::holding, 0, WordType::u16);
    volts.scale_register = 1;
    volts.least = 0;
    volts.most = 600;
    Device device(device_of({volts}));
    device.refresh(World(showing("v", 54.07)));
    Words words;
    REQUIRE(device.read(Table::holding, 0, 2, words) == Exception::none);
    CHECK(words == Words{5407, 0xFFFE});
}

TEST_CASE("device: a value that does not fit leaves the register as it was", "[sim][device]") {
    Device device(device_of({reg("a", Table::input, 0, WordType::u16)}));
    device.refresh(World(showing("a", 7)));
    device.refresh(World(showing("a", 70'000)));
    Words words;
    REQUIRE(device.read(Table::input, 0, 1, words) == Exception::none);
    CHECK(words == Words{7});
}

TEST_CASE("device: every shipped profile is served with values that its own codec believes",
          "[sim][device]") {
    Complaints complaints;
    int profiles = 0;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(FIREBREAK_SOURCE_DIR) +
                                                                 "/firmware/profiles")) {
        DevicePlan plan;
        plan.name = "d";
        plan.profile =
            std::make_shared<const Profile>(load_profile(entry.path().string(), complaints));
        REQUIRE(complaints.empty());
        const Device device(plan);
        ++profiles;
        for (const auto& each : plan.profile->registers) {
            INFO(plan.profile->name << " " << each.measure);
            Words words, exponent{0};
            REQUIRE(device.read(each.table, each.address,
                                static_cast<std::uint16_t>(word_count(each)),
                                words) == Exception::none);
            if (each.scale_register) {
                REQUIRE(device.read(each.table, *each.scale_register, 1, exponent) ==
                        Exception::none);
            }
            if (each.type == WordType::text) continue;  // no number
            CHECK(decode(each, words, static_cast<std::int16_t>(exponent[0])));
        }
    }
    CHECK(profiles >= 7);
}
