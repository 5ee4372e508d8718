// Commands over MQTT for one target, to a room's agent for its outlets or to anything else that
// acknowledges: repeated with back-off until its acknowledgement settles them. Same item and action
// keep their id, whichever alarm leads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/posture.hpp"
#include "contract/support/backoff.hpp"
#include "contract/support/time.hpp"
#include "host/plan.hpp"

namespace firebreak {

class OutletOrders {
public:
    struct Settled {
        Step step;
        Outcome outcome = Outcome::done;
        bool ours = false;  ///< a command of this host's is known to have changed it
    };

    /// `answer_within`: what is not answered by then has failed, and is repeated all the same; 0 is
    /// never.
    explicit OutletOrders(Duration answer_within = Duration::zero())
        : answer_within_(answer_within) {}

    /// Exactly these steps are wanted now. What has been commanded and is no longer wanted is not
    /// repeated; its answer may still come. Returns those that were not wanted until now.
    std::vector<Step> want(const std::vector<Step>& steps);

    /// The steps to command now, the first time or again.
    [[nodiscard]] std::vector<Step> take_due(Instant now);

    /// What an acknowledgement settles, even late; nothing if it is of no command still unsettled.
    std::optional<Settled> acked(const Ack& ack);

    /// The agent was heard anew, or the link is back: repeat without waiting.
    void hurry(Instant now);

    [[nodiscard]] Instant next_deadline() const;
    /// Commanded already, and not settled yet.
    [[nodiscard]] bool commanding(const Step& step) const;
    [[nodiscard]] bool empty() const { return pending_.empty(); }
    /// Why commands are still unsettled, for people; "" when none is late.
    [[nodiscard]] std::string trouble() const;
    /// An agent said refused, failed or rehearsed to a command still wanted, or nothing for too
    /// long.
    [[nodiscard]] std::optional<Outcome> rejection() const;

private:
    struct Pending {
        Step step;
        int attempts = 0;
        Instant first{};
        Instant next{};
        bool late = false;
        Backoff backoff{std::chrono::milliseconds(500), std::chrono::seconds(30)};
        std::optional<Outcome> rejected;
        std::string detail;
    };
    using ByItem = std::map<std::string, Pending>;

    std::optional<Settled> settle(ByItem& commands, const Ack& ack);

    Duration answer_within_;
    ByItem pending_;
    /// Commanded and unsettled, and not wanted any more; an item once. Of the same item what is
    /// settled later was commanded later, and puts an end to it.
    ByItem unwanted_;
};

}  // namespace firebreak
