#include "firmware/alarm/peers.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

Peers::Peers(std::size_t members) {
    sorted_.reserve(members);
    away_.reserve(members);
}

void Peers::begin() {
    sorted_.clear();
}

void Peers::put(double value) {
    sorted_.push_back(value);
}

void Peers::end() {
    std::sort(sorted_.begin(), sorted_.end());
    spread_ = 0;
    if (sorted_.size() <= least) return;
    const double mid = *median();
    away_.clear();
    for (const double value : sorted_) away_.push_back(std::abs(value - mid));
    const auto half = away_.begin() + static_cast<std::ptrdiff_t>(away_.size() / 2);
    std::nth_element(away_.begin(), half, away_.end());
    spread_ = 1.4826 * *half;  // of a normal distribution
}

std::optional<double> Peers::median() const {
    if (sorted_.size() < least) return std::nullopt;
    const std::size_t half = sorted_.size() / 2;
    return sorted_.size() % 2 == 1 ? sorted_[half] : (sorted_[half - 1] + sorted_[half]) / 2;
}

std::optional<Standing> Peers::standing(double own) const {
    if (sorted_.size() < least + 1) return std::nullopt;
    const auto place = static_cast<std::size_t>(
        std::lower_bound(sorted_.begin(), sorted_.end(), own) - sorted_.begin());
    // The others in order are those put in without the one at `place`.
    const auto other = [&](std::size_t i) { return sorted_[i < place ? i : i + 1]; };
    const std::size_t others = sorted_.size() - 1;
    const std::size_t half = others / 2;
    Standing standing;
    standing.peers = others;
    standing.median = others % 2 == 1 ? other(half) : (other(half - 1) + other(half)) / 2;
    standing.spread = spread_;
    return standing;
}

}  // namespace firebreak
