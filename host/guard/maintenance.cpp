#include "host/guard/maintenance.hpp"

#include <algorithm>

namespace firebreak {

Refusal guard_maintenance(const std::vector<MaintenancePlan>& windows, const std::string& target,
                          WallTime wall) {
    for (const auto& window : windows) {
        const auto& names = window.targets;
        if (std::find(names.begin(), names.end(), target) == names.end()) continue;
        if (!is_set(wall)) {
            return refusal(
                "maintenance",
                "cannot tell whether a window is open, the clock says " + format_wall(wall),
                "once it is set");
        }
        if (wall < window.from || wall >= window.until) continue;
        return refusal("maintenance", window.why.empty() ? "people work on it" : window.why,
                       "from " + format_wall(window.until) + " on");
    }
    return std::nullopt;
}

}  // namespace firebreak
