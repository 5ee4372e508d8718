// Hosts that have begun a new life: they may know nothing of this agent, for not every broker hands over
// what is retained (RabbitMQ: nothing below a wildcard). Owned by the core. Bounded, and so is the pace:
// whoever may speak for a host must not make an agent repeat itself without end.
#pragma once

#include <map>
#include <string>

#include "contract/support/time.hpp"
#include "contract/topic.hpp"

namespace firebreak {

class Births {
public:
    static constexpr std::size_t max_hosts = 16;
    static constexpr Duration at_most_every = std::chrono::seconds(5);

    /// The status of a host says that it lives its life `boot`.
    void heard(const Origin& host, const std::string& boot, Instant now);

    /// Whether the state of this agent is to be said anew now; true once for all births till then.
    [[nodiscard]] bool take_due(Instant now);
    [[nodiscard]] Instant next_deadline() const { return due_; }

private:
    std::map<Origin, std::string> lives_;
    Instant due_ = never;
    Instant not_before_{};
};

}  // namespace firebreak
