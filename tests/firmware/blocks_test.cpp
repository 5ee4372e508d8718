#include "firmware/profile/blocks.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <random>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Register at(std::uint16_t address, WordType type = WordType::u16, Table table = Table::input) {
    Register reg;
    reg.measure = "m" + std::to_string(address);
    reg.table = table;
    reg.address = address;
    reg.type = type;
    return reg;
}

Profile profile_of(std::vector<Register> registers, bool holes_allowed = false) {
    Profile profile;
    profile.registers = std::move(registers);
    profile.holes_allowed = holes_allowed;
    return profile;
}

std::vector<std::size_t> all(const Profile& profile) {
    std::vector<std::size_t> indices(profile.registers.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    return indices;
}

std::vector<Block> plan(const Profile& profile, std::uint16_t base = 0) {
    return plan_blocks(profile, all(profile), base);
}

bool holds(const Block& block, const Register& reg) {
    const auto extent = extent_of(reg);
    return block.table == reg.table && extent.begin >= block.address &&
           extent.end <= static_cast<std::uint32_t>(block.address) + block.count;
}

/// The fewest reads, by trying every set of starts: slow, and right by being simple.
std::size_t fewest(const Profile& profile) {
    const auto& regs = profile.registers;
    std::vector<std::uint32_t> starts;
    for (const auto& reg : regs) starts.push_back(extent_of(reg).begin);
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    const auto defined = [&](std::uint32_t address) {
        return std::any_of(regs.begin(), regs.end(), [&](const Register& r) {
            return address >= extent_of(r).begin && address < extent_of(r).end;
        });
    };
    std::size_t best = regs.size();
    for (unsigned set = 1; set < (1U << starts.size()); ++set) {
        std::size_t reads = 0;
        std::vector<bool> got(regs.size());
        for (std::size_t s = 0; s < starts.size(); ++s) {
            if ((set & (1U << s)) == 0) continue;
            ++reads;
            std::uint32_t end = starts[s] + profile.max_words;
            for (std::uint32_t i = starts[s]; !profile.holes_allowed && i < end; ++i) {
                if (!defined(i)) end = i;
            }
            for (std::size_t r = 0; r < regs.size(); ++r) {
                const auto extent = extent_of(regs[r]);
                if (extent.begin >= starts[s] && extent.end <= end) got[r] = true;
            }
        }
        if (std::all_of(got.begin(), got.end(), [](bool b) { return b; })) {
            best = std::min(best, reads);
        }
    }
    return best;
}

}  // namespace

TEST_CASE("blocks: neighbours share a read", "[firmware][blocks]") {
    const auto blocks = plan(profile_of({at(10), at(11), at(12, WordType::f32)}));
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0] == Block{Table::input, 10, 4, {0, 1, 2}});
}

TEST_CASE("blocks: a hole splits unless the device allows it", "[firmware][blocks]") {
    CHECK(plan(profile_of({at(0), at(2)})).size() == 2);
    const auto blocks = plan(profile_of({at(0), at(2)}, true));
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0].count == 3);
}

TEST_CASE("blocks: an address the profile defines is no hole, wanted or not",
          "[firmware][blocks]") {
    const auto profile = profile_of({at(0), at(1), at(2)});
    const auto blocks = plan_blocks(profile, {0, 2}, 0);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0] == Block{Table::input, 0, 3, {0, 2}});
}

TEST_CASE("blocks: no read is longer than the device answers", "[firmware][blocks]") {
    auto profile = profile_of({at(0), at(1), at(2), at(3), at(4)});
    profile.max_words = 2;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 3);
    for (const auto& block : blocks) CHECK(block.count <= 2);
}

TEST_CASE("blocks: a register is never split, even where the limit cuts it", "[firmware][blocks]") {
    auto profile = profile_of({at(0, WordType::u32), at(2, WordType::u32), at(4, WordType::u32)});
    profile.max_words = 3;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(blocks[i].count == 2);
        CHECK(holds(blocks[i], profile.registers[i]));
    }
}

