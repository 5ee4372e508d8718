#include "contract/overload_file.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

std::vector<CurvePoint> read_curve(Section& section) {
    std::vector<CurvePoint> curve;
    const auto loads = section.numbers("loads");
    const auto lasts = section.texts("lasts");
    if (loads.empty() || loads.size() != lasts.size()) {
        section.complain("loads",
                         "an overload curve has loads = [105, 125, 150] and as many lasts = "
                         "[\"10m\", \"1m\", \"10s\"]");
    }
    for (std::size_t i = 0; i < std::min(loads.size(), lasts.size()); ++i) {
        const auto last = parse_duration(lasts[i]);
        if (!last || *last <= Duration::zero()) {
            section.complain("lasts", '"' + lasts[i] + "\" is no duration like \"10m\"");
            continue;
        }
        const CurvePoint point{loads[i], seconds(*last)};
        if (!std::isfinite(point.load) ||
            (!curve.empty() &&
             (point.load <= curve.back().load || point.seconds >= curve.back().seconds))) {
            section.complain("loads", "loads must rise and what they last must fall");
            continue;
        }
        curve.push_back(point);
    }
    return curve;
}

}  // namespace firebreak
