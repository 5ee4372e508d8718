#include "host/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

/// The action that an item needs, or "" when it is to be left alone.
std::string_view needed(TargetKind kind, Posture wanted, std::string_view state, bool held) {
    const auto action = action_for(kind, wanted);
    // An outlet's state is known only by acks; switching off what is off is harmless.
    if (state.empty()) return kind == TargetKind::outlet && action == "off" ? action : "";
    const int from = depth_of(state);
    const int to = depth_of(action);
    if (from < to) return action;
    // Back up only what this host put down: the rest is in some human's hands.
    return from > to && held ? action : "";
}

}  // namespace

std::string_view action_for(TargetKind kind, Posture wanted) {
    if (kind == TargetKind::outlet) return wanted >= Posture::shed ? "off" : "on";
    if (wanted == Posture::cut) return "maint";
    return wanted >= Posture::drain ? "drain" : "ready";
}

int depth_of(std::string_view state) {
    if (state == "maint" || state == "off") return 2;
    return state == "drain" ? 1 : 0;
}

bool lowers(const Step& step, std::string_view state) {
    return depth_of(step.action) > depth_of(state);
}

std::string step_id(std::string_view target, std::string_view item, std::string_view action,
                    std::string_view cause, const Stamp& began) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a 64, draft-eastlake-fnv
    const auto text = fmt::format("{}\n{}\n{}\n{}\n{}-{}", target, item, action,
                                  cause == "calm" ? "calm" : "", began.boot, began.seq);
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3;
    }
    return fmt::format("{:016x}", hash);
}

std::vector<Step> plan_steps(const TargetPlan& target, const Wish& wish,
                             const std::map<std::string, std::string>& states,
                             const std::map<std::string, std::string>& held) {
    std::vector<Step> steps;
    for (const auto& item : target.items) {
        const auto state = states.find(item);
        const std::string now_is = state == states.end() ? "" : state->second;
        const auto action = needed(target.kind, wish.wanted, now_is, held.contains(item));
        if (action.empty()) continue;
        steps.push_back({step_id(target.name, item, action, wish.because, wish.began), target.name,
                         item, std::string(action), wish.wanted, wish.because});
    }
    return steps;
}

Posture reached_rung(const TargetPlan& target, Posture wanted,
                     const std::map<std::string, std::string>& states) {
    int depth = 2;  // as far as the item that is least far
    for (const auto& item : target.items) {
        const auto state = states.find(item);
        depth = std::min(depth, state == states.end() ? 0 : depth_of(state->second));
    }
    if (target.items.empty()) depth = 0;
    if (target.kind == TargetKind::outlet) {
        if (depth == 2) return std::clamp(wanted, Posture::shed, Posture::cut);
        return std::clamp(wanted, Posture::normal, Posture::drain);
    }
    if (depth == 2) return Posture::cut;
    if (depth == 1) return std::clamp(wanted, Posture::drain, Posture::shed);
    return std::clamp(wanted, Posture::normal, Posture::watch);
}

}  // namespace firebreak
