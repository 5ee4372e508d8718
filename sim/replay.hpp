// A site, a policy and a scenario played together in process: both cores, no wires, hours in
// milliseconds. Wires and balancers are instant and never fail here; real ones are in the demo
// and the system tests. Deterministic: the same three files always give the same story.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "firmware/site.hpp"
#include "host/policy.hpp"
#include "sim/scenario.hpp"

namespace firebreak {

/// One thing that happened: who did what when, counted from t0.
struct StoryLine {
    Duration at{};
    std::string who;  ///< "room", "agent" or "host"
    std::string what;

    bool operator==(const StoryLine&) const = default;
};

struct ExpectOutcome {
    ExpectPlan expect;
    bool kept = false;
    std::optional<Duration> first;  ///< when it first held, if ever until then
};

struct Replayed {
    std::vector<StoryLine> story;
    std::vector<ExpectOutcome> outcomes;

    [[nodiscard]] bool kept() const;
};

/// `speed`: story seconds in a second of the site's and the policy's periods and delays. A site
/// that is made for a compressed replay, as the demo's is, is played at that replay's speed.
[[nodiscard]] Replayed replay(const SitePlan& site, const PolicyPlan& policy,
                              const Scenario& scenario, double speed = 1);

/// The story and the outcomes for people; every expectation with "ok" or "FAILED".
[[nodiscard]] std::string describe(const Replayed& replayed);

/// Complains about expectations of targets or alarms that the policy or the site do not have.
void check_expects(const Scenario& scenario, const SitePlan& site, const PolicyPlan& policy,
                   Complaints& complaints);

}  // namespace firebreak
