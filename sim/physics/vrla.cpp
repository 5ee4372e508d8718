#include "sim/physics/vrla.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

double VrlaBlock::amperes() const {
    if (!charging_) return 0;
    const double warmth = std::exp2((celsius_ - 25) / 10);
    const double excess = std::pow(10, (type_.volts_a_cell - 2.27) / 0.2);
    return std::min(type_.most_current, type_.float_current * warmth * excess);
}

void VrlaBlock::step(double seconds, double air, double watts) {
    for (double left = seconds; left > 0;) {
        const double part = std::min(left, 10.0);
        const double heat = watts + amperes() * type_.volts_a_cell * type_.cells;
        celsius_ += (heat - type_.to_air * (celsius_ - air)) * part / type_.joules_a_kelvin;
        left -= part;
    }
}

}  // namespace firebreak
