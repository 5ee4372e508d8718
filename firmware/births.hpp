// Hosts have begun new lives: they may know nothing of this agent, for not every broker hands over what is
// retained (RabbitMQ: nothing below a wildcard). When to say it anew. Owned by the core. Paced: whoever may
// speak for a host must not make an agent repeat itself without end.
#pragma once

#include <algorithm>

#include "contract/support/time.hpp"

namespace firebreak {

class Births {
public:
    static constexpr Duration at_most_every = std::chrono::seconds(5);

    void born(Instant now) { due_ = std::max(now, not_before_); }

    /// Whether the state of this agent is to be said anew now; true once for all births till then.
    [[nodiscard]] bool take_due(Instant now) {
        if (now < due_) return false;
        due_ = never;
        not_before_ = now + at_most_every;
        return true;
    }
    [[nodiscard]] Instant next_deadline() const { return due_; }

private:
    Instant due_ = never;
    Instant not_before_{};
};

}  // namespace firebreak
