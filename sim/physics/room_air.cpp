#include "sim/physics/room_air.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

void RoomAir::step(double seconds, double watts, double gas, double outside) {
    if (celsius_ > type_.set_point + type_.band) runs_ = true;
    if (celsius_ < type_.set_point - type_.band) runs_ = false;
    runs_ = runs_ && works_;
    const double losses = type_.to_outside + (open_ ? type_.door : 0);
    const double sources = watts + type_.heat - (runs_ ? type_.cooling : 0);
    // Exact for constant sources, so that a step of any length is stable.
    const double rest = outside + sources / losses;
    celsius_ = rest + (celsius_ - rest) * std::exp(-seconds * losses / type_.joules_a_kelvin);

    const double litres = std::max(0.0, gas - given_) * type_.litres_a_cell;
    given_ = std::max(given_, gas);
    mixed_ = std::min(100.0, mixed_ + litres / (type_.volume * 1000) * 100);
    const double changes = type_.air_changes * (open_ ? 10 : 1) / 3600;
    mixed_ *= std::exp(-changes * seconds);
    at_detector_ += (mixed_ - at_detector_) * -std::expm1(-seconds / type_.transport);
}

}  // namespace firebreak
