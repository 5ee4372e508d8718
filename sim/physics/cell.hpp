// A lumped lithium-ion cell that heats itself: four reactions after Hatchard and Kim. Value type.
// Kelvin inside, Cel outside; watts, joules, seconds. What heats it besides comes as an argument.
// Kim, Pesaran, Spotnitz: A three-dimensional thermal abuse model for lithium-ion cells. J. Power
// Sources 170 (2007) 476-489; Hatchard et al.: J. Electrochem. Soc. 148 (2001) A755-A761.
#pragma once

#include <array>

namespace firebreak {

/// What a cell is made of; the defaults are a metal-oxide cell of about 50 Ah.
struct CellType {
    double mass = 1.0;            ///< kg
    double heat_capacity = 1000;  ///< J/(kg K)
    double density = 2500;        ///< kg/m3, of the jelly roll
    double energy = 1.0;          ///< of the reactions' heat, 1 is Kim's LiCoO2; LFP is about 0.5
    double vents_at = 130;        ///< Cel, the safety valve
    double shorts_at = 160;       ///< Cel, the separator gives way and the voltage goes
    double volts = 3.7;
};

class Cell {
public:
    Cell(const CellType& type, double celsius);

    /// `watts`: all heat from outside, negative when it loses more than it gets.
    void step(double seconds, double watts);

    [[nodiscard]] double celsius() const { return kelvin_ - 273.15; }
    /// Of the last step, in Cel/s.
    [[nodiscard]] double rate() const { return rate_; }
    [[nodiscard]] double volts() const { return volts_; }
    [[nodiscard]] bool vented() const { return vented_; }
    /// Share of its gas that the cell has given off: a tenth at the vent, the rest as it reacts.
    [[nodiscard]] double gas() const;
    /// Joules that the reactions can still set free.
    [[nodiscard]] double chemical_energy() const;
    [[nodiscard]] double joules_a_kelvin() const { return type_.mass * type_.heat_capacity; }

private:
    double react(double seconds);

    CellType type_;
    double kelvin_;
    double rate_ = 0;
    double volts_;
    bool vented_ = false;
    bool shorted_ = false;
    std::array<double, 3> left_;  ///< anode film, anode, electrolyte
    double film_growth_ = 0.033;  ///< Kim's dimensionless SEI thickness
    double cathode_;              ///< conversion, 0.04 to 1
    double full_ = 0;             ///< chemical energy when new
};

}  // namespace firebreak
