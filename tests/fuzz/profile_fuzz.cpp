// Any bytes as a profile: errors with places, or a profile whose plans and codecs hold together.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "firmware/profile/blocks.hpp"
#include "firmware/profile/codec.hpp"
#include "firmware/profile/profile_file.hpp"

using namespace firebreak;

namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

/// A refused block, halved as long as it can be: no register is lost and the halves get smaller.
void halve(const Profile& profile, const Block& block, int depth = 0) {
    must(depth <= 1024);
    const auto halves = split_block(profile, block, profile.base, std::chrono::seconds(1));
    if (halves.size() == 1) {
        must(halves.front().registers.size() == block.registers.size());
        return;
    }
    std::size_t registers = 0;
    for (const auto& half : halves) {
        must(!half.registers.empty() && half.registers.size() < block.registers.size());
        registers += half.registers.size();
        halve(profile, half, depth + 1);
    }
    must(registers == block.registers.size());
}

bool meets(const Stretch& stretch, const Block& block, std::uint16_t base) {
    const auto begin = base + std::uint32_t{stretch.address};
    return stretch.table == block.table && begin < block.address + std::uint32_t{block.count} &&
           block.address < begin + stretch.count;
}

void check_block(const Profile& profile, const Block& block) {
    must(block.count > 0 && block.address + std::uint32_t{block.count} <= 65536U);
    must(block.count <= (is_bit_table(block.table) ? profile.max_bits : profile.max_words));
    must(block.period > Duration::zero());
    for (const auto& each : profile.forbidden) must(!meets(each, block, profile.base));
    for (const auto& each : profile.whole) {
        const bool is_it = block.table == each.table && block.count == each.count &&
                           block.address == profile.base + each.address;
        must(is_it || !meets(each, block, profile.base));
    }
}

void exercise(const Profile& profile) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < profile.registers.size(); ++i) all.push_back(i);
    std::size_t covered = 0;
    for (const auto& block : plan_blocks(profile, all, profile.base)) {
        check_block(profile, block);
        halve(profile, block);
        covered += block.registers.size();
    }
    must(covered == all.size());
    for (const auto& reg : profile.registers) {
        Words words(static_cast<std::size_t>(word_count(reg)), 0x5A5A);
        const auto value = decode(reg, words);
        const auto label = label_of(reg, words);
        if (reg.type == WordType::text) must(!value && encode_text(reg, label, words));
        if (value) {
            const auto written = encode(reg, *value, words);
            must(written.has_value() || written.error().fault == Fault::refused);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    Complaints complaints;
    auto file = ConfigFile::parse(text, "fuzz.toml", complaints);
    const auto profile = parse_profile(file, "fuzz", complaints);
    if (complaints.empty()) exercise(profile);
    return complaints.text().size() > (1U << 30U) ? 1 : 0;
}
