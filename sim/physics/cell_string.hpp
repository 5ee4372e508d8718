// Cells in a row that warm their neighbours and the room's air. Value type; Cel, W, s.
// Loads heat all cells alike: 4C makes 0.10 Cel/s, and heat goes with the current's square.
#pragma once

#include <cstddef>
#include <vector>

#include "sim/physics/cell.hpp"
#include "sim/physics/chance.hpp"

namespace firebreak {

struct StringType {
    CellType cell;
    std::size_t cells = 12;
    double to_neighbour = 0.5;  ///< W/K, through spacers and bus bars
    double to_air = 0.4;        ///< W/K each
    double spread = 0.1;        ///< of the cells' resistances, as a share
    double load_heat = 0;       ///< W a cell at 4C; 0: what makes 0.10 Cel/s
};

class CellString {
public:
    CellString(const StringType& type, double celsius, Chance& chance);

    /// Heats one cell from outside from now on; 0 W ends it.
    void heat(std::size_t cell, double watts) { heaters_[cell] = watts; }
    /// The current as a multiple of the capacity: 4 is a discharge in a quarter of an hour.
    void load(double c_rate) { c_rate_ = c_rate; }

    /// Gives the watts that went into the air.
    double step(double seconds, double air);

    [[nodiscard]] std::size_t size() const { return cells_.size(); }
    [[nodiscard]] const Cell& cell(std::size_t i) const { return cells_[i]; }
    /// Under load the resistance takes its part of the voltage.
    [[nodiscard]] double volts(std::size_t i) const;
    /// Of all cells: shares of one cell's gas.
    [[nodiscard]] double gas() const;
    /// Joules over those at 0 Cel, with the chemical ones.
    [[nodiscard]] double joules() const;

private:
    StringType type_;
    std::vector<Cell> cells_;
    std::vector<double> heaters_, resistance_, flow_;
    double c_rate_ = 0;
};

}  // namespace firebreak