TEST_CASE("blocks: a register and its scale register come in one read", "[firmware][blocks]") {
    auto profile = profile_of({at(0), at(5), at(40)}, true);
    profile.registers[1].scale_register = 44;
    profile.registers[2].scale_register = 3;
    profile.max_words = 45;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0].address == 0);
    CHECK(blocks[0].count == 45);
    profile.max_words = 42;
    for (const auto& block : plan(profile)) {
        CHECK(block.count <= 42);
        for (const auto index : block.registers) CHECK(holds(block, profile.registers[index]));
    }
}

TEST_CASE("blocks: tables do not mix and bits have their own limit", "[firmware][blocks]") {
    auto profile =
        profile_of({at(0, WordType::bit, Table::coil), at(0), at(1, WordType::bit, Table::coil),
                    at(0, WordType::u16, Table::holding)});
    profile.max_words = 1;
    profile.max_bits = 2000;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 3);
    CHECK(blocks[0] == Block{Table::coil, 0, 2, {0, 2}});
    CHECK(blocks[1].table == Table::input);
    CHECK(blocks[2].table == Table::holding);
}

TEST_CASE("blocks: the base moves every address", "[firmware][blocks]") {
    const auto blocks = plan(profile_of({at(2), at(3)}), 40002);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0].address == 40004);
}

TEST_CASE("blocks: what a base moves beyond the last address is left out, not wrapped",
          "[firmware][blocks]") {
    const auto blocks = plan(profile_of({at(0), at(1), at(2, WordType::u32)}), 65534);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0] == Block{Table::input, 65534, 2, {0, 1}});
}

TEST_CASE("blocks: bits of one word are one read of one word", "[firmware][blocks]") {
    auto profile = profile_of({at(7, WordType::u32), at(7, WordType::u32)});
    profile.registers[0].bit = 1;
    profile.registers[1].bit = 21;
    const auto blocks = plan(profile);
    REQUIRE(blocks.size() == 1);
    CHECK(blocks[0] == Block{Table::input, 7, 2, {0, 1}});
}

TEST_CASE("blocks: nothing wanted and unknown indices make no reads", "[firmware][blocks]") {
    const auto profile = profile_of({at(0)});
    CHECK(plan_blocks(profile, {}, 0).empty());
    CHECK(plan_blocks(profile, {7}, 0).empty());
}

TEST_CASE("blocks: every wanted register is in exactly one read, and no plan needs fewer reads",
          "[firmware][blocks]") {
    std::mt19937 random(802);
    for (int round = 0; round < 200; ++round) {
        Profile profile;
        profile.holes_allowed = round % 2 == 0;
        profile.max_words = static_cast<std::uint16_t>(4 + random() % 6);
        std::uint16_t address = 0;
        for (int i = 0; i < 8; ++i) {
            address = static_cast<std::uint16_t>(address + random() % 3);
            const auto type = std::array{WordType::u16, WordType::u32, WordType::u64}[random() % 3];
            profile.registers.push_back(at(address, type));
            address = static_cast<std::uint16_t>(address + word_count(type));
        }
        const auto blocks = plan(profile);
        std::vector<int> seen(profile.registers.size());
        for (const auto& block : blocks) {
            REQUIRE(block.count <= profile.max_words);
            for (const auto index : block.registers) {
                REQUIRE(holds(block, profile.registers[index]));
                ++seen[index];
            }
        }
        REQUIRE(seen == std::vector<int>(profile.registers.size(), 1));
        REQUIRE(blocks.size() == fewest(profile));
    }
}

TEST_CASE("blocks: a long table with a period for every third register is planned, not tried out",
          "[firmware][blocks]") {
    std::vector<Register> registers;
    for (std::uint16_t address = 0; address < 1024; ++address) {
        registers.push_back(at(address));
        registers.back().period = 1s * (1 + address * 7 % 29);
    }
    const auto profile = profile_of(std::move(registers));
    std::vector<int> times(profile.registers.size(), 0);
    for (const auto& block : plan(profile)) {
        CHECK(block.count <= 125);
        for (const auto index : block.registers) {
            ++times[index];
            CHECK(block.period <= *profile.registers[index].period);
        }
    }
    CHECK(times == std::vector<int>(times.size(), 1));
}
