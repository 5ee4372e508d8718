#include "host/plan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>

namespace firebreak {
namespace {

/// What a ladder asks, from normal to cut.
using Words = std::array<std::string_view, 5>;
constexpr Words for_servers = {"ready", "ready", "drain", "drain", "maint"};
constexpr Words for_outlets = {"on", "on", "on", "off", "off"};
constexpr Words for_outlets_fsd = {"on", "on", "on", "off", "fsd"};
constexpr Words for_fsd_only = {"on", "on", "on", "on", "fsd"};
constexpr Words for_nodes = {"ready", "ready", "drain", "maint", "maint"};
constexpr Words for_nodes_power_off = {"ready", "ready", "drain", "maint", "off"};

const Words& words_of(Ladder ladder) {
    switch (ladder) {
        case Ladder::servers:
            return for_servers;
        case Ladder::outlets:
            return for_outlets;
        case Ladder::outlets_fsd:
            return for_outlets_fsd;
        case Ladder::fsd_only:
            return for_fsd_only;
        case Ladder::nodes:
            return for_nodes;
        case Ladder::nodes_power_off:
            return for_nodes_power_off;
    }
    std::abort();
}

/// The action that an item needs, or "" when it is to be left alone.
std::string_view needed(const TargetPlan& target, Posture wanted, std::string_view state,
                        bool held) {
    const auto action = action_for(ladder_of(target), wanted);
    const int to = depth_of(action);
    // What is known only by acks may be told off: switching off what is off is harmless.
    if (state.empty()) return by_message(target) && to > 0 ? action : "";
    if (is_unknown(state)) return "";
    const int from = depth_of(state);
    if (from < to) return action;
    // Back up only what this host put down: the rest is in some human's hands.
    const bool above = from > to || (to == 0 && is_lowered(state));
    return above && held ? action : "";
}

/// Whether this host may bring the item back. Where it drains by weight what is deeper than it was
/// set has been put there by a person, on top.
bool is_held(const TargetPlan& target, const std::map<std::string, std::string>& held,
             const std::string& item, std::string_view state) {
    const auto found = held.find(item);
    if (found == held.end()) return false;
    const bool on_top = !found->second.empty() && depth_of(state) > depth_of(found->second);
    return !target.drain_by_weight || !on_top;
}

}  // namespace

std::string_view action_for(Ladder ladder, Posture wanted) {
    return words_of(ladder)[static_cast<std::size_t>(wanted)];
}

bool is_item_state(std::string_view word) {
    constexpr std::array<std::string_view, 6> states = {"ready", "drain", "maint",
                                                        "down",  "on",    "off"};
    return std::find(states.begin(), states.end(), word) != states.end();
}

bool is_set(std::string_view state, std::string_view action) {
    return !is_unknown(state) && depth_of(state) == depth_of(action) &&
           is_lowered(state) == (depth_of(action) > 0);
}

std::string_view bare(std::string_view state) {
    return state.substr(0, state.find('@'));
}

bool is_unknown(std::string_view state) {
    return bare(state) == cannot_tell;
}

bool is_ready(std::string_view state) {
    return bare(state) == "ready";
}

bool is_lowered(std::string_view state) {
    return depth_of(state) > 0 || state.starts_with(draining);
}

int depth_of(std::string_view state) {
    state = bare(state);
    for (const auto whose : {by_others, by_peer}) {
        if (state.ends_with(whose)) state.remove_suffix(whose.size());
    }
    if (state == "fsd") return 4;
    if (state == "off") return 3;
    if (state == "maint") return 2;
    return state == "drain" ? 1 : 0;
}

bool lowers(const Step& step) {
    return depth_of(step.action) > step.from.value_or(0);
}

std::string step_id(std::string_view target, std::string_view item, std::string_view action,
                    std::string_view cause, const Stamp& began) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a 64, draft-eastlake-fnv
    const auto add = [&hash](std::string_view text) {
        for (const char c : text) {
            hash ^= static_cast<unsigned char>(c);
            hash *= 0x100000001b3;
        }
    };
    std::array<char, 20> number{};  // as many digits as 64 bits have
    const auto end = std::to_chars(number.data(), number.data() + number.size(), began.seq).ptr;
    for (const auto part : {target, item, action, cause == "calm" ? cause : std::string_view{}}) {
        add(part);
        add("\n");
    }
    add(began.boot);
    add("-");
    add({number.data(), static_cast<std::size_t>(end - number.data())});
    std::string id(16, '0');
    for (auto digit = id.rbegin(); hash != 0; ++digit, hash >>= 4) {
        *digit = "0123456789abcdef"[hash & 15U];
    }
    return id;
}

std::vector<Step> plan_steps(const TargetPlan& target, const Wish& wish,
                             const std::map<std::string, std::string>& states,
                             const std::map<std::string, std::string>& held) {
    std::vector<Step> steps;
    StatesInTurn in_turn(states);
    for (const auto& item : target.items) {
        const auto* state = in_turn.of(item);
        const std::string_view now_is = state == nullptr ? std::string_view{} : *state;
        const bool ours = is_held(target, held, item, now_is);
        const auto action = needed(target, wish.wanted, now_is, ours);
        if (action.empty()) continue;
        if (steps.empty()) steps.reserve(target.items.size());
        steps.push_back({step_id(target.name, item, action, wish.because, wish.began), target.name,
                         item, std::string(action), wish.wanted, wish.because,
                         state == nullptr ? std::nullopt : std::optional(depth_of(*state))});
    }
    return steps;
}

Posture reached_rung(const TargetPlan& target, Posture wanted,
                     const std::map<std::string, std::string>& states) {
    return reached_rung(target, target.items, wanted, states);
}

Posture reached_rung(const TargetPlan& target, const std::vector<std::string>& items,
                     Posture wanted, const std::map<std::string, std::string>& states) {
    int depth = 4;  // as far as the item that is least far
    StatesInTurn in_turn(states);
    for (const auto& item : items) {
        const auto* state = in_turn.of(item);
        depth = std::min(depth, state == nullptr ? 0 : depth_of(*state));
    }
    if (items.empty()) depth = 0;
    const auto& words = words_of(ladder_of(target));
    std::size_t highest = 0;  // the highest rung that asks for no more
    while (highest + 1 < words.size() && depth_of(words[highest + 1]) <= depth) ++highest;
    std::size_t lowest = highest;
    while (lowest > 0 && depth_of(words[lowest - 1]) == depth_of(words[highest])) --lowest;
    return std::clamp(wanted, static_cast<Posture>(lowest), static_cast<Posture>(highest));
}

}  // namespace firebreak
