// Any bytes as any register's words: no crash, no NaN, no value outside the range, no text that a
// terminal should not see; and what decodes encodes back to words that decode to the same value.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "firmware/profile/codec.hpp"

using namespace firebreak;

namespace {

void must(bool holds) {
    if (!holds) std::abort();
}

/// Takes bytes from the front; zeros when there are none left.
struct Feed {
    std::span<const std::uint8_t> left;

    std::uint8_t byte() {
        if (left.empty()) return 0;
        const auto first = left.front();
        left = left.subspan(1);
        return first;
    }
    std::uint16_t word() {
        const unsigned high = byte();
        return static_cast<std::uint16_t>((high << 8U) | byte());
    }
};

void fuzz_text(const Register& reg, Words& words, const std::string& label) {
    must(!decode(reg, words));
    must(label.size() <= std::size_t{2} * reg.length);
    const auto written = encode_text(reg, label, words);
    must(written.has_value() == (words.size() >= reg.length));
    must(!written || label_of(reg, words) == label);
}

/// The bits beside a field are not its own. Four words are more than a double holds exactly.
void keeps_others(const Register& reg, const Words& before, const Words& after) {
    if (!reg.bit || word_count(reg) > 2) return;
    Register whole;
    whole.type = reg.type;
    whole.order = reg.order;
    const auto mask = ((std::uint64_t{1} << reg.width) - 1) << *reg.bit;
    const auto others = [&](const Words& words) {
        return static_cast<std::uint64_t>(decode(whole, words).value()) & ~mask;
    };
    must(others(before) == others(after));
}

void fuzz_register(Feed feed) {
    Register reg;
    reg.type = static_cast<WordType>(feed.byte() % 12);
    reg.order = static_cast<WordOrder>(feed.byte() % 4);
    const auto flags = feed.byte();
    const auto bits = reg.type == WordType::bit ? 1 : 16 * word_count(reg.type);
    const bool is_unsigned =
        reg.type == WordType::u16 || reg.type == WordType::u32 || reg.type == WordType::u64;
    if ((flags & 1U) != 0 && is_unsigned) {
        reg.bit = feed.byte() % bits;
        reg.width = std::min(63, 1 + feed.byte() % (bits - *reg.bit));
    }
    if (reg.type == WordType::text) reg.length = static_cast<std::uint16_t>(1 + flags % 8);
    if ((flags & 2U) != 0 && !reg.bit && reg.type != WordType::bit) {
        reg.scale = std::ldexp(1.0, -(feed.byte() % 64));
        reg.scale_register = 0;
    }
    if ((flags & 4U) != 0) reg.missing.push_back(feed.word());
    if ((flags & 8U) != 0) {
        reg.least = -1000;
        reg.most = 1000;
    }
    const auto exponent = static_cast<std::int16_t>(feed.word());
    Words words(feed.byte() % 9);
    for (auto& word : words) word = feed.word();

    const auto value = decode(reg, words, exponent);
    const auto label = label_of(reg, words);
    for (const char c : label) must(c >= ' ' && c <= '~');
    if (reg.type == WordType::text) return fuzz_text(reg, words, label);
    if (!value) return;
    must(std::isfinite(*value));
    must(!reg.least || (*value >= *reg.least && *value <= *reg.most));
    Words again = words;
    const auto written = encode(reg, *value, again, exponent);
    if (!written) {
        // Rounding may lift the largest 64-bit numbers and floats just out of their type.
        must(written.error().fault == Fault::refused);
        return;
    }
    keeps_others(reg, words, again);
    const auto back = decode(reg, again, exponent);
    if (back) must(std::abs(*back - *value) <= 1e-9 * std::abs(*value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz_register({{data, size}});
    return 0;
}
