#include "firmware/profile/codec.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Register a(WordType type, WordOrder order = WordOrder::abcd) {
    Register reg;
    reg.measure = "m";
    reg.type = type;
    reg.order = order;
    return reg;
}

constexpr WordType all_types[] = {WordType::u16, WordType::i16, WordType::u32,
                                  WordType::i32, WordType::u64, WordType::i64,
                                  WordType::f32, WordType::f64, WordType::bit};
constexpr WordOrder all_orders[] = {WordOrder::abcd, WordOrder::cdab, WordOrder::badc,
                                    WordOrder::dcba};

double value_of(const Register& reg, const Words& words, std::int16_t exponent = 0) {
    const auto value = decode(reg, words, exponent);
    INFO((value ? "" : value.error().what));
    REQUIRE(value);
    return *value;
}

Fault fault_of(const Register& reg, const Words& words, std::int16_t exponent = 0) {
    const auto value = decode(reg, words, exponent);
    REQUIRE_FALSE(value);
    return value.error().fault;
}

}  // namespace

TEST_CASE("codec: the four orders read 0xAABBCCDD from their own bytes", "[firmware][codec]") {
    const double whole = 0xAABBCCDD;
    CHECK(value_of(a(WordType::u32, WordOrder::abcd), {0xAABB, 0xCCDD}) == whole);
    CHECK(value_of(a(WordType::u32, WordOrder::cdab), {0xCCDD, 0xAABB}) == whole);
    CHECK(value_of(a(WordType::u32, WordOrder::badc), {0xBBAA, 0xDDCC}) == whole);
    CHECK(value_of(a(WordType::u32, WordOrder::dcba), {0xDDCC, 0xBBAA}) == whole);
}

TEST_CASE("codec: four words follow the same orders", "[firmware][codec]") {
    const double whole = 0x000102030405;
    CHECK(value_of(a(WordType::u64, WordOrder::abcd), {0, 0x0001, 0x0203, 0x0405}) == whole);
    CHECK(value_of(a(WordType::u64, WordOrder::cdab), {0x0405, 0x0203, 0x0001, 0}) == whole);
    CHECK(value_of(a(WordType::u64, WordOrder::badc), {0, 0x0100, 0x0302, 0x0504}) == whole);
    CHECK(value_of(a(WordType::u64, WordOrder::dcba), {0x0504, 0x0302, 0x0100, 0}) == whole);
}

TEST_CASE("codec: one word has a byte order too", "[firmware][codec]") {
    CHECK(value_of(a(WordType::u16, WordOrder::abcd), {0x0102}) == 0x0102);
    CHECK(value_of(a(WordType::u16, WordOrder::cdab), {0x0102}) == 0x0102);
    CHECK(value_of(a(WordType::u16, WordOrder::badc), {0x0102}) == 0x0201);
}

TEST_CASE("codec: signed numbers are two's complement at every width", "[firmware][codec]") {
    CHECK(value_of(a(WordType::i16), {0xFFFF}) == -1);
    CHECK(value_of(a(WordType::i16), {0x8000}) == -32768);
    CHECK(value_of(a(WordType::i32), {0xFFFF, 0xFFFE}) == -2);
    CHECK(value_of(a(WordType::i64), {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFD}) == -3);
    CHECK(value_of(a(WordType::u64), {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}) == std::ldexp(1.0, 64));
}

TEST_CASE("codec: floats are IEEE 754 bit patterns", "[firmware][codec]") {
    CHECK(value_of(a(WordType::f32), {0x4048, 0xF5C3}) == Approx(3.14f));
    CHECK(value_of(a(WordType::f64), {0x4009, 0x21FB, 0x5444, 0x2D18}) == Approx(3.14159265358979));
    CHECK(value_of(a(WordType::f32), {0x8000, 0x0000}) == 0);
}

TEST_CASE("codec: no NaN and no infinity comes out, they are missing", "[firmware][codec]") {
    CHECK(fault_of(a(WordType::f32), {0x7FC0, 0x0000}) == Fault::stale);
    CHECK(fault_of(a(WordType::f32), {0xFF80, 0x0000}) == Fault::stale);
    CHECK(fault_of(a(WordType::f32), {0x7F80, 0x0001}) == Fault::stale);
    CHECK(fault_of(a(WordType::f64), {0x7FF0, 0, 0, 0}) == Fault::stale);
    auto scaled = a(WordType::f64);
    scaled.scale = 1e300;
    CHECK(fault_of(scaled, {0x7FE0, 0, 0, 0}) == Fault::stale);  // overflows only after scaling
}

