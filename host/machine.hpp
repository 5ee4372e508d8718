// Which endpoints are one and the same thing under two names: what is known of a thing, and what
// was put down there, must not be counted twice. Paths are followed through links as they stand
// now.
#pragma once

#include <string>

#include "host/policy.hpp"

namespace firebreak {

/// What it is, however its address is written; alike for the same only. Not for people.
[[nodiscard]] std::string machine_of(const EndpointPlan& endpoint);

/// The endpoint that a target names; nothing when it has none.
[[nodiscard]] const EndpointPlan* endpoint_of(const PolicyPlan& plan, const TargetPlan& target);

/// The machine behind a target's endpoint.
[[nodiscard]] std::string machine_behind(const PolicyPlan& plan, const TargetPlan& target);

}  // namespace firebreak
