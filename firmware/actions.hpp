// What alarms switch by themselves: a horn, a fan, a relay, a breaker's shunt trip. Works with no
// broker and no host. Owned by the core; no I/O; time is an argument. Written only when armed,
// ahead of reads, until reading back agrees. Missing evidence neither starts nor ends an action,
// and only what this switched on does it switch off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contract/action.hpp"
#include "contract/support/backoff.hpp"
#include "firmware/alarm/book.hpp"
#include "firmware/bus/report.hpp"
#include "firmware/site.hpp"

namespace firebreak {

class Actions {
public:
    /// `site` must outlive this.
    explicit Actions(const SitePlan& site);

    /// Looks at the alarms and at what the registers show, and asks for the writes that are due.
    void tick(const AlarmBook& book, const History& history, Instant now);

    /// False when the write is none of ours.
    [[nodiscard]] bool owns(const WriteReport& report) const;
    /// The reading that reading back showed, if the write went through.
    [[nodiscard]] std::optional<std::pair<std::size_t, Reading>> take(const WriteReport& report);

    [[nodiscard]] Instant next_deadline() const;
    [[nodiscard]] std::vector<WriteOrder> take_writes();
    /// How the actions stand that have changed, without their stamps; all of them at first.
    [[nodiscard]] std::vector<ActionNotice> take_news();

private:
    struct Action {
        const ActionPlan* plan = nullptr;
        const Register* reg = nullptr;
        std::vector<std::size_t> alarms;  ///< indices into the book
        ActionNotice notice;
        bool ours = false;  ///< this life switched it on, or found it so when asked
        std::optional<std::uint64_t> ticket;  ///< of the write under way
        Words words;                          ///< of the write under way
        Instant give_up{};
        Instant again{};       ///< no write before
        Instant trust_from{};  ///< readings before this may show the state before a write
        Backoff backoff;
        bool changed = true;
    };

    void ask(Action& action, const AlarmBook& book);
    void act(Action& action, const History& history, Instant now);
    void write(Action& action, Instant now);
    void end(Action& action, Outcome outcome, std::string detail, Instant now);
    static void say(Action& action, Switched reached, Outcome outcome, std::string detail);
    [[nodiscard]] Switched shown(const Action& action, double value) const;
    [[nodiscard]] static double value_of(const Action& action);

    const SitePlan& site_;
    std::vector<Action> actions_;
    std::vector<WriteOrder> writes_;
    std::uint64_t last_ticket_;
};

}  // namespace firebreak
