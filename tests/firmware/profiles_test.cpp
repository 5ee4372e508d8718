#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

std::vector<std::filesystem::path> shipped() {
    std::vector<std::filesystem::path> paths;
    const std::filesystem::path folder = FIREBREAK_SOURCE_DIR "/firmware/profiles";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".toml") paths.push_back(entry.path());
    }
    return paths;
}

}  // namespace

TEST_CASE("profiles: every shipped profile loads, cites its source and proves itself",
          "[firmware][profiles]") {
    REQUIRE(shipped().size() >= 16);
    for (const auto& path : shipped()) {
        Complaints complaints;
        const auto profile = load_profile(path.string(), complaints);
        INFO(path.string() << "\n" << complaints.text());
        CHECK(complaints.empty());
        CHECK(profile.name == path.stem().string());
        CHECK(is_name(profile.name));
        CHECK(profile.title.size() > 5);
        CHECK(profile.source.size() > 5);
        CHECK_FALSE(profile.registers.empty());
        REQUIRE_FALSE(profile.examples.empty());
        for (const auto& example : profile.examples) CHECK(example.source.size() > 5);
    }
}

TEST_CASE("profiles: the texts of a shipped profile have an example and are read rarely",
          "[firmware][profiles]") {
    int texts = 0;
    for (const auto& path : shipped()) {
        Complaints complaints;
        const auto profile = load_profile(path.string(), complaints);
        for (const auto& reg : profile.registers) {
            if (reg.type != WordType::text) continue;
            INFO(path.string() << ": " << reg.measure);
            ++texts;
            REQUIRE(reg.period);
            CHECK(*reg.period >= std::chrono::minutes(1));
        }
        std::set<WordOrder> shown, used;
        for (const auto& example : profile.examples) {
            const auto* reg = profile.find(example.measure);
            if (example.text) shown.insert(reg->order);
        }
        for (const auto& reg : profile.registers) {
            if (reg.type == WordType::text) used.insert(reg.order);
        }
        INFO(path.string());
        CHECK(shown == used);
    }
    CHECK(texts > 0);
}

TEST_CASE("profiles: the manual lists what is shipped", "[firmware][profiles]") {
    std::ifstream in(FIREBREAK_SOURCE_DIR "/docs/profiles.md");
    const std::string manual((std::istreambuf_iterator<char>(in)), {});
    for (const auto& path : shipped()) {
        Complaints complaints;
        const auto profile = load_profile(path.string(), complaints);
        INFO(profile.name);
        CHECK(manual.find("| `" + profile.name + "` | " + profile.title + " |") !=
              std::string::npos);
    }
}

TEST_CASE("profiles: Socomec's tables are read whole, each in one read", "[firmware][profiles]") {
    Complaints complaints;
    const auto profile =
        load_profile(FIREBREAK_SOURCE_DIR "/firmware/profiles/socomec-jbus.toml", complaints);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < profile.registers.size(); ++i) all.push_back(i);
    std::set<std::pair<int, int>> reads;
    for (const auto& block : plan_blocks(profile, all, profile.base)) {
        reads.insert({block.address, block.count});
    }
    // UPS/NTA GB/DMX-DMP JBUS.D, p. 7.
    CHECK(reads == std::set<std::pair<int, int>>{
                       {0x1000, 12}, {0x1020, 6}, {0x1040, 4}, {0x1060, 48}, {0x10E0, 32}});
}

TEST_CASE("profiles: every scaled or signed register of a shipped profile has an example",
          "[firmware][profiles]") {
    for (const auto& path : shipped()) {
        Complaints complaints;
        const auto profile = load_profile(path.string(), complaints);
        std::set<std::string> shown;
        std::set<std::pair<double, std::optional<std::uint16_t>>> scales;
        for (const auto& example : profile.examples) {
            const auto* reg = profile.find(example.measure);
            REQUIRE(reg != nullptr);
            scales.insert({reg->scale, reg->scale_register});
        }
        for (const auto& reg : profile.registers) {
            INFO(path.string() << ": " << reg.measure);
            if (reg.scale == 1) continue;
            CHECK(scales.contains({reg.scale, reg.scale_register}));
        }
    }
}

TEST_CASE("profiles: reads of the shipped profiles stay inside what each defines",
          "[firmware][profiles]") {
    for (const auto& path : shipped()) {
        Complaints complaints;
        const auto profile = load_profile(path.string(), complaints);
        std::vector<std::size_t> all;
        for (std::size_t i = 0; i < profile.registers.size(); ++i) all.push_back(i);
        std::size_t covered = 0;
        for (const auto& block : plan_blocks(profile, all, profile.base)) {
            INFO(path.string() << ": " << to_string(block.table) << " " << block.address);
            CHECK(block.count > 0);
            CHECK(block.address + block.count <= profile.base + profile.reach());
            covered += block.registers.size();
        }
        CHECK(covered == profile.registers.size());
    }
}

TEST_CASE("profiles: the measures that the demo's site names exist", "[firmware][profiles]") {
    const std::pair<const char*, std::vector<const char*>> named[] = {
        {"apc-smart-ups",
         {"battery.charge", "battery.voltage", "battery.temperature", "ups.load", "ups.status.ol",
          "ups.status.ob", "ups.status.over", "ups.status.rb"}},
        {"xy-md02", {"ambient.temperature", "ambient.humidity"}},
        {"battery-cell-monitor",
         {"battery.cell.temperature.max", "battery.cell.voltage.min", "battery.cell.voltage.max",
          "battery.voltage", "battery.current"}},
        {"fire-panel", {"fire.smoke", "fire.gas.discharged", "fire.fault", "gas.hydrogen"}},
        {"sunspec-802", {"battery.charge", "battery.voltage"}},
        {"sunspec-803", {"battery.temperature.max"}},
        {"switched-pdu", {"outlet.1.switch", "outlet.16.switch"}},
    };
    for (const auto& [name, measures] : named) {
        const auto path = find_profile(name, {FIREBREAK_SOURCE_DIR "/firmware/profiles"});
        REQUIRE_FALSE(path.empty());
        Complaints complaints;
        const auto profile = load_profile(path, complaints);
        for (const auto* measure : measures) {
            INFO(name << " " << measure);
            CHECK(profile.find(measure) != nullptr);
        }
    }
}

TEST_CASE("profiles: no read of the Smart-UPS spans an address its map leaves out",
          "[firmware][profiles]") {
    Complaints complaints;
    const auto profile =
        load_profile(FIREBREAK_SOURCE_DIR "/firmware/profiles/apc-smart-ups.toml", complaints);
    CHECK_FALSE(profile.holes_allowed);
}
