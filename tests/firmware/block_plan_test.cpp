#include <array>
#include <filesystem>
#include <numeric>
#include <random>

#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile_file.hpp"
#include "tests/catch.hpp"
#include "tests/support/block_optimum.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Register word_at(std::uint16_t address, std::optional<Duration> period = std::nullopt) {
    Register reg;
    reg.measure = "m" + std::to_string(address);
    reg.table = Table::holding;
    reg.address = address;
    reg.period = period;
    return reg;
}

std::vector<std::size_t> all_of(const Profile& profile) {
    std::vector<std::size_t> all(profile.registers.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

std::vector<Block> plan(const Profile& profile, Duration period = 1s) {
    return plan_blocks(profile, all_of(profile), 0, period);
}

void check_holds_all_once(const Profile& profile, const std::vector<Block>& blocks) {
    std::vector<int> held(profile.registers.size(), 0);
    for (const auto& block : blocks) {
        for (const auto index : block.registers) {
            ++held[index];
            const auto extent = extent_of(profile.registers[index]);
            CHECK(extent.begin >= block.address);
            CHECK(extent.end <= block.address + std::uint32_t{block.count});
            CHECK(block.period <= period_of(profile.registers[index], 1s));
        }
    }
    for (std::size_t i = 0; i < held.size(); ++i) {
        INFO(profile.registers[i].measure);
        CHECK(held[i] == 1);
    }
}

}  // namespace

TEST_CASE("block plan: a table that is read whole is one read of all of it", "[firmware][blocks]") {
    Profile profile;
    profile.registers = {word_at(5), word_at(21), word_at(29), word_at(40)};
    profile.whole = {{Table::holding, 20, 10, {}}};
    profile.holes_allowed = true;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[0].address == 20);
    CHECK(blocks[0].count == 10);
    CHECK(blocks[0].registers == std::vector<std::size_t>{1, 2});
    check_holds_all_once(profile, blocks);
}

TEST_CASE("block plan: no read passes over what must not be read", "[firmware][blocks]") {
    Profile profile;
    profile.holes_allowed = true;
    profile.registers = {word_at(0), word_at(4), word_at(8)};
    profile.forbidden = {{Table::holding, 6, 1, {}}};
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 2);
    CHECK(blocks[0].count == 5);
    CHECK(blocks[1].address == 8);
}

TEST_CASE("block plan: a device that gives one register at a time is asked so",
          "[firmware][blocks]") {
    Profile profile;
    auto wide = word_at(1);
    wide.type = WordType::u32;
    auto flag = word_at(3);
    flag.bit = 0;
    auto other_flag = word_at(3);
    other_flag.measure = "other";
    other_flag.bit = 1;
    profile.registers = {word_at(0), wide, flag, other_flag};
    profile.one_at_a_time = true;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[1].count == 2);
    CHECK(blocks[2].registers.size() == 2);
}

TEST_CASE("block plan: a slow register rides along for nothing, and goes alone when it must",
          "[firmware][blocks]") {
    Profile profile;
    profile.holes_allowed = true;
    profile.max_words = 10;
    profile.registers = {word_at(0), word_at(5, 10min), word_at(100, 10min)};
    const auto blocks = plan(profile, 1s);
    REQUIRE(blocks.size() == 2);
    CHECK(blocks[0].registers == std::vector<std::size_t>{0, 1});
    CHECK(blocks[0].period == 1s);
    CHECK(blocks[1].period == 10min);
    // A site that polls more slowly than the profile asks is obeyed.
    for (const auto& block : plan(profile, 1h)) CHECK(block.period == 1h);
}

TEST_CASE("block plan: as few reads a second as there can be, whatever the profile",
          "[firmware][blocks]") {
    std::mt19937 random(20221015);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint16_t>(random() % n); };
    for (int round = 0; round < 300; ++round) {
        Profile profile;
        profile.max_words = static_cast<std::uint16_t>(2 + below(12));
        profile.holes_allowed = below(2) == 0;
        profile.one_at_a_time = below(12) == 0;
        std::uint16_t address = 0;
        for (int i = 0; i < 9; ++i) {
            address = static_cast<std::uint16_t>(address + 1 + (below(3) == 0 ? below(6) : 0));
            auto reg = word_at(address);
            if (below(4) == 0) {
                reg.type = WordType::u32;
                ++address;
            }
            constexpr std::array<Duration, 3> periods{2s, 10s, 600s};
            if (below(2) == 0) reg.period = periods.at(below(3));
            profile.registers.push_back(reg);
        }
        if (profile.holes_allowed && below(2) == 0) {
            profile.forbidden = {{Table::holding, static_cast<std::uint16_t>(address + 1), 1, {}}};
            profile.registers.push_back(word_at(static_cast<std::uint16_t>(address + 2)));
        }
        INFO("round " << round);
        const auto blocks = plan(profile);
        check_holds_all_once(profile, blocks);
        CHECK(reads_a_second(blocks) == Approx(optimal_reads_a_second(profile, 1s)));
    }
}

TEST_CASE("block plan: every shipped profile is read with as few reads as there can be",
          "[firmware][blocks]") {
    for (const auto& entry :
         std::filesystem::directory_iterator(FIREBREAK_SOURCE_DIR "/firmware/profiles")) {
        Complaints complaints;
        const auto profile = load_profile(entry.path().string(), complaints);
        INFO(profile.name << "\n" << complaints.text());
        REQUIRE(complaints.empty());
        const auto blocks = plan(profile);
        check_holds_all_once(profile, blocks);
        CHECK(reads_a_second(blocks) == Approx(optimal_reads_a_second(profile, 1s)));
    }
}

TEST_CASE("block plan: halving a refused block finds the hole and keeps every register",
          "[firmware][blocks]") {
    Profile profile;
    profile.holes_allowed = true;
    for (std::uint16_t i = 0; i < 64; ++i) profile.registers.push_back(word_at(i));
    constexpr std::size_t hole = 37;
    auto blocks = plan(profile);
    REQUIRE(blocks.size() == 1);
    int rounds = 0;
    while (true) {
        const auto refused = std::find_if(blocks.begin(), blocks.end(), [&](const Block& block) {
            return block.address <= hole && hole < block.address + std::size_t{block.count};
        });
        REQUIRE(refused != blocks.end());
        auto parts = split_block(profile, *refused, 0, 1s);
        if (parts.size() == 1) {
            CHECK(parts[0] == *refused);
            CHECK(parts[0].registers == std::vector<std::size_t>{hole});
            break;
        }
        blocks.erase(refused);
        blocks.insert(blocks.end(), parts.begin(), parts.end());
        ++rounds;
    }
    CHECK(rounds == 6);
    check_holds_all_once(profile, blocks);
}

TEST_CASE("block plan: bits of one word and tables read whole are never torn apart",
          "[firmware][blocks]") {
    Profile profile;
    for (int bit = 0; bit < 4; ++bit) {
        auto flag = word_at(7);
        flag.measure = "flag" + std::to_string(bit);
        flag.bit = bit;
        profile.registers.push_back(flag);
    }
    profile.registers.push_back(word_at(8));
    auto parts = split_block(profile, plan(profile).at(0), 0, 1s);
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].registers.size() == 4);
    CHECK(split_block(profile, parts[0], 0, 1s).size() == 1);
    profile.whole = {{Table::holding, 7, 2, {}}};
    CHECK(split_block(profile, plan(profile).at(0), 0, 1s).size() == 1);
}
