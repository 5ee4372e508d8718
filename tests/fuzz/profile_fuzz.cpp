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

void exercise(const Profile& profile) {
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < profile.registers.size(); ++i) all.push_back(i);
    std::size_t covered = 0;
    for (const auto& block : plan_blocks(profile, all, profile.base)) {
        must(block.count > 0 && block.address + std::uint32_t{block.count} <= 65536U);
        covered += block.registers.size();
    }
    must(covered == all.size());
    for (const auto& reg : profile.registers) {
        Words words(static_cast<std::size_t>(word_count(reg)), 0x5A5A);
        const auto value = decode(reg, words);
        const auto label = label_of(reg, words);
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
