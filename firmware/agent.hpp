// The agent's core: words in, messages and writes out. No thread, socket, file, clock or sleep.
// One thread owns it. Every input carries its time; next_deadline() says when to tick again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "contract/message.hpp"
#include "contract/metric.hpp"
#include "contract/support/log.hpp"
#include "contract/support/time.hpp"
#include "firmware/bus/report.hpp"
#include "firmware/site.hpp"
#include "firmware/store/store.hpp"

namespace firebreak {

/// The broker has the message with this ticket.
struct Delivered {
    std::uint64_t ticket = 0;
};

/// What became of the last StoreOrder.
struct StoreReport {
    Result<void> result;
};

using AgentInput =
    std::variant<BusReport, WriteReport, LinkUp, LinkDown, Arrived, Delivered, StoreReport>;

/// Something worth a log line, for the shell to write: the core does no I/O.
struct Note {
    LogLevel level = LogLevel::info;
    std::string event;
    std::string detail;
};

class Agent {
public:
    /// `earlier` is what the store has kept; without a store records are held only until the link
    /// has taken them.
    Agent(SitePlan plan, std::string boot, Now start,
          std::optional<Remembered> earlier = std::nullopt);
    ~Agent();
    Agent(Agent&&) noexcept;
    Agent& operator=(Agent&&) = delete;

    void handle(const AgentInput& input, Now now);
    void tick(Now now);
    [[nodiscard]] Instant next_deadline() const;

    /// Writes asked for since the last call.
    [[nodiscard]] std::vector<WriteOrder> take_writes();

    /// How devices are to be polled from now on, for those where that changed since the last call.
    [[nodiscard]] std::vector<PollOrder> take_polls();
    /// Its bus was too busy to take the order: take_polls() gives it once more.
    void poll_again(std::size_t device);

    /// What must be on the disk before what waits for it is offered; the next comes only after a
    /// StoreReport. Take it after each input, before next_message().
    [[nodiscard]] std::optional<StoreOrder> take_store_order(Now now);

    /// An order was taken and its report has not come.
    [[nodiscard]] bool awaits_store() const;

    /// What happened since the last call, for the log; bounded when nobody asks.
    [[nodiscard]] std::vector<Note> take_notes();

    /// A count that only the shell knows, for the status: "inbox.dropped".
    void set_counter(const std::string& name, std::uint64_t value);

    /// All that may be told in numbers, for whoever asks now and then.
    [[nodiscard]] MetricFamilies metrics(Now now) const;

    /// The next message to publish: urgent state, answers and records, readings of an outage,
    /// other state, newest per topic; nothing while the link is down.
    /// Call message_sent() once the link took it; a message not taken is offered again.
    [[nodiscard]] const Message* next_message();
    void message_sent();

    [[nodiscard]] Message will() const;
    [[nodiscard]] Message farewell(Now now);
    [[nodiscard]] std::vector<std::string> subscriptions() const;

    /// For the live view and for tests: the state of one alarm by name, clear if unknown name.
    [[nodiscard]] Phase phase_of(const std::string& alarm) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace firebreak
