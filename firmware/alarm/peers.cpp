#include "firmware/alarm/peers.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

Peers::Peers(std::size_t members) {
    values_.reserve(members);
    away_.reserve(members);
}

void Peers::begin() {
    values_.clear();
}

void Peers::put(double value) {
    values_.push_back(value);
}

void Peers::end() {
    spread_ = 0;
    if (values_.size() < least) return;
    const auto middle = values_.begin() + static_cast<std::ptrdiff_t>((values_.size() - 1) / 2);
    std::nth_element(values_.begin(), middle, values_.end());
    middle_ = *middle;
    lower_ = *std::max_element(values_.begin(), middle);
    upper_ = *std::min_element(middle + 1, values_.end());
    if (values_.size() == least) return;
    const double mid = *median();
    away_.clear();
    for (const double value : values_) away_.push_back(std::abs(value - mid));
    const auto half = away_.begin() + static_cast<std::ptrdiff_t>(away_.size() / 2);
    std::nth_element(away_.begin(), half, away_.end());
    spread_ = 1.4826 * *half;  // of a normal distribution
}

std::optional<double> Peers::median() const {
    if (values_.size() < least) return std::nullopt;
    return values_.size() % 2 == 1 ? middle_ : (middle_ + upper_) / 2;
}

std::optional<Standing> Peers::standing(double own) const {
    if (values_.size() < least + 1) return std::nullopt;
    // Without the asker those below it keep their place, and those above move down by one.
    const double below = lower_ < own ? lower_ : middle_;
    const double above = middle_ < own ? middle_ : upper_;
    Standing standing;
    standing.peers = values_.size() - 1;
    standing.median = standing.peers % 2 == 1 ? above : (below + above) / 2;
    standing.spread = spread_;
    return standing;
}

}  // namespace firebreak
