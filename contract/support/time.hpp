// Time as an argument. Logic runs on Instant (steady); WallTime is only a label for people,
// because a board without a clock battery starts in 1970. Only the shells call ::now().
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace firebreak {

using Instant = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// One moment as the shells see it: what to reason with, and what to print.
struct Now {
    Instant steady;
    WallTime wall;
};

inline constexpr Instant never = Instant::max();

/// Whether the clock that says so was ever set: boards without a battery start in 1970.
[[nodiscard]] constexpr bool is_set(WallTime clock) {
    return clock >= std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
}

/// "250ms", "30s", "1m30s", "2h", "1d"; nothing for anything else, negatives and overflow.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

/// The largest units first, as parse_duration() accepts it ("1m30s"), rounded down to a
/// millisecond; a negative one has a minus in front.
[[nodiscard]] std::string format_duration(Duration duration);

/// RFC 3339 in UTC with milliseconds: "2022-10-15T06:19:00.000Z".
[[nodiscard]] std::string format_wall(WallTime wall);

/// The inverse of format_wall(); nothing if the text is not exactly of that form.
[[nodiscard]] std::optional<WallTime> parse_wall(std::string_view text);

[[nodiscard]] constexpr double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace firebreak
