// What may come alone and ask for much: an alarm, or the signs that one rule asks for, of one agent
// at one site. Two sites' own alarms are two events. Pure.
#pragma once

#include <vector>

#include "host/policy.hpp"

namespace firebreak {

/// By event, the rules that vote because of it, in the order of `rules`; the same rules once. Those
/// that a site nobody names sets off come first. Of very many rules not all pairs are tried.
[[nodiscard]] std::vector<std::vector<const RulePlan*>> events_of(
    const std::vector<const RulePlan*>& rules);

}  // namespace firebreak
