#include "firmware/profile/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace firebreak {
namespace {

bool is_signed(WordType type) {
    return type == WordType::i16 || type == WordType::i32 || type == WordType::i64;
}

bool is_float(WordType type) {
    return type == WordType::f32 || type == WordType::f64;
}

int bits_of(WordType type) {
    return type == WordType::bit ? 1 : 16 * word_count(type);
}

std::uint64_t mask_of(WordType type) {
    const int bits = bits_of(type);
    return bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

std::uint16_t swap_bytes(std::uint16_t word) {
    return static_cast<std::uint16_t>((word << 8) | (word >> 8));
}

bool words_swapped(WordOrder order) {
    return order == WordOrder::cdab || order == WordOrder::dcba;
}

bool bytes_swapped(WordOrder order) {
    return order == WordOrder::badc || order == WordOrder::dcba;
}

/// The words as one number, most significant word first once the order is undone.
std::uint64_t gather(const Register& reg, std::span<const std::uint16_t> words) {
    const auto count = static_cast<std::size_t>(word_count(reg.type));
    if (count == 1 && reg.order == WordOrder::abcd && reg.type != WordType::bit) return words[0];
    std::uint64_t raw = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto word = words[words_swapped(reg.order) ? count - 1 - i : i];
        raw = (raw << 16) | (bytes_swapped(reg.order) ? swap_bytes(word) : word);
    }
    return reg.type == WordType::bit ? (raw == 0 ? 0U : 1U) : raw;
}

void scatter(const Register& reg, std::uint64_t raw, std::span<std::uint16_t> words) {
    const auto count = static_cast<std::size_t>(word_count(reg));
    for (std::size_t i = count; i-- > 0; raw >>= 16) {
        const auto word = static_cast<std::uint16_t>(raw & 0xFFFFU);
        words[words_swapped(reg.order) ? count - 1 - i : i] =
            bytes_swapped(reg.order) ? swap_bytes(word) : word;
    }
}

std::int64_t sign_extend(std::uint64_t raw, WordType type) {
    const int unused = 64 - bits_of(type);
    return static_cast<std::int64_t>(raw << unused) >> unused;
}

bool is_bcd(WordType type) {
    return type == WordType::bcd16 || type == WordType::bcd32;
}

/// A decimal digit a nibble; nothing when one is above 9.
std::optional<std::uint64_t> from_bcd(std::uint64_t raw, int bits) {
    std::uint64_t number = 0;
    for (int shift = bits - 4; shift >= 0; shift -= 4) {
        const auto digit = (raw >> shift) & 0xFU;
        if (digit > 9) return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

std::uint64_t to_bcd(std::uint64_t number) {
    std::uint64_t raw = 0;
    for (int shift = 0; number != 0; shift += 4, number /= 10) raw |= (number % 10) << shift;
    return raw;
}

/// The bits that a bit field takes, counted from its own first.
std::uint64_t field_mask(const Register& reg) {
    return reg.width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << reg.width) - 1;
}

/// The bits of a field, or all.
std::uint64_t part_of(const Register& reg, std::uint64_t raw) {
    return reg.bit ? (raw >> *reg.bit) & field_mask(reg) : raw;
}

/// The raw number before scale and offset.
double plain(const Register& reg, std::uint64_t raw) {
    if (reg.bit) return static_cast<double>(part_of(reg, raw));
    switch (reg.type) {
        case WordType::f32:
            return std::bit_cast<float>(static_cast<std::uint32_t>(raw));
        case WordType::f64:
            return std::bit_cast<double>(raw);
        case WordType::i16:
        case WordType::i32:
        case WordType::i64:
            return static_cast<double>(sign_extend(raw, reg.type));
        case WordType::u16:
        case WordType::u32:
        case WordType::u64:
        case WordType::bcd16:
        case WordType::bcd32:
        case WordType::text:
        case WordType::bit:
            break;
    }
    return static_cast<double>(raw);
}

/// 10^exponent for 0..10, exact in a double.
double power_of_ten(int exponent) {
    constexpr std::array powers{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10};
    return powers.at(static_cast<std::size_t>(exponent));
}

double scaled(const Register& reg, double raw, int exponent) {
    double value = reg.scale.apply(raw);
    if (exponent < 0) value /= power_of_ten(-exponent);
    if (exponent > 0) value *= power_of_ten(exponent);
    return value + reg.offset;
}

double unscaled(const Register& reg, double value, int exponent) {
    value -= reg.offset;
    if (exponent < 0) value *= power_of_ten(-exponent);
    if (exponent > 0) value /= power_of_ten(exponent);
    return reg.scale.undo(value);
}

/// SunSpec: a scale factor is a power of ten from -10 to 10; 0x8000 is "not implemented"
/// (SunSpec Device Information Model Specification 1.1, 4.2.8 "sunssf").
bool usable(std::int16_t exponent) {
    return exponent >= -10 && exponent <= 10;
}

bool enough(const Register& reg, std::span<const std::uint16_t> words) {
    return words.size() >= static_cast<std::size_t>(word_count(reg));
}

// Why there is no value. Not inlined: their texts would weigh on every value that is there.
template <class T>
[[gnu::noinline]] Result<T> unusable(std::int16_t exponent) {
    if (exponent == std::numeric_limits<std::int16_t>::min()) {
        return fail(Fault::stale, "the scale register says not available");
    }
    return fail(Fault::corrupt, fmt::format("scale exponent {} is not in -10..10", exponent));
}

template <class T>
[[gnu::noinline]] Result<T> too_few(const Register& reg, std::span<const std::uint16_t> words) {
    return fail(Fault::corrupt, fmt::format("{} of {} words came", words.size(), word_count(reg)));
}

[[gnu::noinline]] Result<double> not_available(std::uint64_t raw) {
    return fail(Fault::stale, fmt::format("the device says not available ({:#x})", raw));
}

[[gnu::noinline]] Result<double> no_decimal(std::uint64_t raw) {
    return fail(Fault::corrupt, fmt::format("{:#x} is no decimal number", raw));
}

[[gnu::noinline]] Result<double> implausible(const Register& reg, double value) {
    if (!std::isfinite(value)) return fail(Fault::stale, "the device says not a number");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return fail(Fault::refused,
                fmt::format("{} is outside the plausible range {} to {}", value,
                            reg.least.value_or(-infinity), reg.most.value_or(infinity)));
}

bool plausible(const Register& reg, double value) {
    return std::isfinite(value) && !(reg.least && value < *reg.least) &&
           !(reg.most && value > *reg.most);
}

bool is_missing(const Register& reg, std::uint64_t raw) {
    if (reg.missing.empty()) return false;
    const auto mask = mask_of(reg.type);
    return std::any_of(reg.missing.begin(), reg.missing.end(),
                       [&](std::uint64_t sentinel) { return (sentinel & mask) == raw; });
}

std::string text_of(const Register& reg, std::span<const std::uint16_t> words) {
    std::string text;
    bool begun = false;
    for (const auto word : words.first(reg.length)) {
        const auto ordered = bytes_swapped(reg.order) ? swap_bytes(word) : word;
        for (const int byte : {ordered >> 8, ordered & 0xFF}) {
            // A text begins after leading NULs (Schneider MPAO-98KJ7F, 1.3.3) and ends at the next;
            // what no terminal and no payload should see is left out.
            if (byte == 0 && begun) return text;
            begun = begun || byte != 0;
            if (byte >= 0x20 && byte < 0x7F) text.push_back(static_cast<char>(byte));
        }
    }
    return text;
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(' ');
    return begin == std::string::npos ? ""
                                      : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

Result<std::uint64_t> raw_of_bcd(WordType type, double plain_value) {
    const double whole = std::round(plain_value);
    const double end = type == WordType::bcd16 ? 1e4 : 1e8;
    if (!(whole >= 0 && whole < end)) {
        return fail(Fault::refused, fmt::format("{} does not fit its decimal digits", whole));
    }
    return to_bcd(static_cast<std::uint64_t>(whole));
}

Result<std::uint64_t> raw_of_float(WordType type, double plain_value) {
    if (type == WordType::f64) return std::bit_cast<std::uint64_t>(plain_value);
    if (std::abs(plain_value) > static_cast<double>(std::numeric_limits<float>::max())) {
        return fail(Fault::refused, fmt::format("{} does not fit a float", plain_value));
    }
    return std::bit_cast<std::uint32_t>(static_cast<float>(plain_value));
}

Result<std::uint64_t> raw_of_integer(WordType type, double plain_value) {
    const double whole = std::round(plain_value);
    const int bits = bits_of(type);
    const double end = std::ldexp(1.0, is_signed(type) ? bits - 1 : bits);
    const double begin = is_signed(type) ? -end : 0;
    if (!(whole >= begin && whole < end)) {
        return fail(Fault::refused,
                    fmt::format("raw value {} does not fit in {} bits", whole, bits));
    }
    if (is_signed(type)) {
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)) & mask_of(type);
    }
    return static_cast<std::uint64_t>(whole);
}

Result<void> encode_bits(const Register& reg, double number, std::span<std::uint16_t> words) {
    const auto most = reg.bit ? field_mask(reg) : 1U;
    // Not against `most`: the largest of a wide field rounds up to a double beyond it.
    const double end = std::ldexp(1.0, reg.bit ? reg.width : 1);
    if (!(number >= 0 && number < end) || number != std::floor(number)) {
        return fail(Fault::refused,
                    most == 1 ? fmt::format("a bit is 0 or 1, not {}", number)
                              : fmt::format("{} does not fit in {} bits", number, reg.width));
    }
    const auto part = static_cast<std::uint64_t>(number);
    if (reg.type == WordType::bit) {
        words[0] = static_cast<std::uint16_t>(part);  // a coil has no byte order
        return {};
    }
    const auto others = gather(reg, words) & ~(most << *reg.bit);
    scatter(reg, others | (part << *reg.bit), words);
    return {};
}

/// The words of `address` on, relative to a block that begins at `begin`; none when they are not
/// all there.
std::span<const std::uint16_t> part(std::span<const std::uint16_t> words, std::uint32_t begin,
                                    std::uint32_t address, int count) {
    // An address before the block wraps to one far behind it.
    const std::size_t from = address - begin;
    const auto length = static_cast<std::size_t>(count);
    if (from + length > words.size()) return {};
    return {words.data() + from, length};
}

bool has_words(const Register& reg) {
    return !reg.labels.empty() || reg.type == WordType::text;
}

}  // namespace

