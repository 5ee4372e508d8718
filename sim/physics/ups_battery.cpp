#include "sim/physics/ups_battery.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace firebreak {

double overload_allowance(double load) {
    constexpr std::array<std::pair<double, double>, 4> curve = {
        {{1.05, 1200}, {1.25, 600}, {1.5, 60}, {2.0, 0.5}}};
    if (load <= curve.front().first) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 1; i < curve.size(); ++i) {
        if (load > curve[i].first) continue;
        const auto& [low, longer] = curve[i - 1];
        const auto& [high, shorter] = curve[i];
        return longer * std::pow(shorter / longer, (load - low) / (high - low));
    }
    return curve.back().second;
}

double UpsBattery::runtime_left(double load) const {
    return charge_ * type_.runtime / std::pow(std::max(load, 0.01), type_.peukert);
}

double UpsBattery::volts(double load) const {
    const double sag = (type_.volts_full - type_.volts_empty) * 0.2 * load;
    return type_.volts_empty + (type_.volts_full - type_.volts_empty) * charge_ - sag;
}

void UpsBattery::step(double seconds, double load, bool on_battery) {
    const double allowed = overload_allowance(load);
    // An overload's heat leaves the inverter about as slowly as the longest overload makes it.
    strain_ =
        std::isinf(allowed) ? std::max(0.0, strain_ - seconds / 1200) : strain_ + seconds / allowed;
    if (on_battery && !down_) {
        const double spent = std::pow(std::max(load, 0.0), type_.peukert) * seconds / type_.runtime;
        charge_ = std::max(0.0, charge_ - spent);
    } else if (!on_battery) {
        charge_ = std::min(1.0, charge_ + seconds / type_.recharge);
    }
    down_ = strain_ >= 1 || (on_battery && charge_ <= 0);
}

}  // namespace firebreak
