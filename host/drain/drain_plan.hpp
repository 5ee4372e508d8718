// What [drain] of a policy says. Pure values.
#pragma once

#include "contract/support/time.hpp"
#include "host/restore/restore_plan.hpp"

namespace firebreak {

struct DrainPlan {
    WhenStuck stuck = WhenStuck::pass;  ///< of a target that others wait for: a fire does not wait
    Duration stuck_after = std::chrono::seconds(30);
};

}  // namespace firebreak
