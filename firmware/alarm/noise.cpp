#include "firmware/alarm/noise.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

void Noise::add(double t, double value) {
    const Sample newest{t, value};
    if (count_ >= 1) {
        const double dt = t - last_[0].t;
        // A gap is not a period: it counts for no more than three of them.
        if (count_ == 1) period_ = dt;
        period_ += (std::min(dt, 3 * period_) - period_) / 16;
        const double step = std::abs(value - last_[0].value);
        // Steps this small are the arithmetic's: 231 * 0.1 is not 23.1.
        const bool real = step > 1e-6 * std::max(1e-3, std::abs(value));
        if (real && (quantum_ == 0 || step < quantum_)) quantum_ = step;
    }
    if (count_ >= 2) {
        // How far the middle of three lies off the line through the others: no slope is in it.
        const double span = t - last_[1].t;
        const double part = span > 0 ? (last_[0].t - last_[1].t) / span : 0;
        const double chord = last_[1].value + part * (value - last_[1].value);
        learn(std::abs(last_[0].value - chord));
    }
    last_[1] = last_[0];
    last_[0] = newest;
    if (count_ < 3) ++count_;
}

/// Follows the median of the sizes by fixed ratios, so that one spike moves it by one ratio only.
void Noise::learn(double size) {
    if (learnt_ < 3) {
        size_ = learnt_ == 0 ? size : std::min(size_, size);
        ++learnt_;
        return;
    }
    const bool young = learnt_ < 32;
    if (young) ++learnt_;
    const double ratio = young ? 1.2 : 1.05;
    if (size > size_) {
        size_ = std::max(size_ * ratio, 0.02 * quantum_);
    } else {
        size_ /= ratio;
    }
}

double Noise::sigma() const {
    // White noise of σ puts the middle sqrt(1.5) σ off the line; the median of that is 0.674 of it.
    const double white = size_ / (0.6745 * std::sqrt(1.5));
    // Rounding to steps of q adds q²/12, but continuous noise has no steps worth the name.
    const double rounding = white < quantum_ ? quantum_ * quantum_ / 12 : 0;
    return std::sqrt(white * white + rounding);
}

}  // namespace firebreak
