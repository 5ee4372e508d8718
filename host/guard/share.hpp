// How much of a tier may be down at once, and how much must be ready at other sites. Pure.
// What cannot be counted refuses. A step that takes down what is down already costs nothing.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/guard.hpp"

namespace firebreak {

/// The items of one tier, of its backends as a whole; `down` carry nothing, or soon will not.
struct TierShare {
    std::set<std::string> items;
    std::set<std::string> down;
};

/// What one target adds: every server its backend shows, an outlet or a node of its own, and of
/// what a program or a service shows its own items only.
/// Outlets, which are known only by acks, count as on until then. False: cannot tell.
[[nodiscard]] bool add_share(TierShare& share, const TargetPlan& target,
                             const TargetLedger& ledger);

/// How an item is counted: a server of a backend once, however many targets name it.
[[nodiscard]] std::string share_key(const TargetPlan& target, const std::string& item);

/// At most `percent` of the tier is down after the step.
[[nodiscard]] Refusal guard_tier_share(const TargetPlan& target, const Step& step,
                                       const std::optional<TierShare>& share, int percent);

/// At least `min_elsewhere` servers or nodes that stand in for the target are ready at other sites;
/// nothing when that is not known.
[[nodiscard]] Refusal guard_elsewhere(const TargetPlan& target,
                                      const std::optional<std::size_t>& elsewhere,
                                      int min_elsewhere);

/// How many of the ready ones are none of `local`, the servers of the target's own site.
[[nodiscard]] std::optional<std::size_t> ready_elsewhere(const ReadyServers& ready,
                                                         const std::set<std::string>& local);

}  // namespace firebreak
