// What the host knows of its targets by reading back, and what it owes them: items it put down
// and must bring back, the order under way, the wait after failures. One thread owns it.
// Held are only items that carried traffic or load before and then read as we had set them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "contract/support/backoff.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "host/actuate/actuator.hpp"
#include "host/actuate/marks.hpp"
#include "host/plan.hpp"

namespace firebreak {

class TargetLedger {
public:
    static constexpr Duration observe_every = std::chrono::seconds(5);
    static constexpr Duration first_wait = std::chrono::milliseconds(500);
    static constexpr Duration longest_wait = std::chrono::seconds(30);
    /// An answer this late was lost on its way: ask anew. Longer than any endpoint's timeout.
    static constexpr Duration lost_after = std::chrono::seconds(120);

    /// The actuator leaves a mark on what it puts down and reads it back: every lowered
    /// item without `by_others` is held, whatever this life of the host remembers; one `by_peer`
    /// where it was taken over.
    void trust_marks(bool marked) { marked_ = marked; }

    /// What this host sets stays below what people set on top of it, as a weight below maintenance:
    /// it is held until the item is up again, and is given back once nothing is on top.
    void trust_to_stay_below(bool stays) { stays_below_ = stays; }

    /// Steps, or an observation when there are none, go out to the crew.
    void ordered(const std::vector<Step>& steps, Instant now);

    /// Read back; items changed by somebody else are no longer held. Returns their names.
    /// Steps that do not read back as set are a failure: the wait grows. What is draining is on its
    /// way: it is asked for again at a steady pace.
    std::vector<std::string> read_back(ItemStates states, Instant now);
    /// `steps`: what failed was an order with steps, not an observation.
    void failed(const std::string& why, bool steps, Instant now);

    /// Nothing is left to be done: what failed before no longer matters.
    void settled();

    /// One item's acknowledged state, for outlets.
    void item_is(const std::string& item, const std::string& state, bool ours);

    /// These items were put down by an earlier life of this host, or by a peer that is gone; into
    /// what, if known.
    void took_over(const std::vector<std::string>& items, std::string_view action, Whose of);

    /// The next look is not to be later than that.
    void look_by(Instant at) { observe_at_ = std::min(observe_at_, at); }

    /// Another attempt need not wait: more is wanted, or its endpoint answers again.
    void hurry(Instant now);
    void endpoint_answers(Instant now) {
        if (reach_backoff_.failing()) hurry(now);
    }

    [[nodiscard]] bool under_way() const { return under_way_; }
    [[nodiscard]] bool known() const { return known_; }
    [[nodiscard]] bool may_step(Instant now) const {
        return known_ && !under_way_ && now >= step_at_;
    }
    [[nodiscard]] bool must_observe(Instant now) const {
        return !under_way_ && now >= (known_ ? observe_at_ : reach_at_);
    }
    [[nodiscard]] bool lost(Instant now) const {
        return under_way_ && now >= ordered_at_ + lost_after;
    }
    /// When to look again after having looked at `now`.
    [[nodiscard]] Instant next_deadline(Instant now) const;

    /// Changes with what is known or held: what was worked out from it may be kept until then.
    [[nodiscard]] std::uint64_t revision() const { return revision_; }
    [[nodiscard]] const ItemStates& states() const { return states_; }
    [[nodiscard]] const std::map<std::string, std::string>& held() const { return held_; }
    [[nodiscard]] std::vector<std::string> held_items() const;
    /// Items that an order under way, or one whose answer was lost, may take down.
    [[nodiscard]] std::vector<std::string> going_down() const;
    /// What this host had put down and a peer has put further down since: below the peer's part
    /// its own may still be.
    [[nodiscard]] const std::set<std::string>& below_peer() const { return below_peer_; }
    /// What the first item that is draining, and not by others, waits for, or why nothing is known
    /// of it; or "".
    [[nodiscard]] const std::string& waits() const { return waits_; }
    [[nodiscard]] const std::string& fault() const {
        return reach_fault_.empty() ? step_fault_ : reach_fault_;
    }

private:
    struct Try {
        std::string item;
        std::string action;
        bool ours = false;  ///< it carried before, or was held: putting it down makes it held
    };

    std::vector<std::string> drop_foreign();
    std::vector<std::string> hold_marked();
    void look_at_waits();

    ItemStates states_;                        ///< as last read back, the whole backend
    std::map<std::string, std::string> held_;  ///< item -> what it was set to
    std::vector<Try> tried_;                   ///< whose effect is not read yet; an item once
    std::set<std::string> inherited_;          ///< of a peer that is gone: its mark counts as ours
    std::set<std::string> recalled_;           ///< taken over, and not yet read to bear a mark
    std::set<std::string> below_peer_;         ///< held until then, and lowered since
    std::string waits_;
    std::uint64_t revision_ = 1;
    bool marked_ = false;
    bool stays_below_ = false;
    bool known_ = false;  ///< read back, and nothing failed since
    bool under_way_ = false;
    bool steps_under_way_ = false;
    Instant ordered_at_{};
    Instant observe_at_{};
    // Two waits: an endpoint that answers but refuses the step must not be asked in a loop.
    Instant reach_at_{};
    Instant step_at_{};
    Backoff reach_backoff_{first_wait, longest_wait};
    Backoff step_backoff_{first_wait, longest_wait};
    bool observing_failed_ = false;  ///< the last failure was an observation's
    std::string reach_fault_;
    std::string step_fault_;
};

}  // namespace firebreak
