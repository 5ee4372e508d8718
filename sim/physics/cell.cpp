#include "sim/physics/cell.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

constexpr double gas_constant = 8.314;
/// Below this nothing reacts that a thermometer could tell: the film makes 0.01 Cel an hour.
constexpr double dormant = 273.15 + 60;
/// No part of a step warms the cell by more than this, so that steps of any length agree.
constexpr double finest = 0.5;
constexpr double least_step = 1e-4;

/// Kim et al. 2007, table 1: frequency factor 1/s, activation energy J/mol, heat J/g, content g/m3.
struct Reaction {
    double factor, activation, heat, content, amount;

    [[nodiscard]] double speed(double kelvin) const {
        return factor * std::exp(-activation / (gas_constant * kelvin));
    }
    [[nodiscard]] double joules_a_cubic_metre() const { return heat * content; }
};
constexpr Reaction film{1.667e15, 1.3508e5, 257, 6.104e5, 0.15};
constexpr Reaction anode{2.5e13, 1.3508e5, 1714, 6.104e5, 0.75};
constexpr Reaction cathode{6.667e13, 1.396e5, 314, 1.221e6, 0.04};
constexpr Reaction electrolyte{5.14e25, 2.74e5, 155, 4.069e5, 1};

}  // namespace

Cell::Cell(const CellType& type, double celsius)
    : type_(type),
      kelvin_(celsius + 273.15),
      volts_(type.volts),
      left_{film.amount, anode.amount, electrolyte.amount},
      cathode_(cathode.amount) {
    full_ = chemical_energy();
}

double Cell::chemical_energy() const {
    const double volume = type_.mass / type_.density;
    return type_.energy * volume *
           (left_[0] * film.joules_a_cubic_metre() + left_[1] * anode.joules_a_cubic_metre() +
            left_[2] * electrolyte.joules_a_cubic_metre() +
            (1 - cathode_) * cathode.joules_a_cubic_metre());
}

double Cell::gas() const {
    return vented_ ? 0.1 + 0.9 * (1 - chemical_energy() / full_) : 0;
}

/// Each reaction by its exact solution over the step, so that none overshoots and the heat is
/// what the stores have lost. Gives joules.
double Cell::react(double seconds) {
    if (kelvin_ < dormant) return 0;
    const double before = chemical_energy();
    const double anode_gone =
        left_[1] * -std::expm1(-anode.speed(kelvin_) * std::exp(-film_growth_ / 0.033) * seconds);
    left_[0] *= std::exp(-film.speed(kelvin_) * seconds);
    left_[1] -= anode_gone;
    film_growth_ += anode_gone;
    left_[2] *= std::exp(-electrolyte.speed(kelvin_) * seconds);
    const double exponent = std::min(cathode.speed(kelvin_) * seconds, 100.0);
    const double odds = cathode_ / (1 - cathode_) * std::exp(exponent);
    cathode_ = std::min(odds / (1 + odds), 1 - 1e-9);
    return before - chemical_energy();
}

void Cell::step(double seconds, double watts) {
    const double begin = kelvin_;
    double speed = std::abs(watts) / joules_a_kelvin() + std::abs(rate_);
    for (double left = seconds; left > 0;) {
        // A dormant cell is exact in one step; a hot one takes parts as fine as it is fast.
        const double part =
            kelvin_ < dormant - finest && speed * seconds < finest
                ? left
                : std::min(left, std::max(least_step, finest / std::max(speed, 0.1) / 4));
        const double joules = react(part) + watts * part;
        kelvin_ += joules / joules_a_kelvin();
        speed = std::abs(joules) / part / joules_a_kelvin();
        left -= part;
        if (left < 1e-9) left = 0;
    }
    rate_ = (kelvin_ - begin) / seconds;
    vented_ = vented_ || celsius() >= type_.vents_at;
    shorted_ = shorted_ || celsius() >= type_.shorts_at;
    // The voltage of a shorted cell is gone within seconds (Feng et al. 2018).
    if (shorted_) volts_ *= std::exp(-seconds / 5);
}

}  // namespace firebreak
