// A device model as data: which register means which measure. Pure values, no I/O.
// The agent decodes with it, the simulator encodes with it, tests walk its examples.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/config_file.hpp"
#include "contract/support/time.hpp"
#include "contract/unit.hpp"
#include "firmware/profile/scale.hpp"

namespace firebreak {

/// The four Modbus data tables. Bits travel as words 0 and 1.
enum class Table : std::uint8_t { coil, discrete_input, input, holding };
[[nodiscard]] std::string_view to_string(Table table);

/// Coils and discrete inputs: one bit an address, not one word.
[[nodiscard]] bool is_bit_table(Table table);

using Words = std::vector<std::uint16_t>;

/// bcd16 and bcd32 hold four and eight decimal digits, a digit a nibble; text holds characters.
enum class WordType : std::uint8_t {
    u16,
    i16,
    u32,
    i32,
    u64,
    i64,
    f32,
    f64,
    bcd16,
    bcd32,
    text,
    bit
};

/// Byte order of a 32-bit value 0xAABBCCDD on the wire; abcd is big-endian throughout.
/// In a text, abcd and cdab have the first character in the high byte, the others in the low.
enum class WordOrder : std::uint8_t { abcd, cdab, badc, dcba };

struct Label {
    std::int64_t raw = 0;
    std::string text;
};

struct Register {
    std::string measure;  ///< unique in the profile
    Table table = Table::input;
    std::uint16_t address = 0;  ///< 0-based, relative to the device's base
    WordType type = WordType::u16;
    WordOrder order = WordOrder::abcd;
    std::uint16_t length = 1;  ///< of a text, in words
    std::optional<int> bit;    ///< 0 = least significant: the value begins at that bit
    int width = 1;             ///< of a bit field, in bits; 1: a flag
    Scale scale;               ///< value = raw * scale + offset
    double offset = 0;
    std::optional<std::uint16_t> scale_register;  ///< i16 power of ten, same table (SunSpec)
    Unit unit = Unit::none;
    std::optional<double> least;  ///< plausible range in `unit`; outside reads as missing
    std::optional<double> most;
    std::vector<std::uint64_t> missing;  ///< raw values that mean "not available"
    std::vector<Label> labels;           ///< names of raw values
    std::optional<Duration> period;      ///< how often it is worth reading; else the device's
    bool writable = false;
    bool raw = false;  ///< the whole word, beside views of its bits
    Place place;       ///< where the file defines it
};

/// Words of a number (1, 2 or 4), or the one address of a bit; a text's are its register's to say.
[[nodiscard]] constexpr int word_count(WordType type) {
    switch (type) {
        case WordType::u32:
        case WordType::i32:
        case WordType::bcd32:
        case WordType::f32:
            return 2;
        case WordType::u64:
        case WordType::i64:
        case WordType::f64:
            return 4;
        case WordType::u16:
        case WordType::i16:
        case WordType::bcd16:
        case WordType::text:
        case WordType::bit:
            break;
    }
    return 1;
}
[[nodiscard]] inline int word_count(const Register& reg) {
    return reg.type == WordType::text ? reg.length : word_count(reg.type);
}

/// Addresses of one table, relative to the device's base.
struct Stretch {
    Table table = Table::input;
    std::uint16_t address = 0;
    std::uint16_t count = 0;
    Place place;
};

struct Example {
    std::string measure;
    Words words;                      ///< as in the manual or a captured frame
    std::optional<int> exponent;      ///< content of scale_register, where there is one
    std::optional<double> value;      ///< nothing, and no text: the words must read as missing
    std::optional<std::string> text;  ///< of a text register
    std::string source;
    Place place;
};

struct Profile {
    std::string name;               ///< file name without ".toml"
    std::string title;              ///< maker and model
    std::string source;             ///< document the map was taken from
    std::uint16_t base = 0;         ///< default offset of all addresses; a site may override it
    std::uint16_t max_words = 125;  ///< longest read the device answers, in registers
    std::uint16_t max_bits = 2000;
    bool holes_allowed = false;      ///< a read may span undefined addresses
    bool one_at_a_time = false;      ///< a read fetches one register's words and no more
    std::vector<Stretch> whole;      ///< tables that answer only when read whole
    std::vector<Stretch> forbidden;  ///< never read, not even in passing
    std::vector<Register> registers;
    std::vector<Example> examples;

    [[nodiscard]] const Register* find(std::string_view measure) const;
    /// One past the highest address used, relative to the base: base + reach() <= 65536 must hold.
    [[nodiscard]] std::uint32_t reach() const;
};

/// A register and its scale register as one stretch of addresses, relative to the base.
struct Extent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;  ///< one past the last
};
[[nodiscard]] Extent extent_of(const Register& reg);

}  // namespace firebreak
