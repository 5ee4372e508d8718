#include "host/guard/maintenance.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {

Refusal guard_maintenance(const std::vector<MaintenancePlan>& windows, const std::string& target,
                          WallTime wall) {
    for (const auto& window : windows) {
        const auto& names = window.targets;
        if (std::find(names.begin(), names.end(), target) == names.end()) continue;
        if (!is_set(wall)) {
            return "maintenance: cannot tell whether a window is open, the clock says " +
                   format_wall(wall) + "; passes once it is set";
        }
        if (wall < window.from || wall >= window.until) continue;
        return fmt::format("maintenance{}{}; passes from {} on", window.why.empty() ? "" : ": ",
                           window.why, format_wall(window.until));
    }
    return std::nullopt;
}

}  // namespace firebreak
