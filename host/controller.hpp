// The host's core: messages and receipts in, messages and steps out. No thread, socket, file,
// clock or sleep. One thread owns it. next_deadline() says when to tick again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "contract/message.hpp"
#include "contract/metric.hpp"
#include "contract/support/log.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "host/actuate/actuator.hpp"
#include "host/plan.hpp"
#include "host/policy.hpp"

namespace firebreak {

/// A crew worker's answer: what the target's items are now. Empty `steps`: an observation.
struct Receipt {
    std::string target;
    std::vector<Step> steps;
    Result<ItemStates> states;
};

/// Work for the crew. Empty `steps`: only observe.
struct Order {
    std::string target;
    std::vector<Step> steps;
};

using HostInput = std::variant<Receipt, LinkUp, LinkDown, Arrived>;

class Controller {
public:
    Controller(PolicyPlan plan, std::string boot, Now start);
    ~Controller();
    Controller(Controller&&) noexcept;
    Controller& operator=(Controller&&) = delete;

    /// What comes in is known at once, and acted on at the next tick(): of a flood all is taken
    /// in first. handle() is both.
    void take_in(const HostInput& input, Now now);
    void tick(Now now);
    void handle(const HostInput& input, Now now);
    [[nodiscard]] Instant next_deadline() const;

    /// Orders for the crew since the last call; at most one per target is under way.
    [[nodiscard]] std::vector<Order> take_orders();

    /// What happened since the last call, for the log; bounded when nobody asks.
    [[nodiscard]] std::vector<LogLine> take_log();

    /// All that may be told in numbers, for whoever asks now and then.
    [[nodiscard]] MetricFamilies metrics(Now now) const;

    /// The next message to publish; nothing while the link is down.
    [[nodiscard]] const Message* next_message();
    void message_sent();

    [[nodiscard]] Message will() const;
    [[nodiscard]] Message farewell(Now now);
    [[nodiscard]] std::vector<std::string> subscriptions() const;

    /// For tests and the replay: what a target has reached by reading back.
    [[nodiscard]] Posture reached(const std::string& target) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
