#include "firmware/profile/scale.hpp"

#include <cmath>

namespace firebreak {

Scale::Scale(double factor) : factor_(factor) {
    const double inverse = 1 / factor;
    const double nearest = std::round(inverse);
    if (std::abs(inverse) < 1.5 || std::abs(nearest) > 1e15) return;
    if (std::abs(inverse - nearest) <= std::abs(nearest) * 1e-15) inverse_ = nearest;
}

}  // namespace firebreak