Result<double> decode(const Register& reg, std::span<const std::uint16_t> words,
                      std::int16_t exponent) {
    if (!enough(reg, words)) return too_few<double>(reg, words);
    if (reg.type == WordType::text) return fail(Fault::stale, "a text");
    auto raw = gather(reg, words);
    if (is_missing(reg, raw)) return not_available(raw);
    if (!reg.scale_register) exponent = 0;
    if (!usable(exponent)) return unusable<double>(exponent);
    if (is_bcd(reg.type)) {
        const auto number = from_bcd(raw, bits_of(reg.type));
        if (!number) return no_decimal(raw);
        raw = *number;
    }
    const double value = scaled(reg, plain(reg, raw), exponent);
    if (!plausible(reg, value)) return implausible(reg, value);
    return value;
}

std::string label_of(const Register& reg, std::span<const std::uint16_t> words) {
    if (!enough(reg, words)) return "";
    if (reg.type == WordType::text) return trimmed(text_of(reg, words));
    if (reg.labels.empty() || is_float(reg.type)) return "";
    auto raw = part_of(reg, gather(reg, words));
    if (is_bcd(reg.type)) raw = from_bcd(raw, bits_of(reg.type)).value_or(raw);
    const auto number =
        is_signed(reg.type) ? sign_extend(raw, reg.type) : static_cast<std::int64_t>(raw);
    const auto found = std::find_if(reg.labels.begin(), reg.labels.end(),
                                    [&](const Label& label) { return label.raw == number; });
    return found == reg.labels.end() ? "" : found->text;
}

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
    const auto begin = std::uint32_t{block.address} - base;  // relative to the base, as registers
    for (const std::size_t index : block.registers) {
        const auto& reg = profile.registers[index];
        auto own = part(words, begin, reg.address, word_count(reg));
        std::int16_t exponent = 0;
        if (reg.scale_register) {
            const auto scale = part(words, begin, *reg.scale_register, 1);
            if (scale.empty()) own = {};
            if (!scale.empty()) exponent = static_cast<std::int16_t>(scale.front());
        }
        samples.emplace_back(index, reg, own, exponent);
    }
    return samples;
}

