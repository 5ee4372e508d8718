// The air of a battery room: warmth, cooling that cycles, doors, gas and smoke on their way to the
// detectors. One well-mixed volume. Value type; Cel, W, s, % by volume.
#pragma once

namespace firebreak {

struct AirType {
    double joules_a_kelvin = 300'000;  ///< air and what stands in it, 60 m3 of a fitted room
    double to_outside = 30;            ///< W/K through the walls
    double cooling = 3000;             ///< W while the compressor runs
    double set_point = 24;             ///< Cel; runs above +band, stops below -band
    double band = 1;
    double heat = 800;            ///< W of chargers and losses, always
    double door = 150;            ///< W/K while the door stands open
    double volume = 60;           ///< m3
    double air_changes = 1;       ///< an hour
    double transport = 20;        ///< s from a cell to a detector under the ceiling
    double litres_a_cell = 75;    ///< of gas: 1.5 L/Ah (Baird et al., J. Power Sources 446, 2020)
    double hydrogen_share = 0.3;  ///< of that gas, by volume
};

class RoomAir {
public:
    RoomAir(const AirType& type, double celsius) : type_(type), celsius_(celsius) {}

    void set_cooling(bool works) { works_ = works; }
    void set_door(bool open) { open_ = open; }

    /// `gas`: given off so far, in cells; `watts` from the batteries; `outside` in Cel.
    void step(double seconds, double watts, double gas, double outside);

    [[nodiscard]] double celsius() const { return celsius_; }
    [[nodiscard]] bool cooling_runs() const { return runs_; }
    /// At the detectors.
    [[nodiscard]] double hydrogen() const { return at_detector_ * type_.hydrogen_share; }
    /// All off-gas (H2, CO, CO2, electrolyte vapour) at the detectors, in ppm.
    [[nodiscard]] double off_gas_ppm() const { return at_detector_ * 1e4; }
    /// Obscuration in %/m; what a cell gives off when it burns fills a room of 60 m3 several times.
    [[nodiscard]] double smoke() const { return at_detector_ * 100; }

private:
    AirType type_;
    double celsius_;
    double given_ = 0;
    double mixed_ = 0;        ///< % by volume, everywhere
    double at_detector_ = 0;  ///< % by volume, later
    bool works_ = true;
    bool runs_ = false;
    bool open_ = false;
};

}  // namespace firebreak