TEST_CASE("codec: too few words are corrupt, never read past the end", "[firmware][codec]") {
    for (const auto type : all_types) {
        const Words words(static_cast<std::size_t>(word_count(type)) - 1, 0);
        CHECK(fault_of(a(type), words) == Fault::corrupt);
        Words into = words;
        CHECK(encode(a(type), 0, into).error().fault == Fault::corrupt);
        CHECK(label_of(a(type), words).empty());
    }
}

TEST_CASE("codec: a sentinel is missing, before scale and range are looked at",
          "[firmware][codec]") {
    auto reg = a(WordType::i16);
    reg.scale = 0.1;
    reg.least = 0;
    reg.most = 10;
    reg.missing = {0x8000, 0x7FFF};
    CHECK(fault_of(reg, {0x8000}) == Fault::stale);
    CHECK(fault_of(reg, {0x7FFF}) == Fault::stale);
    CHECK(value_of(reg, {50}) == 5);
    reg.missing = {~std::uint64_t{0}};  // wider than the type: its low bits count
    CHECK(fault_of(reg, {0xFFFF}) == Fault::stale);
}

TEST_CASE("codec: a sentinel of a whole status word hides its bits", "[firmware][codec]") {
    auto reg = a(WordType::u16);
    reg.bit = 3;
    reg.missing = {0xFFFF};
    CHECK(fault_of(reg, {0xFFFF}) == Fault::stale);
    CHECK(value_of(reg, {0xFFFE}) == 1);
    CHECK(value_of(reg, {0xFFF7}) == 0);
}

TEST_CASE("codec: outside the plausible range is refused, its ends are inside",
          "[firmware][codec]") {
    auto reg = a(WordType::i16);
    reg.least = -40;
    reg.most = 150;
    CHECK(fault_of(reg, {0xFFD7}) == Fault::refused);  // -41
    CHECK(value_of(reg, {0xFFD8}) == -40);
    CHECK(value_of(reg, {150}) == 150);
    CHECK(fault_of(reg, {151}) == Fault::refused);
    const auto error = decode(reg, Words{151}).error();
    CHECK(error.what.find("151") != std::string::npos);
}

TEST_CASE("codec: a decimal scale gives the double that a person would write",
          "[firmware][codec]") {
    auto reg = a(WordType::u16);
    reg.scale = 0.1;
    for (std::uint16_t raw = 0; raw < 2000; ++raw) REQUIRE(value_of(reg, {raw}) == raw / 10.0);
    reg.scale = 0.001;
    CHECK(value_of(reg, {3333}) == 3.333);
}

TEST_CASE("codec: offset comes after scale", "[firmware][codec]") {
    auto reg = a(WordType::u16);
    reg.scale = 0.5;
    reg.offset = -40;
    CHECK(value_of(reg, {100}) == 10);
    Words words(1);
    REQUIRE(encode(reg, 10, words));
    CHECK(words[0] == 100);
}

TEST_CASE("codec: a scale register is a power of ten from -10 to 10", "[firmware][codec]") {
    auto reg = a(WordType::u16);
    reg.scale_register = 9;
    CHECK(value_of(reg, {541}, -1) == 54.1);
    CHECK(value_of(reg, {5}, 10) == 5e10);
    CHECK(value_of(reg, {5}, -10) == 5e-10);
    CHECK(fault_of(reg, {5}, 11) == Fault::corrupt);
    CHECK(fault_of(reg, {5}, -11) == Fault::corrupt);
    CHECK(fault_of(reg, {5}, 32767) == Fault::corrupt);
    CHECK(fault_of(reg, {5}, std::numeric_limits<std::int16_t>::min()) == Fault::stale);
}

TEST_CASE("codec: without a scale register the exponent is ignored", "[firmware][codec]") {
    CHECK(value_of(a(WordType::u16), {5}, 999) == 5);
}

TEST_CASE("codec: a bit counts from the least significant, across words and orders",
          "[firmware][codec]") {
    auto reg = a(WordType::u32);
    reg.bit = 21;
    CHECK(value_of(reg, {0x0020, 0x0000}) == 1);
    CHECK(value_of(reg, {0xFFDF, 0xFFFF}) == 0);
    reg.order = WordOrder::cdab;
    CHECK(value_of(reg, {0x0000, 0x0020}) == 1);
}

TEST_CASE("codec: writing a bit keeps its neighbours", "[firmware][codec]") {
    auto reg = a(WordType::u16);
    reg.bit = 2;
    Words words{0xA5A0};
    REQUIRE(encode(reg, 1, words));
    CHECK(words[0] == 0xA5A4);
    REQUIRE(encode(reg, 0, words));
    CHECK(words[0] == 0xA5A0);
    CHECK(encode(reg, 2, words).error().fault == Fault::refused);
    CHECK(encode(reg, 0.5, words).error().fault == Fault::refused);
    CHECK(words[0] == 0xA5A0);
}

