#include <cmath>
#include <limits>

#include "firmware/alarm/watch.hpp"

namespace firebreak {

namespace {

/// A slope must stand this many standard errors off zero: at one reading a second, noise alone
/// gets there less than once in a century.
constexpr double slope_errors = 6;
/// A member must stand this far out of what its peers spread (of a normal distribution).
constexpr double spreads = 4;
/// The edges of a forecast.
constexpr double forecast_errors = 3;
/// A sensor that changed this often has a habit, and so many times that is no habit any more.
constexpr std::uint32_t habit_changes = 32;
constexpr double habit_times = 50;

constexpr double infinite = std::numeric_limits<double>::infinity();

Figure none(const char* why) {
    Figure figure;
    figure.missing = why;
    return figure;
}

}  // namespace

Figure Watch::figure(Memory& memory, const History& history, Instant now) {
    const auto& eye = eyes_[memory.eye];
    if (memory.is<Missing>()) {
        // A true word now and then does not make a sensor: it would come and go all day.
        const bool there = fresh(eye, history, now) != nullptr && !eye.belief.intermittent();
        return {there ? 0 : std::max(0.0, seconds(now - eye.sound))};
    }
    if (eye.index == unknown) return none("not read yet");
    if (!eye.belief.believed()) return none("not believed");
    if (history.fresh(eye.index, now) == nullptr) return none("missing");
    const bool course = memory.is<Rate>() || memory.is<Change>() || memory.is<TimeTo>();
    if (course && eye.belief.intermittent()) return none("most of its readings are not believed");
    if (memory.peers) round(circles_[memory.circle], history, now);
    if (memory.is<Rate>()) return rate(memory);
    if (memory.is<Change>()) return change(memory);
    if (memory.is<Deviation>()) return deviation(memory);
    if (memory.is<TimeTo>()) return time_to(memory);
    if (memory.is<Stuck>()) return stuck(memory, now);
    if (memory.is<Overload>()) return {clocks_[memory.clock].remaining()};
    if (memory.is<Difference>()) {
        const auto& other = eyes_[memory.other];
        if (fresh(other, history, now) == nullptr) return none("the other point is missing");
        return {eye.value - other.value};
    }
    return {eye.value};
}

Figure Watch::rate(const Memory& memory) const {
    const auto line = tracks_[memory.track].trace.line();
    if (!line) return none("too few readings yet");
    Figure figure{line->slope, slope_errors * line->error};
    if (!memory.peers) return figure;
    const auto standing = circles_[memory.circle].peers.standing(line->slope);
    if (!standing) return none("fewer than 3 live peers");
    figure.value -= standing->median;
    figure.peers = standing->median;
    figure.live = standing->peers;
    figure.error = std::max(figure.error, spreads * standing->spread);
    return figure;
}

Figure Watch::change(const Memory& memory) const {
    const auto before = tracks_[memory.track].trace.before();
    if (!before) return none("too few readings yet");
    const double value = eyes_[memory.eye].value;
    if (!memory.percent) return {value - *before};
    if (std::abs(*before) < 1e-9) return none("a share of nothing");
    return {100 * (value - *before) / std::abs(*before)};
}

Figure Watch::deviation(const Memory& memory) const {
    const double value = eyes_[memory.eye].value;
    const auto standing = circles_[memory.circle].peers.standing(value);
    if (!standing) return none("fewer than 3 live peers");
    double scale = 1;
    if (memory.percent) {
        if (std::abs(standing->median) < 1e-9) return none("a share of nothing");
        scale = 100 / std::abs(standing->median);
    }
    const double away = scale * (value - standing->median);
    return {memory.turned ? std::abs(away) : away, spreads * scale * standing->spread, nullptr,
            standing->median, standing->peers};
}

Figure Watch::time_to(const Memory& memory) const {
    const auto line = tracks_[memory.track].trace.line();
    if (!line) return none("too few readings yet");
    const double sign = memory.turned ? -1 : 1;
    const double away = sign * (memory.aim - line->value);
    if (away <= 0) return {0};
    const double slow = sign * line->slope - forecast_errors * line->error;
    if (slow <= 0) return {infinite};
    return {(away + forecast_errors * line->value_error) / slow};
}

Figure Watch::stuck(Memory& memory, Instant now) const {
    const auto& eye = eyes_[memory.eye];
    const double for_s = since_start(now) - eye.changed;
    if (!memory.peers) {
        if (eye.changes < habit_changes) return none("its habits are not known yet");
        return {for_s > habit_times * eye.habit ? for_s : 0};
    }
    const auto median = circles_[memory.circle].peers.median();
    if (!median) return none("fewer than 3 live peers");
    if (memory.marked != eye.changes + 1) {
        memory.marked = eye.changes + 1;
        memory.mark = *median;
        memory.proof = false;
    }
    memory.proof = memory.proof || std::abs(*median - memory.mark) >= memory.aim;
    return {memory.proof ? for_s : 0, 0, nullptr, *median, 0};
}

}  // namespace firebreak
