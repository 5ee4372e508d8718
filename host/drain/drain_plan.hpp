// What [drain], [[capacity]] and [pace] of a policy say. Pure values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/posture.hpp"
#include "contract/support/complaint.hpp"
#include "contract/support/time.hpp"
#include "host/restore/restore_plan.hpp"

namespace firebreak {

/// What a site can hold of the loads that its targets bear.
struct SiteCapacity {
    std::string site;
    double holds = 0;
    Place place;
};

struct DrainPlan {
    WhenStuck stuck = WhenStuck::pass;  ///< of a target that others wait for: a fire does not wait
    Duration stuck_after = std::chrono::seconds(30);
    std::vector<SiteCapacity> sites;
    int spare_percent = 10;  ///< of a site, free before what has made room takes more again
};

/// A drain in steps: the next only while those that receive fare well.
struct PacePlan {
    std::optional<std::int64_t> max_queue;      ///< requests that wait for a server
    std::optional<double> max_error_percent;    ///< of what the receivers are given
    int resume_percent = 80;                    ///< of a limit, that its drain goes on at
    int step_percent = 25;                      ///< of a target's items at once
    Duration settle = std::chrono::seconds(2);  ///< before what a step did can be seen
    Posture unpaced_from = Posture::cut;        ///< from there on nothing waits
};

}  // namespace firebreak
