// What drains send elsewhere, and what the sites that receive can hold: who must make room for
// whom. Pure values and functions; loads in one unit of the site's own, requests a second, say.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "contract/support/complaint.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// Of one target, while others are drained.
struct Burden {
    double load = 0;      ///< its own, and what it gets of those that are drained
    double received = 0;  ///< only that
    double share = 1;     ///< of its load that its site can hold

    bool operator==(const Burden&) const = default;
};

/// By target. What is drained goes to the same service elsewhere, by the number of items. `before`
/// are those of the last time, or none: what has made room takes more only into room to spare.
/// A site that receives nothing, or of which nobody knows what it holds, makes no room.
[[nodiscard]] std::vector<Burden> burdens(const PolicyPlan& plan, const std::vector<bool>& drained,
                                          const std::vector<Burden>& before);

/// What a site must hold, of how much, and who carries how much less; "" when it receives nothing.
[[nodiscard]] std::string describe_site(const PolicyPlan& plan, const std::string& site,
                                        const std::vector<Burden>& burdens);

/// So many of `items` go down that a `share` of the load is carried: those that are `down` already
/// first, then from the last.
[[nodiscard]] std::set<std::string> items_to_yield(const std::vector<std::string>& items,
                                                   const std::set<std::string>& down, double share);

/// A table for people: if a site drains, what the others must hold.
[[nodiscard]] std::string describe_capacity(const PolicyPlan& plan);

/// Complains of figures that are missing where others need them; warns of what cannot be held.
void check_capacity(PolicyPlan& plan, Complaints& complaints);

}  // namespace firebreak
