#include "firmware/profile/profile_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>

#include "firmware/profile/profile_address.hpp"
#include "firmware/profile/profile_checks.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, WordType>, 12> types{{
    {"u16", WordType::u16},
    {"i16", WordType::i16},
    {"u32", WordType::u32},
    {"i32", WordType::i32},
    {"u64", WordType::u64},
    {"i64", WordType::i64},
    {"f32", WordType::f32},
    {"f64", WordType::f64},
    {"bcd16", WordType::bcd16},
    {"bcd32", WordType::bcd32},
    {"text", WordType::text},
    {"bit", WordType::bit},
}};

constexpr std::array<std::pair<std::string_view, WordOrder>, 4> orders{{
    {"abcd", WordOrder::abcd},
    {"cdab", WordOrder::cdab},
    {"badc", WordOrder::badc},
    {"dcba", WordOrder::dcba},
}};

/// A field's first bit and how many: `bit = 4` alone is a flag.
void read_bits(Section& row, Register& reg) {
    const auto bit = row.maybe_integer("bit", {0, 63});
    const auto width = row.integer_or("width", 1, {1, 63});
    if (!bit) {
        if (row.has("width")) row.complain("width", "belongs to a bit: say which is its first");
        return;
    }
    const bool is_unsigned =
        reg.type == WordType::u16 || reg.type == WordType::u32 || reg.type == WordType::u64;
    const auto bits = std::int64_t{16} * word_count(reg);
    if (!is_unsigned) {
        row.complain("bit", "a bit needs an unsigned register: type u16, u32 or u64");
    } else if (*bit + width > bits) {
        row.complain("bit", fmt::format("the type has only bits 0 to {}", bits - 1));
    } else {
        reg.bit = static_cast<int>(*bit);
        reg.width = static_cast<int>(width);
    }
}

void read_type(Section& row, Register& reg) {
    const bool bits = is_bit_table(reg.table);
    reg.type = row.choice_or<WordType>("type", types, bits ? WordType::bit : WordType::u16);
    if (bits && reg.type != WordType::bit) {
        row.complain("type", "coils and discrete inputs hold bits: leave type out");
        reg.type = WordType::bit;
    } else if (!bits && reg.type == WordType::bit) {
        row.complain("type", "a bit of a register is type = \"u16\" with bit = N");
        reg.type = WordType::u16;
    }
    reg.order = row.choice_or<WordOrder>("order", orders, WordOrder::abcd);
    if (bits && row.has("order")) row.complain("order", "a bit has no byte order: leave it out");
    if (reg.type == WordType::text) {
        reg.length = static_cast<std::uint16_t>(row.integer("length", {1, 125}));
        for (const auto* key :
             {"scale", "offset", "fraction_bits", "scale_register", "scale_modicon", "range",
              "missing", "labels", "label", "unit", "raw"}) {
            if (row.has(key)) row.complain(key, "belongs to a number: leave it out");
        }
    } else if (row.has("length")) {
        row.complain("length", "belongs to type = \"text\": leave it out");
        row.ignore("length");
    }
    read_bits(row, reg);
}

void read_scale(Section& row, Register& reg) {
    reg.scale = row.number_or("scale", 1);
    if (reg.scale == 0 || !std::isfinite(reg.scale)) {
        row.complain("scale", "scale must be a number other than 0");
        reg.scale = 1;
    }
    reg.offset = row.number_or("offset", 0);
    if (!std::isfinite(reg.offset)) {
        row.complain("offset", "offset must be a finite number");
        reg.offset = 0;
    }
    const auto fraction = row.integer_or("fraction_bits", 0, {0, 63});
    reg.scale = std::ldexp(reg.scale, -static_cast<int>(fraction));
    reg.scale_register = read_scale_address(row, reg.table);
    if (reg.scale_register && (is_bit_table(reg.table) || reg.bit)) {
        row.complain(row.has("scale_register") ? "scale_register" : "scale_modicon",
                     "a bit has no scale register");
        reg.scale_register.reset();
    }
    const bool scaled_here = reg.scale != 1 || reg.offset != 0;
    const bool flag = reg.type == WordType::bit || (reg.bit && reg.width == 1);
    if (scaled_here && flag) {
        row.complain("measure", "a bit is 0 or 1: leave scale, offset and fraction_bits out");
    }
}