TEST_CASE("codec: a coil is 0 or 1, whatever else a bus makes of it", "[firmware][codec]") {
    CHECK(value_of(a(WordType::bit), {0}) == 0);
    CHECK(value_of(a(WordType::bit), {1}) == 1);
    CHECK(value_of(a(WordType::bit), {0xFF00}) == 1);
}

TEST_CASE("codec: a value that does not fit is refused and nothing is written",
          "[firmware][codec]") {
    struct Case {
        WordType type;
        double value;
    };
    const Case cases[] = {
        {WordType::u16, 65536},    {WordType::u16, -1},           {WordType::i16, 32768},
        {WordType::i16, -32769},   {WordType::u32, 4294967296.0}, {WordType::i32, -2147483649.0},
        {WordType::u64, 0x1p64},   {WordType::i64, 0x1p63},       {WordType::f32, 1e39},
        {WordType::u16, infinity}, {WordType::f64, std::nan("")}, {WordType::bit, 2},
    };
    for (const auto& c : cases) {
        Words words(4, 0x5A5A);
        const auto result = encode(a(c.type), c.value, words);
        REQUIRE_FALSE(result);
        CHECK(result.error().fault == Fault::refused);
        CHECK(words == Words(4, 0x5A5A));
    }
}

TEST_CASE("codec: the ends of every integer type survive the way there and back",
          "[firmware][codec]") {
    struct Case {
        WordType type;
        double value;
    };
    const Case cases[] = {
        {WordType::u16, 65535},         {WordType::i16, -32768},
        {WordType::i16, 32767},         {WordType::u32, 4294967295.0},
        {WordType::i32, -2147483648.0}, {WordType::i64, -0x1p63},
        {WordType::u64, 0x1p63},        {WordType::u64, 0},
    };
    for (const auto order : all_orders) {
        for (const auto& c : cases) {
            Words words(4);
            REQUIRE(encode(a(c.type, order), c.value, words));
            CHECK(value_of(a(c.type, order), words) == c.value);
        }
    }
}

TEST_CASE("codec: encoding rounds to the nearest raw value", "[firmware][codec]") {
    auto reg = a(WordType::i16);
    reg.scale = 0.1;
    Words words(1);
    REQUIRE(encode(reg, 23.46, words));
    CHECK(words[0] == 235);
    REQUIRE(encode(reg, -0.06, words));
    CHECK(words[0] == 0xFFFF);
}

TEST_CASE("codec: words that decode encode to the same words, for all types and orders",
          "[firmware][codec]") {
    std::mt19937 random(20221015);
    std::uniform_int_distribution<unsigned> word(0, 0xFFFF);
    for (const auto type : all_types) {
        // A 64-bit integer has more digits than a double: only its upper 53 bits can survive.
        const bool wide = type == WordType::u64 || type == WordType::i64;
        for (const auto order : all_orders) {
            auto reg = a(type, order);
            for (int i = 0; i < 200; ++i) {
                Words words(static_cast<std::size_t>(word_count(type)));
                for (auto& w : words) w = static_cast<std::uint16_t>(word(random));
                if (type == WordType::bit) words[0] &= 1U;
                if (wide) {
                    const Words small = order == WordOrder::cdab || order == WordOrder::dcba
                                            ? Words{words[0], words[1], words[2], 0}
                                            : Words{0, words[1], words[2], words[3]};
                    words = small;
                }
                const auto value = decode(reg, words);
                if (!value) continue;  // a NaN
                Words again(words.size());
                REQUIRE(encode(reg, *value, again));
                // Minus zero is the one value with two bit patterns.
                if (*value != 0) REQUIRE(again == words);
                REQUIRE(decode(reg, again) == value);
            }
        }
    }
}

TEST_CASE("codec: scaled values come back within half a raw step", "[firmware][codec]") {
    std::mt19937 random(803);
    for (const double scale : {0.1, 0.01, 1.0 / 512, 2.0, -0.1, 7.0}) {
        auto reg = a(WordType::i32);
        reg.scale = scale;
        reg.offset = 3;
        reg.scale_register = 1;
        std::uniform_real_distribution<double> any(-1e4, 1e4);
        for (const std::int16_t exponent : std::array<std::int16_t, 3>{-2, 0, 1}) {
            const double step = std::abs(scale) * std::pow(10.0, exponent);
            for (int i = 0; i < 100; ++i) {
                const double value = any(random);
                Words words(2);
                REQUIRE(encode(reg, value, words, exponent));
                REQUIRE(std::abs(value_of(reg, words, exponent) - value) <= step * 0.5000001);
            }
        }
    }
}