Result<void> encode(const Register& reg, double value, std::span<std::uint16_t> words,
                    std::int16_t exponent) {
    if (!enough(reg, words)) return too_few<void>(reg, words);
    if (!reg.scale_register) exponent = 0;
    if (!usable(exponent)) return unusable<void>(exponent);
    if (!std::isfinite(value)) return fail(Fault::refused, "not a number");
    const double number = unscaled(reg, value, exponent);
    if (reg.type == WordType::text) return fail(Fault::refused, "a text takes no number");
    if (reg.bit || reg.type == WordType::bit) return encode_bits(reg, number, words);
    const auto raw = is_float(reg.type) ? raw_of_float(reg.type, number)
                     : is_bcd(reg.type) ? raw_of_bcd(reg.type, number)
                                        : raw_of_integer(reg.type, number);
    if (!raw) return tl::unexpected(raw.error());
    scatter(reg, *raw, words);
    return {};
}

Result<void> encode_text(const Register& reg, std::string_view text,
                         std::span<std::uint16_t> words) {
    if (!enough(reg, words)) return too_few<void>(reg, words);
    if (reg.type != WordType::text) return fail(Fault::refused, "a number takes no text");
    const auto byte_at = [&](std::size_t at) -> unsigned {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    for (std::size_t i = 0; i < reg.length; ++i) {
        const auto word = static_cast<std::uint16_t>((byte_at(2 * i) << 8) | byte_at(2 * i + 1));
        words[i] = bytes_swapped(reg.order) ? swap_bytes(word) : word;
    }
    return {};
}

}  // namespace firebreak
