// How a site comes back: as resolved from [restore], and the stages that follow from tiers and
// dependencies. Pure values and functions. Stages count from 1 within a site.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "contract/support/complaint.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct PolicyPlan;

enum class WhenStuck { wait, pass };

struct RestorePlan {
    bool staged = false;   ///< [restore] is there: else everything comes back at once
    Duration announce{};   ///< the plan is shown so long before it runs
    Duration settle{};     ///< what came back must be well for so long
    double inrush_kw = 0;  ///< of every UPS within `inrush_every`; 0: no limit
    Duration inrush_every{};
    WhenStuck stuck = WhenStuck::wait;  ///< what becomes of a stage that is not well
    Duration stuck_after{};             ///< when that is said
};

/// By target, as in the policy. A target comes back after those it needs, after the outlets that
/// feed it and after the more important ones; what an important one needs is as important.
[[nodiscard]] std::vector<std::size_t> restore_stages(const PolicyPlan& plan);

/// Complains of targets that need each other in a ring, or one that does not exist.
void check_needs(const PolicyPlan& plan, Complaints& complaints);

/// The stages of a site for people, one a line; "" for all sites.
[[nodiscard]] std::vector<std::string> describe_stages(const PolicyPlan& plan,
                                                       const std::string& site);

}  // namespace firebreak
