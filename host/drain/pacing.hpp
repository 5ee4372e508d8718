// Paces drains by feedback: so many items at once, then the next while those that receive fare
// well, at the backend and at each other site of the service; over a limit it holds, and goes on
// below a part of it. Without figures it holds, too, but nothing holds for longer than [drain] has
// it. No I/O, time is an argument; one thread owns it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/actuate/feedback.hpp"
#include "host/guard.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// What feedback says of the receivers: over a limit until it is well below.
struct Strain {
    bool known = false;
    bool queue = false;   ///< too many wait
    bool errors = false;  ///< too many fail

    [[nodiscard]] bool ok() const { return known && !queue && !errors; }
    bool operator==(const Strain&) const = default;
};
[[nodiscard]] Strain strained(Strain before, const PacePlan& plan,
                              const std::optional<Feedback>& feedback);

/// Why no further item is taken, with what would let it pass; "" while all is well.
[[nodiscard]] std::string describe(const Strain& strain, const PacePlan& plan,
                                   const std::optional<Feedback>& feedback);

class Pacing {
public:
    /// `plan` must outlive this; `backends`: by target, those that share one have the same.
    Pacing(const PolicyPlan& plan, std::vector<std::size_t> backends);

    [[nodiscard]] bool paces(std::size_t target) const {
        return plan_.targets[target].pace.has_value();
    }
    /// Whether a drain is judged by how this target's servers fare, or by how many there are.
    [[nodiscard]] bool listens_to(std::size_t target) const { return !askers_[target].empty(); }
    /// A read-back came, with so many of its own servers ready if that was read; true when
    /// something follows from it.
    bool heard(std::size_t target, const std::optional<Feedback>& feedback, Instant now,
               std::optional<std::size_t> ready = std::nullopt);
    /// Whose servers a target's drain is judged by: its own backend's, and other sites'.
    [[nodiscard]] std::vector<std::size_t> judged_by(std::size_t target) const;
    /// Steps down went out, or were read back as set: what they did is seen later.
    void stepped(std::size_t target, Instant now);
    /// What is wanted of a target, and whether it is there; before the guard is asked.
    void look(std::size_t target, Posture wanted, bool done, Instant now);

    /// Whether an item that carries traffic may go now.
    [[nodiscard]] Refusal guard(std::size_t target, Posture posture, Instant now) const;
    /// Whether one more may go at once with so many.
    [[nodiscard]] Refusal guard_step(std::size_t target, Posture posture, std::size_t taken) const;
    /// Only time must pass until the next step may be judged.
    [[nodiscard]] bool settles(std::size_t target, Instant now) const;

    /// When to look at a target that is not down yet, or that receives from one.
    [[nodiscard]] Instant look_by(std::size_t target, Instant now) const;
    /// How it stands, for people; "" where nothing is paced.
    [[nodiscard]] std::string describe(std::size_t target) const;
    /// Those that were held for too long, each once.
    [[nodiscard]] std::vector<std::string> take_news() { return std::exchange(news_, {}); }
    [[nodiscard]] Instant next_deadline(Instant now) const;

private:
    struct Seen {
        std::optional<Feedback> feedback;
        Instant heard{};
        bool serves = false;  ///< some of its own servers were ready when last read
    };
    struct Receiver {
        std::size_t at;  ///< a target: the same, whose backend has others, or one elsewhere
        Strain strain;
    };
    struct Drain {
        std::optional<Instant> wanted;  ///< since when
        bool done = false;
        std::vector<Receiver> receivers;
        Instant strained_since{};
        bool told = false;
    };

    [[nodiscard]] const PacePlan& pace(std::size_t target) const {
        return *plan_.targets[target].pace;
    }
    void find_receivers();
    /// Nobody receives where no server was ready, or nothing was ever read.
    [[nodiscard]] bool receives(std::size_t target, const Receiver& receiver) const {
        return receiver.at == target || seen_[receiver.at].serves;
    }
    [[nodiscard]] std::optional<Feedback> figures(std::size_t target,
                                                  const Receiver& receiver) const;
    [[nodiscard]] const Receiver* strained_one(std::size_t target) const;
    [[nodiscard]] bool is_well(std::size_t target) const { return !strained_one(target); }
    /// Why no further item is taken, and where; "" while all is well.
    [[nodiscard]] std::string why(std::size_t target) const;
    [[nodiscard]] Instant settled_at(std::size_t target) const;
    [[nodiscard]] bool may_judge(std::size_t target) const;
    /// Since when figures, or the want of them, hold a drain.
    [[nodiscard]] std::optional<Instant> held_since(std::size_t target) const;
    [[nodiscard]] bool is_stuck(std::size_t target, Instant now) const;

    const PolicyPlan& plan_;
    std::vector<std::size_t> backends_;
    std::vector<std::optional<Instant>> stepped_;   ///< by backend
    std::vector<Drain> drains_;                     ///< by target
    std::vector<Seen> seen_;                        ///< by target
    std::vector<std::vector<std::size_t>> askers_;  ///< by target: whose drains it judges
    std::vector<std::string> news_;
};

}  // namespace firebreak
