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

/// As an agent gets them: out of the whole table, where one is read whole.
Words words_at(const Device& device, const Profile& profile, Table table, std::uint16_t address,
               std::uint16_t count) {
    Words words;
    for (const auto& whole : profile.whole) {
        if (whole.table != table || address < whole.address ||
            address + count > whole.address + whole.count) {
            continue;
        }
        REQUIRE(device.read(table, whole.address, whole.count, words) == Exception::none);
        const auto from = words.begin() + (address - whole.address);
        return {from, from + count};
    }
    REQUIRE(device.read(table, address, count, words) == Exception::none);
    return words;
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
    auto scenario = showing("a", 7);
    scenario.changes = {{1min, 0s, {"d", "a"}, std::nullopt, 70'000, {}}};
    World world(scenario);
    device.refresh(world);
    world.advance(2min);
    REQUIRE(world.signal({"d", "a"}) == 70'000);
    device.refresh(world);
    Words words;
    REQUIRE(device.read(Table::input, 0, 1, words) == Exception::none);
    CHECK(words == Words{7});
}

TEST_CASE("device: a table that is read whole refuses any other read of it", "[sim][device]") {
    auto plan = device_of({});
    plan.profile = profile_of({reg("a", Table::holding, 10, WordType::u16)}, [](Profile& profile) {
        profile.whole = {{Table::holding, 10, 4, {}}};
        profile.holes_allowed = true;
    });
    const Device device(plan);
    Words words;
    CHECK(device.read(Table::holding, 10, 4, words) == Exception::none);
    CHECK(words.size() == 4);
    CHECK(device.read(Table::holding, 10, 1, words) == Exception::illegal_address);
    CHECK(device.read(Table::holding, 8, 8, words) == Exception::illegal_address);
    CHECK(device.read(Table::holding, 11, 4, words) == Exception::illegal_address);
}

TEST_CASE("device: a forbidden stretch is refused even in passing", "[sim][device]") {
    auto plan = device_of({}, 100);
    const std::vector<Register> registers = {reg("a", Table::input, 0, WordType::u16),
                                             reg("b", Table::input, 4, WordType::u16)};
    plan.profile = profile_of(registers, [](Profile& profile) {
        profile.forbidden = {{Table::input, 2, 1, {}}};
        profile.holes_allowed = true;
    });
    const Device device(plan);
    Words words;
    CHECK(device.read(Table::input, 100, 2, words) == Exception::none);
    CHECK(device.read(Table::input, 100, 5, words) == Exception::illegal_address);
    CHECK(device.read(Table::input, 103, 2, words) == Exception::none);
}

TEST_CASE("device: one register at a time is one register, however many words it has",
          "[sim][device]") {
    auto plan = device_of({});
    plan.profile = profile_of(
        {reg("a", Table::input, 0, WordType::u32), reg("b", Table::input, 2, WordType::u16)},
        [](Profile& profile) { profile.one_at_a_time = true; });
    const Device device(plan);
    Words words;
    CHECK(device.read(Table::input, 0, 2, words) == Exception::none);
    CHECK(device.read(Table::input, 0, 3, words) == Exception::illegal_value);
    CHECK(device.read(Table::input, 2, 1, words) == Exception::none);
}

TEST_CASE("device: texts say what the profile calls the device", "[sim][device]") {
    auto model = reg("device.model", Table::holding, 0, WordType::text);
    model.length = 8;
    auto maker = reg("device.mfr", Table::holding, 8, WordType::text);
    maker.length = 4;
    auto plan = device_of({});
    plan.profile =
        profile_of({model, maker}, [](Profile& profile) { profile.title = "Acme UPS 3000"; });
    const Device device(plan);
    Words words;
    REQUIRE(device.read(Table::holding, 0, 12, words) == Exception::none);
    CHECK(label_of(model, words) == "Acme UPS 3000");
    CHECK(label_of(maker, std::span(words).subspan(8)) == "Acme");
}

TEST_CASE("device: a point that a write speaks of first is shown from then on", "[sim][device]") {
    auto one = reg("a", Table::holding, 0, WordType::u16);
    one.writable = true;
    Device device(device_of({one}));
    World world(showing("other", 1));
    device.refresh(world);
    world.write({"d", "a"}, 9);
    device.refresh(world);
    Words words;
    CHECK(device.read(Table::holding, 0, 1, words) == Exception::none);
    CHECK(words == Words{9});
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
            const auto words = words_at(device, *plan.profile, each.table, each.address,
                                        static_cast<std::uint16_t>(word_count(each)));
            Words exponent{0};
            if (each.scale_register) {
                exponent = words_at(device, *plan.profile, each.table, *each.scale_register, 1);
            }
            if (each.type == WordType::text) {
                CHECK_FALSE(label_of(each, words).empty());
            } else {
                CHECK(decode(each, words, static_cast<std::int16_t>(exponent[0])));
            }
        }
    }
    CHECK(profiles >= 7);
}
