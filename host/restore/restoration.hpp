// Holds what comes back to its stages: one after the other, each well before the next, no more
// kW a feed at once than it bears, none while the site is in danger anew or somebody holds it.
// No I/O, time is an argument; one thread owns it. Only guards: it starts nothing by itself.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "host/guard.hpp"
#include "host/power/draw.hpp"
#include "host/power/ups_watch.hpp"
#include "host/restore/restore_plan.hpp"

namespace firebreak {

/// A target as it bears on the restoration of its site; one each, as in the policy.
struct RestoreTarget {
    const TargetLedger* ledger = nullptr;
    Posture asked = Posture::normal;   ///< by the votes of now
    Posture wanted = Posture::normal;  ///< by its rung
    std::string because;               ///< the vote that leads
};

/// What an operator holds who wants nothing brought back, and yet everything that is asked for put
/// down.
inline constexpr std::string_view whole_restoration = "restoration";

class Restoration {
public:
    /// `plan` must outlive this.
    explicit Restoration(const PolicyPlan& plan);

    [[nodiscard]] bool active() const { return plan_.restore.staged; }

    /// How everything stands; before the guard is asked.
    void look(std::vector<RestoreTarget> targets, std::vector<UpsView> upss, bool armed,
              Instant now);

    /// Whether an item may be brought back now.
    [[nodiscard]] Refusal guard(std::size_t target, const Step& step, Instant now) const;
    /// It is: counts against the inrush, and, unless it is only rehearsed, must read back as well.
    void took(std::size_t target, const Step& step, bool armed, Instant now);

    /// Nothing more is brought back, anywhere, until it is released.
    void hold(std::string why) { held_ = std::move(why); }
    void release() { held_.reset(); }

    /// Plans to be shown and stages that are stuck, each once.
    [[nodiscard]] std::vector<std::string> take_news() { return std::exchange(news_, {}); }
    [[nodiscard]] Instant next_deadline(Instant now) const;

private:
    struct Back {
        Instant at{};                       ///< brought back
        std::optional<Instant> well_since;  ///< read back as it should be
    };
    /// What of a target is still to be brought back, from its turn on; anew with each item of its
    /// site that is.
    struct Owed {
        std::optional<Instant> since;
        bool told = false;
    };
    /// On its way to be switched on: it counts against the inrush until it has been on for the
    /// window, or nobody expects it any more.
    struct Switched {
        Instant at{};
        std::optional<Instant> on_since = {};  ///< read back
        bool recent = true;
    };
    using Item = std::pair<std::size_t, std::string>;

    void look_at_items(Instant now);
    void look_at_switched(Instant now);
    [[nodiscard]] bool is_over(const Item& item, Switched& switched, Instant now) const;
    void look_at_sites(Instant now);
    void look_at_owed(Instant now);
    [[nodiscard]] bool owes(std::size_t target) const;
    [[nodiscard]] bool is_stuck(const Back& back, Instant now) const;
    [[nodiscard]] bool is_stuck(const Owed& owed, Instant now) const;
    [[nodiscard]] std::string_view what_then() const;
    /// What of a target is not back and well, for people; "" when all is.
    [[nodiscard]] std::string missing(std::size_t target, Instant now) const;
    [[nodiscard]] Refusal guard_site(std::size_t target, Instant now) const;
    [[nodiscard]] Refusal guard_stage(std::size_t target, Instant now) const;
    [[nodiscard]] Refusal guard_feeds(std::size_t target, const Step& step) const;
    [[nodiscard]] Refusal guard_inrush(const std::vector<double>& recent,
                                       const std::vector<double>& kw) const;
    /// The watched UPSs of its site, or those that feed it, bear it, too.
    [[nodiscard]] Refusal guard_upss(std::size_t target, const std::vector<double>& recent,
                                     const std::optional<std::vector<double>>& kw) const;
    /// By UPS, as the feeds are now; nothing where nobody knows.
    [[nodiscard]] std::optional<std::vector<double>> kw_of(const Item& item) const;
    [[nodiscard]] bool all_stuck(std::size_t target, Instant now) const;

    const PolicyPlan& plan_;
    std::vector<std::size_t> stages_;
    std::vector<Draw> draws_;
    std::map<Item, std::size_t> draw_of_;  ///< of what is switched
    std::vector<RestoreTarget> targets_;
    std::vector<UpsView> upss_;
    std::map<Item, Back> back_;  ///< brought back and not yet well for long
    std::vector<Owed> owed_;     ///< by target
    std::map<Item, Switched> switched_;
    std::vector<bool> lost_;  ///< UPSs of the topology that carry nothing
    bool armed_ = false;
    std::map<std::string, Instant> announced_;  ///< by site that comes back
    std::set<Item> told_;                       ///< stuck, and said so
    std::optional<std::string> held_;
    std::vector<std::string> news_;
};

}  // namespace firebreak
