// Guards: what must hold before a step is carried out. Each is a small pure function that
// allows or refuses with a reason for people; one that cannot tell refuses.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/time.hpp"
#include "contract/topic.hpp"
#include "host/guard/ready.hpp"
#include "host/ledger.hpp"
#include "host/plan.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// Why not, or nothing when the step is allowed: "NAME: why; passes when".
using Refusal = std::optional<std::string>;
[[nodiscard]] std::string refusal(std::string_view guard, std::string_view why,
                                  std::string_view passes);

/// A step down needs evidence that was fresh when it asked for this rung, or a higher one.
/// It may be finished on old evidence: the agent may have burnt since.
[[nodiscard]] Refusal guard_fresh(const Step& step, Posture admitted);

/// What cannot be recorded is not begun: asked as guard_fresh() is. `trouble`: why not, or "".
[[nodiscard]] Refusal guard_journal(const Step& step, Posture admitted, const std::string& trouble);

/// Whether so many of the agents a target listens to are fresh; asked as guard_fresh() is.
[[nodiscard]] Refusal guard_quorum(const Step& step, Posture admitted, int fresh, int quorum);

/// A host in the burning zone leaves a step down to a peer elsewhere that acts, for a time.
[[nodiscard]] Refusal guard_yield(const std::optional<Origin>& peer, Instant now, Instant until);

/// One step of a target, then none before `spaced_until`.
[[nodiscard]] Refusal guard_spacing(Instant now, Instant spaced_until);

/// After the step at least `min_ready` other servers of the backend must be ready. Taking down
/// what is down already costs nothing.
[[nodiscard]] Refusal guard_min_ready(const Step& step, const ReadyServers& ready, int min_ready);

/// An outlet goes off only after the targets whose servers it feeds read back as drained.
struct DrainView {
    std::string target;
    bool known = false;
    Posture reached = Posture::normal;
};
[[nodiscard]] Refusal guard_after(const std::vector<DrainView>& after);

/// Back up only on an all-clear: `doubt` says why there is none.
[[nodiscard]] Refusal guard_all_clear(const std::string& doubt);

/// A server gets traffic back only when the outlets that feed it are no longer held off.
[[nodiscard]] Refusal guard_power_back(const std::vector<std::string>& outlets_held);

/// What a refusal of a drain in steps begins with: Pacing, host/drain/pacing.hpp.
inline constexpr std::string_view pace_guard = "in steps: ";

/// At most so many steps in any minute, of traffic or of loads: each has its own, so that a load
/// that must go in seconds does not wait for the drains of a minute.
class Pace {
public:
    Pace(int steps_per_minute, std::string of)
        : most_(static_cast<std::size_t>(steps_per_minute)), of_(std::move(of)) {}

    /// Whether `steps` more may be taken now.
    [[nodiscard]] Refusal guard(Instant now, std::size_t steps = 1);
    void took(Instant now, std::size_t steps = 1) { taken_.insert(taken_.end(), steps, now); }
    /// When the next step is allowed; `never` when one is allowed already.
    [[nodiscard]] Instant next_deadline() const;

private:
    std::size_t most_;
    std::string of_;
    std::deque<Instant> taken_;  ///< never longer than most_
};

}  // namespace firebreak