void read_range(Section& row, Register& reg) {
    if (!row.has("range")) return;
    const auto range = row.numbers("range");
    if (range.size() != 2 || std::isnan(range[0]) || std::isnan(range[1])) {
        row.complain("range", "range must be two numbers: [least, most]");
    } else if (range[0] > range[1]) {
        row.complain("range", "range is reversed: write [least, most]");
    } else {
        reg.least = range[0];
        reg.most = range[1];
    }
}

void read_missing(Section& row, Register& reg) {
    if (reg.type == WordType::text) return row.ignore("missing");  // is complained of as it is
    const int bits = reg.type == WordType::bit ? 1 : 16 * word_count(reg);
    for (const auto raw : row.integers("missing")) {
        // TOML integers are signed: -1 stands for all ones of whatever width.
        const bool fits = bits == 64 || (raw >= -(std::int64_t{1} << (bits - 1)) &&
                                         raw < (std::int64_t{1} << bits));
        if (!fits) {
            row.complain("missing", fmt::format("{} does not fit in {} bits", raw, bits));
            continue;
        }
        const auto mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
        reg.missing.push_back(static_cast<std::uint64_t>(raw) & mask);
    }
}

void add_label(Section& row, std::string_view key, Register& reg, Label label) {
    const auto same = [&](const Label& other) { return other.raw == label.raw; };
    if (std::any_of(reg.labels.begin(), reg.labels.end(), same)) {
        row.complain(key, fmt::format("{} has a label already", label.raw));
        return;
    }
    reg.labels.push_back(std::move(label));
}

void read_labels(Section& row, Register& reg) {
    if (auto labels = row.table("labels")) {
        for (const auto& key : labels->keys()) {
            std::int64_t raw = 0;
            const auto* end = key.data() + key.size();
            const auto [stop, error] = std::from_chars(key.data(), end, raw);
            auto text = labels->text(key);
            if (error != std::errc{} || stop != end) {
                labels->complain(key, "a label's key is the raw value, a whole number");
                continue;
            }
            add_label(*labels, key, reg, {raw, std::move(text)});
        }
        labels->finish();
    }
    for (auto& label : row.rows("label")) {
        const auto raw = label.integer("raw");
        add_label(label, "raw", reg, {raw, label.text("text")});
        label.finish();
    }
    if (!reg.labels.empty() && (reg.type == WordType::f32 || reg.type == WordType::f64)) {
        row.complain("measure", "labels name whole numbers; a float has none");
    }
}

Register read_register(Section& row) {
    Register reg;
    reg.place = row.place();
    reg.measure = row.name("measure");
    read_where(row, reg.table, reg.address);
    read_type(row, reg);
    read_scale(row, reg);
    const auto unit = row.text_or("unit", "");
    if (const auto known = parse_unit(unit)) {
        reg.unit = *known;
    } else if (!unit.empty()) {
        row.complain("unit", fmt::format("\"{}\" is no known unit: use Cel, %, V, A, W, kW, VA, "
                                         "Wh, Ah, Hz, s, min, Ohm, ppm or Pa",
                                         unit));
    }
    read_range(row, reg);
    read_missing(row, reg);
    read_labels(row, reg);
    reg.writable = row.flag_or("writable", false);
    if (reg.writable && reg.table != Table::coil && reg.table != Table::holding) {
        row.complain("writable", "only coils and holding registers can be written");
        reg.writable = false;
    }
    reg.raw = row.flag_or("raw", false);
    if (row.has("period")) {
        reg.period = row.duration_or("period", std::chrono::seconds(1));
        if (*reg.period <= Duration::zero() || *reg.period > std::chrono::hours(24 * 7)) {
            row.complain("period", "must be more than 0s and at most 7d");
            reg.period.reset();
        }
    }
    row.finish();
    return reg;
}

