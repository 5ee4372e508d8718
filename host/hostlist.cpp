#include "host/hostlist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace firebreak {
namespace {

using Names = std::vector<std::string>;

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
    return fail(Fault::config, fmt::format("\"{}\" is no list of nodes: {}", text, why));
}

tl::unexpected<Error> too_many(std::size_t most) {
    return fail(Fault::config, fmt::format("more than {} nodes: make more targets of them", most));
}

std::optional<std::uint64_t> number(std::string_view text) {
    constexpr std::size_t most_digits = 18;  // no sum of such numbers wraps around
    if (text.size() > most_digits) return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "01-04,7" to 01 02 03 04 7: as many digits as the first bound is written with.
Result<Names> numbers_of(std::string_view text, std::size_t most) {
    Names out;
    for (std::string_view rest = text;;) {
        const auto comma = rest.find(',');
        const auto part = rest.substr(0, comma);
        const auto dash = part.find('-');
        const auto low = part.substr(0, dash);
        const auto high = dash == std::string_view::npos ? low : part.substr(dash + 1);
        const auto first = number(low);
        const auto last = number(high);
        if (!first || !last) return bad(text, "a range is like 1-8");
        if (*last < *first) return bad(text, "a range ends before it begins");
        if (*last - *first >= most) return too_many(most);
        for (auto each = *first; each <= *last; ++each) {
            out.push_back(fmt::format("{:0{}}", each, low.size()));
        }
        if (out.size() > most) return too_many(most);
        if (comma == std::string_view::npos) return out;
        rest = rest.substr(comma + 1);
    }
}

/// One name with any number of brackets.
Result<Names> expand_one(std::string_view text, std::size_t most) {
    Names out = {""};
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto open = rest.find('[');
        for (auto& name : out) name += rest.substr(0, open);
        if (open == std::string_view::npos) break;
        const auto close = rest.find(']', open);
        if (close == std::string_view::npos) return bad(text, "a bracket is not closed");
        const auto numbers = numbers_of(rest.substr(open + 1, close - open - 1), most);
        if (!numbers) return tl::unexpected(numbers.error());
        if (out.size() * numbers->size() > most) return too_many(most);
        Names longer;
        for (const auto& name : out) {
            for (const auto& each : *numbers) longer.push_back(name + each);
        }
        out = std::move(longer);
        rest = rest.substr(close + 1);
    }
    if (text.find(']') < text.find('[')) return bad(text, "a bracket is not opened");
    return out;
}

std::size_t digits_of(std::uint64_t value) {
    std::size_t digits = 1;
    for (; value >= 10; value /= 10) ++digits;
    return digits;
}

/// Names that differ in the number they end with, which counts up by one.
struct Run {
    std::string_view prefix, first, last;  ///< digits; no digits: a run of one
    std::uint64_t value = 0;               ///< of `last`

    explicit Run(std::string_view name) {
        constexpr std::size_t most_digits = 18;
        auto digits = name.size() - (name.find_last_not_of("0123456789") + 1);
        digits = std::min(digits, most_digits);
        prefix = name.substr(0, name.size() - digits);
        first = last = name.substr(name.size() - digits);
        value = number(last).value_or(0);
    }
    /// As many digits as before, one more only where the number has outgrown them.
    [[nodiscard]] bool goes_on_with(const Run& next) const {
        if (first.empty() || next.prefix != prefix || next.first.empty()) return false;
        return next.value == value + 1 &&
               next.first.size() == std::max(last.size(), digits_of(next.value));
    }
    [[nodiscard]] std::string text() const {
        if (first == last) return fmt::format("{}{}", prefix, first);
        return fmt::format("{}[{}-{}]", prefix, first, last);
    }
};

}  // namespace

std::vector<std::string> fold_hostlist(const std::vector<std::string>& names,
                                       std::size_t most_bytes) {
    std::vector<Run> runs;
    for (const auto& name : names) {
        const Run next(name);
        if (!runs.empty() && runs.back().goes_on_with(next)) {
            runs.back().last = next.last;
            runs.back().value = next.value;
        } else {
            runs.push_back(next);
        }
    }
    Names texts;
    for (const auto& run : runs) {
        const auto text = run.text();
        if (texts.empty() || texts.back().size() + 1 + text.size() > most_bytes) {
            texts.push_back(text);
        } else {
            texts.back() += ',' + text;
        }
    }
    return texts;
}

Result<std::vector<std::string>> expand_hostlist(std::string_view text, std::size_t most) {
    Names all;
    std::size_t begin = 0;
    bool inside = false;  // a comma in brackets parts numbers, not names
    for (std::size_t i = 0; i <= text.size(); ++i) {
        if (i < text.size() && text[i] == '[') inside = true;
        if (i < text.size() && text[i] == ']') inside = false;
        if (i < text.size() && (text[i] != ',' || inside)) continue;
        if (i == begin) return bad(text, "a name is empty");
        auto names = expand_one(text.substr(begin, i - begin), most);
        if (!names) return names;
        all.insert(all.end(), names->begin(), names->end());
        if (all.size() > most) return too_many(most);
        begin = i + 1;
    }
    return all;
}

}  // namespace firebreak
