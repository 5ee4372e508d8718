// Reads a UPS's overload curve as people write it: loads = [125, 150], lasts = ["10m", "1m"].
#pragma once

#include <vector>

#include "contract/overload.hpp"
#include "contract/support/config_file.hpp"

namespace firebreak {

/// Loads rising, seconds falling; what is wrong is complained of and left out.
[[nodiscard]] std::vector<CurvePoint> read_curve(Section& section);

}  // namespace firebreak
