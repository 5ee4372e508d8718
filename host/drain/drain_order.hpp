// Drains in order of need: a target is put down only after those that need it. One that does not
// get there is stuck: it is said aloud, and passed or waited for, as the policy says. No I/O, time
// is an argument; one thread owns it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/guard.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// A target as it stands; one each, as in the policy.
struct DrainTarget {
    Posture wanted = Posture::normal;
    Posture reached = Posture::normal;
    bool read = false;  ///< what it has reached is known
};

class DrainOrder {
public:
    /// `plan` must outlive this.
    explicit DrainOrder(const PolicyPlan& plan);

    /// Whether any target needs another.
    [[nodiscard]] bool active() const { return active_; }

    /// How everything stands; before the guard is asked.
    void look(const std::vector<DrainTarget>& targets, Instant now);

    /// Whether a target may be put down now.
    [[nodiscard]] Refusal guard(std::size_t target, Instant now) const;

    /// Those that are stuck, each once.
    [[nodiscard]] std::vector<std::string> take_news() { return std::exchange(news_, {}); }
    [[nodiscard]] Instant next_deadline(Instant now) const;

private:
    struct Under {
        bool open = false;             ///< asked to go down and not down yet
        std::optional<Instant> since;  ///< the same, and nobody is to go before it any more
        bool told = false;
    };

    [[nodiscard]] bool is_stuck(const Under& under, Instant now) const {
        return under.since && now - *under.since >= plan_.drain.stuck_after;
    }
    /// Whoever is to go before this target; nothing when its turn has come.
    [[nodiscard]] std::optional<std::size_t> first_before(std::size_t target, Instant now) const;

    const PolicyPlan& plan_;
    bool active_ = false;
    std::vector<std::vector<std::size_t>> needed_by_;  ///< by target
    std::vector<Under> under_way_;                     ///< the same
    std::vector<std::string> news_;
};

}  // namespace firebreak
