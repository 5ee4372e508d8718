#include "host/power/shed_need.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace firebreak {
namespace {

constexpr double longest_s = 1e7;  // four months: a runtime so long is no hurry

Duration from_seconds(double seconds) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(std::clamp(seconds, 0.0, longest_s)));
}

ShedNeed for_overload(const UpsRating& rating, const UpsState& state) {
    ShedNeed need;
    if (state.load_kw <= rating.kw) return need;
    need.kw = state.load_kw - rating.kw;
    const double load = 100 * state.load_kw / rating.kw;
    const double left = (1 - state.used) * allowed_seconds(rating.overload, load);
    need.why = fmt::format("carries {:.1f} kW and may carry {:.1f}", state.load_kw, rating.kw);
    if (std::isinf(left)) return need;
    need.within = from_seconds(left);
    need.why += ", for " + format_duration(*need.within) + " more";
    return need;
}

ShedNeed for_runtime(const UpsRating& rating, const UpsState& state) {
    ShedNeed need;
    if (!state.on_battery || !state.runtime || state.load_kw <= 0) return need;
    const auto runtime = *state.runtime;
    const auto wanted = rating.hold - state.on_battery_for;
    const auto lasts = format_duration(runtime);
    if (rating.stop > Duration::zero() && runtime <= rating.stop + rating.margin) {
        need.kw = state.load_kw;
        need.within = std::max(runtime - rating.stop, Duration::zero());
        need.why = fmt::format("on battery for {} more, and an orderly stop takes {}", lasts,
                               format_duration(rating.stop));
    } else if (runtime < wanted) {
        // Batteries last longer than in proportion at less load (Peukert): this is enough.
        need.kw = state.load_kw * (1 - seconds(runtime) / seconds(wanted));
        need.within = std::max(runtime - rating.stop - rating.margin, Duration::zero());
        need.why =
            fmt::format("on battery for {} more, {} is wanted", lasts, format_duration(wanted));
    }
    return need;
}

}  // namespace

ShedNeed shed_need(const UpsRating& rating, const UpsState& state) {
    auto overload = for_overload(rating, state);
    auto runtime = for_runtime(rating, state);
    auto& more = runtime.kw > overload.kw ? runtime : overload;
    auto& less = runtime.kw > overload.kw ? overload : runtime;
    if (less.within && (!more.within || *less.within < *more.within)) more.within = less.within;
    if (!less.why.empty() && !more.why.empty()) more.why += "; " + less.why;
    return more;
}

}  // namespace firebreak
