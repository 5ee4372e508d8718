// Any bytes as an answer off the wire and as a register's words: no crash, no NaN, no value
// outside the range, and what decodes encodes back to words that decode to the same value.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "firmware/bus/frame.hpp"
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

void fuzz_register(Feed feed) {
    Register reg;
    reg.type = static_cast<WordType>(feed.byte() % 9);
    reg.order = static_cast<WordOrder>(feed.byte() % 4);
    const auto flags = feed.byte();
    const auto bits = reg.type == WordType::bit ? 1 : 16 * word_count(reg.type);
    const bool is_unsigned =
        reg.type == WordType::u16 || reg.type == WordType::u32 || reg.type == WordType::u64;
    if ((flags & 1U) != 0 && is_unsigned) reg.bit = feed.byte() % bits;
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
    Words words(feed.byte() % 5);
    for (auto& word : words) word = feed.word();

    const auto value = decode(reg, words, exponent);
    const auto label = label_of(reg, words);
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
    const auto back = decode(reg, again, exponent);
    if (back) must(std::abs(*back - *value) <= 1e-9 * std::abs(*value));
}

void fuzz_answer(Feed feed) {
    const ReadRequest read{.unit = feed.byte(),
                           .table = static_cast<Table>(feed.byte() % 4),
                           .address = feed.word(),
                           .count = static_cast<std::uint16_t>(1 + feed.byte() % 125)};
    const auto transaction = feed.word();
    if (const auto pdu = unwrap_tcp(transaction, read.unit, feed.left)) {
        const auto words = parse_read(read, *pdu);
        must(!words || words->size() == read.count);
    }
    const auto words = parse_read(read, feed.left);
    must(!words || words->size() == read.count);
    const WriteRequest write{.unit = read.unit,
                             .table = Table::holding,
                             .address = read.address,
                             .words = Words(read.count, transaction)};
    must(!parse_write(write, feed.left) || feed.left.size() == 5);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span<const std::uint8_t> bytes(data, size);
    if (bytes.empty()) return 0;
    if (bytes.front() % 2 == 0) {
        fuzz_register({bytes.subspan(1)});
    } else {
        fuzz_answer({bytes.subspan(1)});
    }
    return 0;
}
