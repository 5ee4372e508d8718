// Any bytes as a TOML file that people wrote: parse them and read them the way our files are
// read. Beyond not crashing: what is said has a place, stays on its line and is bounded.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "contract/support/config_file.hpp"

namespace {

using namespace firebreak;

constexpr std::array<std::pair<std::string_view, int>, 2> choices{{{"tcp", 1}, {"rtu", 2}}};

void must(bool holds) {
    if (!holds) std::abort();
}

void read_every_way(Section section, int depth) {
    for (const auto& key : section.keys()) {
        must(section.has(key));
        must(section.place(key).line >= 1);
        section.text(key);
        section.name(key);
        section.duration(key);
        section.flag_or(key, true);
        const double number = section.number(key);
        must(number - number == 0);  // never NaN, never infinite
        const auto integer = section.integer(key, {1, 247});
        must(integer == 0 || (integer >= 1 && integer <= 247));
        must(is_name(section.name_or(key, "fallback")));
        section.choice_or<int>(key, choices, 0);
        section.texts(key);
        section.numbers(key);
        section.integers(key);
        if (auto table = section.table(key); table && depth > 0) read_every_way(*table, depth - 1);
        for (auto& row : section.rows(key)) {
            if (depth > 0) read_every_way(row, depth - 1);
        }
    }
    section.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters
    const std::string_view text(reinterpret_cast<const char*>(bytes), size);
    Complaints complaints;
    const auto file = ConfigFile::parse(text, "fuzz.toml", complaints);
    must(file.parsed() == complaints.empty());
    read_every_way(file.root(), 8);

    auto unread = file.root();  // a reader with keys of its own: everything else is unknown
    unread.text_or("site", "");
    unread.integer_or("unit", 1);
    unread.finish();

    must(complaints.size() <= Complaints::most);
    for (const auto& [place, what] : complaints.items()) {
        must(place.line >= 1 && place.column >= 1);
        for (const char c : what) must((c < 0 || c >= ' ') && c != 0x7f);
    }
    static_cast<void>(complaints.text());
    return 0;
}