TEST_CASE("codec: labels name raw values, signed where the type is", "[firmware][codec]") {
    auto reg = a(WordType::i16);
    reg.scale = 0.1;  // does not matter to a label
    reg.labels = {{-1, "off"}, {4, "charging"}};
    CHECK(label_of(reg, Words{0xFFFF}) == "off");
    CHECK(label_of(reg, Words{4}) == "charging");
    CHECK(label_of(reg, Words{5}).empty());
    auto bit = a(WordType::u16);
    bit.bit = 8;
    bit.labels = {{0, "well"}, {1, "fault"}};
    CHECK(label_of(bit, Words{0x0100}) == "fault");
    CHECK(label_of(bit, Words{0xFEFF}) == "well");
}

TEST_CASE("codec: decimal digits a nibble are read as the number they spell", "[firmware][codec]") {
    Register reg;
    reg.type = WordType::bcd16;
    CHECK(decode(reg, Words{0x1234}) == 1234.0);
    reg.scale = 0.1;
    CHECK(decode(reg, Words{0x0235}) == 23.5);
    const auto letter = decode(reg, Words{0x12A4});
    REQUIRE_FALSE(letter);
    CHECK(letter.error().fault == Fault::corrupt);
    reg.scale = 1;
    reg.type = WordType::bcd32;
    CHECK(decode(reg, Words{0x1234, 0x5678}) == 12345678.0);
    reg.order = WordOrder::cdab;
    CHECK(decode(reg, Words{0x5678, 0x1234}) == 12345678.0);
    Words words(2);
    REQUIRE(encode(reg, 90210, words));
    CHECK(words == Words{0x0210, 0x0009});
    CHECK_FALSE(encode(reg, 100'000'000, words));
    CHECK_FALSE(encode(reg, -1, words));
}

TEST_CASE("codec: a bit field is its own bits and leaves the others alone", "[firmware][codec]") {
    Register reg;
    reg.bit = 4;
    reg.width = 3;
    reg.labels = {{5, "charging"}};
    CHECK(decode(reg, Words{0xFFDF}) == 5.0);
    CHECK(label_of(reg, Words{0xFFDF}) == "charging");
    Words words{0xFFFF};
    REQUIRE(encode(reg, 2, words));
    CHECK(words == Words{0xFFAF});
    CHECK_FALSE(encode(reg, 8, words));
    CHECK_FALSE(encode(reg, 1.5, words));
    reg.type = WordType::u64;
    reg.bit = 1;
    reg.width = 63;
    CHECK(decode(reg, Words{0, 0, 0, 9}) == 4.0);
}

TEST_CASE("codec: a text is printable, trimmed, and no number", "[firmware][codec]") {
    Register reg;
    reg.type = WordType::text;
    reg.length = 4;
    CHECK(label_of(reg, Words{0x534D, 0x5431, 0x3530, 0x3020}) == "SMT1500");
    reg.order = WordOrder::badc;
    CHECK(label_of(reg, Words{0x4D53, 0x3154, 0x3035, 0x2030}) == "SMT1500");
    reg.order = WordOrder::abcd;
    // What a terminal or a payload would choke on is left out; the first NUL ends it.
    CHECK(label_of(reg, Words{0x411B, 0x5B42, 0xFF43, 0x0044}) == "A[BC");
    // Some fill from the left: NULs before the first character are no end.
    CHECK(label_of(reg, Words{0x0000, 0x0041, 0x4242, 0x0043}) == "ABB");
    CHECK(label_of(reg, Words{0x0000, 0x0000, 0x0000, 0x0000}).empty());
    CHECK(label_of(reg, Words{0x4141}).empty());
    const auto number = decode(reg, Words{0x3132, 0, 0, 0});
    REQUIRE_FALSE(number);
    CHECK(number.error() == Error{Fault::stale, "a text", 0});
    Words words(4, 0xFFFF);
    REQUIRE(encode_text(reg, "UPS", words));
    CHECK(words == Words{0x5550, 0x5300, 0, 0});
    CHECK_FALSE(encode(reg, 1, words));
    REQUIRE(encode_text(reg, "123456789", words));  // cut at the register's end
    CHECK(label_of(reg, words) == "12345678");
    reg.type = WordType::u16;
    CHECK_FALSE(encode_text(reg, "UPS", words));
}

TEST_CASE("codec: a number that rounds up to beyond a wide bit field does not reach the next bit",
          "[firmware][codec]") {
    Register reg;
    reg.type = WordType::u64;
    reg.bit = 0;
    reg.width = 63;
    Words words(4);
    CHECK_FALSE(encode(reg, std::ldexp(1.0, 63), words));  // 2^63 - 1 is no double, 2^63 is
    CHECK(words == Words{0, 0, 0, 0});
    CHECK(encode(reg, std::ldexp(1.0, 62), words));
    CHECK(words == Words{0x4000, 0, 0, 0});
}
