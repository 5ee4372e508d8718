// What of a site the rules of a policy may put down at once, as if every alarm they name were
// active, and how much of it the guards let go. Pure. The plan must outlive it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/policy.hpp"
#include "host/power/servers_off.hpp"
#include "host/topology/services.hpp"

namespace firebreak {

/// The sites that burn, and whom that makes give room where their traffic goes.
struct Fire {
    std::optional<std::set<std::string>> sites;  ///< nothing: all of them
    std::vector<bool> gives_room;                ///< by target: all of its items; none: nobody
};

/// A tier's traffic, or (true) its loads: what `max_tier_percent` counts together.
using TierOf = std::pair<int, bool>;

/// What is put down, and why.
struct Takings {
    std::vector<const RulePlan*> rules;      ///< each once
    std::vector<const SiteCapacity*> rooms;  ///< the same
    std::map<TierOf, std::set<std::string>> items;

    void add(const Takings& other);
};

class DownAtOnce {
public:
    explicit DownAtOnce(const PolicyPlan& plan);

    /// All fires; after the first, those in which targets give all their room.
    [[nodiscard]] const std::vector<Fire>& fires() const { return fires_; }

    /// By target: the rules that put it down whole, in the file's order.
    [[nodiscard]] const std::vector<const RulePlan*>& put_down_by(std::size_t target) const {
        return put_down_[target];
    }

    /// All targets of a service at a site, drained; nothing when one stays. `ready_keeps`: what
    /// min_ready and min_elsewhere keep, they keep.
    [[nodiscard]] std::optional<Takings> drained(const StandingService& service,
                                                 const std::string& site, const Fire& fire,
                                                 bool ready_keeps) const;
    /// All of its servers there without power.
    [[nodiscard]] std::optional<Takings> dark(const StandingService& service,
                                              const std::string& site) const;

    /// How many items of a tier `max_tier_percent` lets go.
    [[nodiscard]] std::size_t allowed(const TierOf& tier) const;
    [[nodiscard]] bool is_allowed(const Takings& taken) const;

    void take(Takings& taken, std::size_t target, const std::vector<std::string>& items,
              const RulePlan* rule) const;

private:
    void add_fire(const std::set<std::string>& sites);
    [[nodiscard]] bool keeps_ready(const TargetPlan& target) const;
    /// What of a service must be drained before a load goes off.
    [[nodiscard]] std::vector<std::size_t> waited_for(const StandingService& service,
                                                      std::size_t load) const;
    /// A load that waits for what a guard never lets down whole waits for ever.
    [[nodiscard]] bool may_go(const StandingService& service, std::size_t load) const;
    void take_waited_for(Takings& taken, const StandingService& service, std::size_t load) const;
    /// Where the topology does not say what feeds it: loads that say which service they bear.
    [[nodiscard]] std::optional<Takings> by_loads(const StandingService& service,
                                                  const std::string& site) const;

    const PolicyPlan& plan_;
    std::vector<std::vector<const RulePlan*>> put_down_;  ///< by target
    std::map<std::size_t, const RulePlan*> switched_;     ///< loads that a rule switches off whole
    std::map<std::size_t, std::vector<FedBy>> feeds_;     ///< by server, of those
    std::optional<FeedIndex> index_;
    std::map<TierOf, std::size_t> items_;
    std::vector<Fire> fires_;
};

}  // namespace firebreak
