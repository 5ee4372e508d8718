// A VRLA battery on float charge: its current grows with its warmth and warms it, until it is in
// balance with the room or runs away, in hours to days. Value type; Cel, W, A, s.
// Float current doubles each 10 Cel and rises tenfold each 0.2 V a cell over the float voltage
// (IEEE 1188 annex; Berndt, Maintenance-Free Batteries, ch. 4); recombination turns all of it to
// heat.
#pragma once

namespace firebreak {

struct VrlaType {
    double joules_a_kelvin = 25'000;  ///< a 12 V block of 35 kg
    double to_air = 1.2;              ///< W/K
    double float_current = 0.1;       ///< A at 25 Cel and 2.27 V a cell: 1 mA/Ah
    double volts_a_cell = 2.27;
    int cells = 6;
    double most_current = 20;  ///< A, of the charger
};

class VrlaBlock {
public:
    VrlaBlock(const VrlaType& type, double celsius) : type_(type), celsius_(celsius) {}

    /// A block whose neighbour has shorted cells is charged with more than its share.
    void set_volts_a_cell(double volts) { type_.volts_a_cell = volts; }
    void set_charging(bool on) { charging_ = on; }
    /// `watts`: of a discharge, through the block's own resistance.
    void step(double seconds, double air, double watts = 0);

    [[nodiscard]] double celsius() const { return celsius_; }
    [[nodiscard]] double amperes() const;

private:
    VrlaType type_;
    double celsius_;
    bool charging_ = true;
};

}  // namespace firebreak
