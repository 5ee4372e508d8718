#include "firmware/profile/samples.hpp"

#include "firmware/profile/codec.hpp"

namespace firebreak {
namespace {

/// The words of `address` on in a block, or none when they are not all there.
std::span<const std::uint16_t> part(const Block& block, std::span<const std::uint16_t> words,
                                    std::uint32_t address, int count) {
    if (address < block.address || count <= 0) return {};
    const std::size_t from = address - block.address;
    const auto length = static_cast<std::size_t>(count);
    if (from > words.size() || length > words.size() - from) return {};
    return words.subspan(from, length);
}

bool has_words(const Register& reg) {
    return !reg.labels.empty() || reg.type == WordType::text;
}

}  // namespace

Sample::Sample(std::size_t index, const Register& reg_, std::span<const std::uint16_t> own,
               std::int16_t exponent)
    : reg(index), value(decode(reg_, own, exponent)) {
    // A text is no value and says all it has to say by its label.
    if (has_words(reg_) && (value || reg_.type == WordType::text)) label = label_of(reg_, own);
}

std::vector<Sample> decode_block(const Profile& profile, std::uint16_t base, const Block& block,
                                 std::span<const std::uint16_t> words) {
    std::vector<Sample> samples;
    samples.reserve(block.registers.size());
    for (const std::size_t index : block.registers) {
        const auto& reg = profile.registers[index];
        auto own = part(block, words, std::uint32_t{base} + reg.address, word_count(reg));
        std::int16_t exponent = 0;
        if (reg.scale_register) {
            const auto scale = part(block, words, std::uint32_t{base} + *reg.scale_register, 1);
            if (scale.empty()) own = {};
            if (!scale.empty()) exponent = static_cast<std::int16_t>(scale.front());
        }
        samples.emplace_back(index, reg, own, exponent);
    }
    return samples;
}

}  // namespace firebreak
