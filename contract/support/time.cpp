#include "contract/support/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace firebreak {
namespace {

using std::chrono::milliseconds;

struct TimeUnit {
    std::string_view suffix;
    std::int64_t in_milliseconds;
};

// In the order in which they may be written: "1h30m" is a duration, "30m1h" is not.
constexpr std::array<TimeUnit, 5> time_units{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The number that `count` digits of `text` make; the caller knows that they are digits.
int digits(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(from, count)) value = value * 10 + (c - '0');
    return value;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
    constexpr auto most = std::chrono::floor<milliseconds>(Duration::max()).count();
    if (text.empty()) return std::nullopt;
    std::int64_t total = 0;
    const auto* unit = time_units.begin();
    while (!text.empty()) {
        std::int64_t count = 0;
        if (!is_digit(text.front())) return std::nullopt;
        const char* const end = text.data() + text.size();
        const auto number = std::from_chars(text.data(), end, count);
        if (number.ec != std::errc{}) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(number.ptr - text.data()));
        const auto letters =
            std::min(text.size(), static_cast<std::size_t>(std::distance(
                                      text.begin(), std::ranges::find_if(text, is_digit))));
        const auto suffix = text.substr(0, letters);
        unit = std::find_if(unit, time_units.end(),
                            [&](const TimeUnit& u) { return u.suffix == suffix; });
        if (unit == time_units.end()) return std::nullopt;
        if (count > (most - total) / unit->in_milliseconds) return std::nullopt;
        total += count * unit->in_milliseconds;
        text.remove_prefix(letters);
        ++unit;
    }
    return milliseconds(total);
}

std::string format_duration(Duration duration) {
    auto left = std::chrono::floor<milliseconds>(duration).count();
    if (left == 0) return "0s";
    std::string text;
    if (left < 0) {
        text = "-";
        left = -left;
    }
    for (const auto& unit : time_units) {
        const auto count = left / unit.in_milliseconds;
        if (count > 0) text += fmt::format("{}{}", count, unit.suffix);
        left %= unit.in_milliseconds;
    }
    return text;
}

std::string format_wall(WallTime wall) {
    using namespace std::chrono;
    // RFC 3339 has four digits for the year; a clock outside of them is broken anyway.
    constexpr WallTime first = sys_days{year{0} / 1 / 1};
    constexpr WallTime last = sys_days{year{10000} / 1 / 1} - milliseconds(1);
    wall = std::clamp(wall, first, last);
    const auto day = floor<days>(wall);
    const year_month_day date{day};
    const hh_mm_ss time{wall - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       time.hours().count(), time.minutes().count(), time.seconds().count(),
                       time.subseconds().count());
}

std::optional<WallTime> parse_wall(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
    if (text.size() != shape.size()) return std::nullopt;
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == '0' ? !is_digit(text[i]) : text[i] != shape[i]) return std::nullopt;
    }
    const auto at = [&](std::size_t from, std::size_t count) { return digits(text, from, count); };
    const year_month_day date{year{at(0, 4)}, month{static_cast<unsigned>(at(5, 2))},
                              day{static_cast<unsigned>(at(8, 2))}};
    const int h = at(11, 2), m = at(14, 2), s = at(17, 2);
    if (!date.ok() || h > 23 || m > 59 || s > 59) return std::nullopt;
    return sys_days{date} + hours{h} + minutes{m} + std::chrono::seconds{s} +
           milliseconds{at(20, 3)};
}

}  // namespace firebreak