Example read_example(Section& row) {
    Example example;
    example.place = row.place();
    example.measure = row.name("measure");
    for (const auto word : row.integers("words")) {
        if (word < 0 || word > 65535) {
            row.complain("words", fmt::format("{} is no 16-bit word", word));
            continue;
        }
        example.words.push_back(static_cast<std::uint16_t>(word));
    }
    if (const auto exponent = row.maybe_integer("exponent", {-32768, 32767})) {
        example.exponent = static_cast<int>(*exponent);
    }
    const bool missing = row.flag_or("missing", false);
    example.value = row.maybe_number("value");
    if (row.has("text")) example.text = row.text("text");
    if (int{missing} + int{example.value.has_value()} + int{example.text.has_value()} != 1) {
        row.complain("value", "give either a value, a text or missing = true");
    }
    example.source = row.text("source");
    row.finish();
    return example;
}

}  // namespace

Profile parse_profile(ConfigFile& file, const std::string& name, Complaints& complaints) {
    Profile profile;
    profile.name = name;
    if (!file.parsed()) return profile;
    auto root = file.root();
    profile.title = root.text("title");
    profile.source = root.text("source");
    profile.base = static_cast<std::uint16_t>(root.integer_or("base", 0, {0, 65535}));
    // 125 registers and 2,000 bits are the protocol's own limits (V1.1b3, 6.1 and 6.3).
    profile.max_words = static_cast<std::uint16_t>(root.integer_or("max_words", 125, {1, 125}));
    profile.max_bits = static_cast<std::uint16_t>(root.integer_or("max_bits", 2000, {1, 2000}));
    profile.holes_allowed = root.flag_or("holes_allowed", false);
    profile.one_at_a_time = root.flag_or("one_at_a_time", false);
    for (auto& row : root.rows("whole")) profile.whole.push_back(read_stretch(row));
    for (auto& row : root.rows("forbidden")) profile.forbidden.push_back(read_stretch(row));
    auto registers = root.rows("register");
    auto examples = root.rows("example");
    if (registers.empty()) root.complain("", "a profile needs at least one [[register]]");
    if (registers.size() > max_profile_rows || examples.size() > max_profile_rows) {
        root.complain("register",
                      fmt::format("more than {} rows: split the profile", max_profile_rows));
        return profile;
    }
    // Rows with errors of their own are left out of the checks across rows: a fallback address
    // would only make up more errors.
    Profile sound = profile;
    std::set<std::string, std::less<>> unsound;
    for (auto& row : registers) {
        const auto before = complaints.size();
        profile.registers.push_back(read_register(row));
        const auto& reg = profile.registers.back();
        if (complaints.size() == before) {
            sound.registers.push_back(reg);
        } else {
            unsound.insert(reg.measure);
        }
    }
    for (auto& row : examples) {
        const auto before = complaints.size();
        profile.examples.push_back(read_example(row));
        const auto& example = profile.examples.back();
        const bool fine = complaints.size() == before && !unsound.contains(example.measure);
        if (fine) sound.examples.push_back(example);
    }
    root.finish();
    check_registers(sound, complaints);
    check_examples(sound, complaints);
    return profile;
}

Profile load_profile(const std::string& path, Complaints& complaints) {
    auto file = ConfigFile::load(path, complaints);
    return parse_profile(file, std::filesystem::path(path).stem().string(), complaints);
}

std::string find_profile(const std::string& name, const std::vector<std::string>& folders) {
    if (!is_name(name)) return "";  // no way out of the folders
    for (const auto& folder : folders) {
        const auto path = std::filesystem::path(folder) / (name + ".toml");
        std::error_code ignored;
        if (std::filesystem::is_regular_file(path, ignored)) return path.string();
    }
    return "";
}

std::vector<std::string> profile_folders() {
    std::vector<std::string> folders;
    if (const char* chosen = std::getenv("FIREBREAK_PROFILES"); chosen != nullptr && *chosen != 0) {
        folders.emplace_back(chosen);
    }
    folders.emplace_back("/etc/firebreak/profiles");
    folders.emplace_back("/usr/share/firebreak/profiles");
#ifdef FIREBREAK_SOURCE_DIR
    folders.emplace_back(FIREBREAK_SOURCE_DIR "/firmware/profiles");
#endif
    return folders;
}

}  // namespace firebreak
