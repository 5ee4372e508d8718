#include "contract/overload.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace firebreak {

double allowed_seconds(const std::vector<CurvePoint>& curve, double load) {
    if (curve.empty() || load < curve.front().load) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < curve.size(); ++i) {
        if (load >= curve[i].load) continue;
        const auto& a = curve[i - 1];
        const auto& b = curve[i];
        const double part = (load - a.load) / (b.load - a.load);
        return std::exp(std::log(a.seconds) + part * (std::log(b.seconds) - std::log(a.seconds)));
    }
    return curve.back().seconds;
}

void OverloadClock::add(double t, double load, double most_s) {
    if (any_) {
        const double dt = std::clamp(t - t_, 0.0, most_s);
        const double allowed = allowed_seconds(curve_, load_);
        // It cools as slowly as it warms at the curve's first point, which is its slowest.
        const double rate = std::isfinite(allowed) ? 1 / allowed
                            : curve_.empty()       ? 0
                                                   : -1 / curve_.front().seconds;
        used_ = std::clamp(used_ + dt * rate, 0.0, 1.0);
    }
    any_ = true;
    t_ = t;
    load_ = load;
}

double OverloadClock::remaining() const {
    if (!any_) return std::numeric_limits<double>::infinity();
    return (1 - used_) * allowed_seconds(curve_, load_);
}

}  // namespace firebreak
