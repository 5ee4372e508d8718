#include "sim/physics/cell_string.hpp"

#include <algorithm>

namespace firebreak {

namespace {

/// Longer steps would let heat swing between neighbours; a second is far below m c / G.
constexpr double longest_step = 1;
/// Of the voltage that a discharge at 4C takes; a typical power cell.
constexpr double sag_at_4c = 0.35;

}  // namespace

CellString::CellString(const StringType& type, double celsius, Chance& chance)
    : type_(type), heaters_(type.cells, 0.0), flow_(type.cells, 0.0) {
    if (type_.load_heat <= 0) type_.load_heat = 0.10 * type.cell.mass * type.cell.heat_capacity;
    for (std::size_t i = 0; i < type.cells; ++i) {
        cells_.emplace_back(type.cell, celsius);
        resistance_.push_back(1 + type.spread * std::clamp(chance.normal(), -2.5, 2.5) / 2.5);
    }
}

double CellString::step(double seconds, double air) {
    double given = 0;
    for (double left = seconds; left > 0; left -= longest_step) {
        const double part = std::min(left, longest_step);
        const double share = c_rate_ * c_rate_ / 16;
        // All flows from one state, then all steps: the order of the cells must not matter.
        for (std::size_t i = 0; i < cells_.size(); ++i) {
            const double lost = type_.to_air * (cells_[i].celsius() - air);
            flow_[i] = heaters_[i] + share * resistance_[i] * type_.load_heat - lost;
            given += lost * part;
            if (i > 0)
                flow_[i] += type_.to_neighbour * (cells_[i - 1].celsius() - cells_[i].celsius());
            if (i + 1 < cells_.size())
                flow_[i] += type_.to_neighbour * (cells_[i + 1].celsius() - cells_[i].celsius());
        }
        for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i].step(part, flow_[i]);
    }
    return given / seconds;
}

double CellString::volts(std::size_t i) const {
    return std::max(0.0, cells_[i].volts() - sag_at_4c * resistance_[i] * c_rate_ / 4);
}

double CellString::gas() const {
    double sum = 0;
    for (const auto& cell : cells_) sum += cell.gas();
    return sum;
}

double CellString::joules() const {
    double sum = 0;
    for (const auto& cell : cells_)
        sum += cell.celsius() * cell.joules_a_kelvin() + cell.chemical_energy();
    return sum;
}

}  // namespace firebreak
