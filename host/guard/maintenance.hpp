// Maintenance windows: while people work on a target nothing is done to it, neither down nor up.
// Pure. Windows are by wall time, the only time that people plan in; a clock that has not been
// set cannot tell whether one is open, and then the guard refuses.
#pragma once

#include <string>
#include <vector>

#include "host/guard.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// No window is longer: a forgotten one must not keep a target from ever being drained.
inline constexpr Duration longest_maintenance = std::chrono::hours(7 * 24);

[[nodiscard]] Refusal guard_maintenance(const std::vector<MaintenancePlan>& windows,
                                        const std::string& target, WallTime wall);

}  // namespace firebreak
