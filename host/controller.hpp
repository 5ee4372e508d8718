// The host's core: messages and receipts in, messages and steps out. No thread, socket, file,
// clock or sleep. One thread owns it. next_deadline() says when to tick again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/message.hpp"
#include "contract/metric.hpp"
#include "contract/support/log.hpp"
#include "contract/support/time.hpp"
#include "host/input.hpp"
#include "host/journal/entry.hpp"
#include "host/policy.hpp"

namespace firebreak {

class Controller {
public:
    /// With the SHA-256 of a policy's text: a record is kept, for take_record().
    Controller(PolicyPlan plan, std::string boot, Now start,
               std::optional<std::string> policy_digest = std::nullopt);
    ~Controller();
    Controller(Controller&&) noexcept;
    Controller& operator=(Controller&&) = delete;

    /// What comes in is known at once, and acted on at the next tick(): of a flood all is taken
    /// in first. handle() is both.
    void take_in(HostInput input, Now now);
    void tick(Now now);
    void handle(HostInput input, Now now);
    [[nodiscard]] Instant next_deadline() const;

    /// Orders for the crew since the last call; at most one per target is under way.
    [[nodiscard]] std::vector<Order> take_orders();

    /// Is offered each order as soon as it is decided, while the next ones are still thought of.
    /// What it does not take is offered once more, to `together`, when all is decided; what neither
    /// takes waits for take_orders(). Nothing here depends on which.
    using OrderTaker = std::function<bool(Order&)>;
    void hand_orders_to(OrderTaker at_once, OrderTaker together = {});

    /// What happened since the last call, for the log; bounded when nobody asks.
    [[nodiscard]] std::vector<LogLine> take_log();

    /// What operators are to be told, in the order in which they asked.
    [[nodiscard]] std::vector<HostAnswer> take_answers();

    /// What to write into the journal since the last call: inputs and what followed, in order.
    [[nodiscard]] std::vector<Entry> take_record();

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
