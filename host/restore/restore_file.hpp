// Reads [restore] and [drain] of a policy file. All errors are kept.
#pragma once

#include <string>

#include "contract/support/config_file.hpp"
#include "host/drain/drain_plan.hpp"
#include "host/restore/restore_plan.hpp"

namespace firebreak {

[[nodiscard]] RestorePlan read_restore(Section section);
[[nodiscard]] DrainPlan read_drain(Section section);

/// For people.
[[nodiscard]] std::string describe(const RestorePlan& plan);

}  // namespace firebreak
