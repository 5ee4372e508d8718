// A step: one item of one target from one state to another, because of one alarm.
// Plan = wanted - what was read back. Pure. Steps set states and are idempotent.
// An item whose state is not known gets no step: it might be a human's, and left alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/posture.hpp"
#include "host/policy.hpp"

namespace firebreak {

struct Step {
    std::string id;  ///< stable: same target, item, action and cause give the same id
    std::string target;
    std::string item;                   ///< server or outlet
    std::string action;                 ///< what to set: "ready", "drain", "maint", "on", "off"
    Posture posture = Posture::normal;  ///< the rung this step serves
    std::string because;                ///< "site/agent/alarm", or "calm" on the way back
    /// How far down the item was when the step was made; nothing: not known.
    std::optional<int> from = std::nullopt;

    bool operator==(const Step&) const = default;
};

/// What a rung asks of one item.
[[nodiscard]] std::string_view action_for(Ladder ladder, Posture wanted);

/// Ends a state that bears somebody else's mark: as deep, but not for us to bring back.
inline constexpr std::string_view by_others = "-other";

/// Ends a state that bears the mark of a [[peer]]: ours to bring back only once that one is gone.
inline constexpr std::string_view by_peer = "-peer";

/// On its way from carrying traffic to drained: no new load, and not without load yet. What it
/// waits for may follow, "draining@pods to go: 3".
inline constexpr std::string_view draining = "draining";

/// What cannot be told at present, though the item is there: it is left alone, and what this host
/// had put down stays to be brought back.
/// Why may follow, "unknown@answered 503".
inline constexpr std::string_view cannot_tell = "unknown";
[[nodiscard]] bool is_unknown(std::string_view state);

/// Whether an item in `state` is as far down, or up, as `action` sets it.
[[nodiscard]] bool is_set(std::string_view state, std::string_view action);

/// Whether something has been taken from the item: there is something to give back.
[[nodiscard]] bool is_lowered(std::string_view state);

/// Whether programs and services of the site's own may say that an item is that.
[[nodiscard]] bool is_item_state(std::string_view word);

/// A state without how much of it is carried: "drain" of "drain@30"; or without what it waits for.
[[nodiscard]] std::string_view bare(std::string_view state);

/// Whether a server carries traffic: "ready", or "ready@30" of one that is drained by weight.
[[nodiscard]] bool is_ready(std::string_view state);

/// How far down a state or an action is: 0 carries traffic or load, 3 is off, 4 shut down for good.
[[nodiscard]] int depth_of(std::string_view state);

/// Whether a step takes traffic or load away from its item, as it was when the step was made.
[[nodiscard]] bool lowers(const Step& step);

/// 16 hexadecimal digits of FNV-1a 64 over target, item, action and the cause's stamp.
[[nodiscard]] std::string step_id(std::string_view target, std::string_view item,
                                  std::string_view action, std::string_view cause,
                                  const Stamp& began);

/// The states of items that are asked for mostly in the order in which they stand.
class StatesInTurn {
public:
    /// `states` must outlive this.
    explicit StatesInTurn(const std::map<std::string, std::string>& states)
        : states_(states), next_(states.begin()) {}

    /// Nothing when there is no such item.
    [[nodiscard]] const std::string* of(const std::string& item) {
        if (next_ == states_.end() || next_->first != item) next_ = states_.find(item);
        return next_ == states_.end() ? nullptr : &(next_++)->second;
    }

private:
    const std::map<std::string, std::string>& states_;
    std::map<std::string, std::string>::const_iterator next_;
};

struct Wish {
    Posture wanted = Posture::normal;
    std::string because;
    Stamp began;
};

/// `states` are the items' as read back; `held` those this host put down, and into what.
[[nodiscard]] std::vector<Step> plan_steps(const TargetPlan& target, const Wish& wish,
                                           const std::map<std::string, std::string>& states,
                                           const std::map<std::string, std::string>& held);

/// What reading back shows, told in the rung that was wanted where states serve two rungs.
[[nodiscard]] Posture reached_rung(const TargetPlan& target, Posture wanted,
                                   const std::map<std::string, std::string>& states);
/// The same of some of its items only.
[[nodiscard]] Posture reached_rung(const TargetPlan& target, const std::vector<std::string>& items,
                                   Posture wanted,
                                   const std::map<std::string, std::string>& states);

}  // namespace firebreak
