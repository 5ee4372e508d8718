#include "host/guard/share.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "contract/topic.hpp"

namespace firebreak {
namespace {

constexpr std::string_view max_tier_percent = "max_tier_percent";

/// What a program or a service shows beside a target's items is its word alone: items that it
/// invents must not make the tier larger.
bool vouches_for_backend(const TargetPlan& target) {
    return target.kind != TargetKind::exec && target.kind != TargetKind::webhook;
}

}  // namespace

std::string share_key(const TargetPlan& target, const std::string& item) {
    if (!by_message(target)) return target.endpoint + ' ' + target.backend + ' ' + item;
    return alarm_name({target.site, Role::agent, target.agent}, item);
}

bool add_share(TierShare& share, const TargetPlan& target, const TargetLedger& ledger) {
    if (!by_message(target) && !ledger.known()) return false;
    for (const auto& item : target.items) share.items.insert(share_key(target, item));
    for (const auto& [item, state] : ledger.states()) {
        const auto key = share_key(target, item);
        if (!vouches_for_backend(target) && !share.items.contains(key)) continue;
        share.items.insert(key);
        const bool carries = !is_lowered(state) && !state.starts_with("down") && !is_unknown(state);
        if (!carries) share.down.insert(key);
    }
    for (const auto& item : ledger.going_down()) share.down.insert(share_key(target, item));
    return true;
}

Refusal guard_tier_share(const TargetPlan& target, const Step& step,
                         const std::optional<TierShare>& share, int percent) {
    if (percent >= 100) return std::nullopt;
    if (!share) {
        return refusal(max_tier_percent,
                       fmt::format("cannot tell how much of tier {} is down", target.tier),
                       "once all of it is read back");
    }
    if (share->down.contains(share_key(target, step.item))) return std::nullopt;
    const auto all = share->items.size();
    const auto allowed = all * static_cast<std::size_t>(percent) / 100;
    if (share->down.size() < allowed) return std::nullopt;
    const auto excess = share->down.size() + 1 - allowed;
    if (allowed == 0) {
        return refusal(max_tier_percent,
                       fmt::format("{} % of the {} items of tier {} is less than one", percent, all,
                                   target.tier),
                       "once the policy lets one of them go");
    }
    return refusal(max_tier_percent,
                   fmt::format("{} of {} items of tier {} are down, {} may be", share->down.size(),
                               all, target.tier, allowed),
                   fmt::format("once {} are back", excess));
}

std::optional<std::size_t> ready_elsewhere(const ReadyServers& ready,
                                           const std::set<std::string>& local) {
    if (!ready) return std::nullopt;
    return ready->count_without(local);
}

Refusal guard_elsewhere(const TargetPlan& target, const std::optional<std::size_t>& elsewhere,
                        int min_elsewhere) {
    if (min_elsewhere <= 0) return std::nullopt;
    if (!elsewhere) {
        return refusal("min_elsewhere", "cannot tell which servers of the backend are ready",
                       "once they are read back");
    }
    const auto least = static_cast<std::size_t>(min_elsewhere);
    if (*elsewhere >= least) return std::nullopt;
    return refusal(
        "min_elsewhere",
        fmt::format("{} servers of {} are ready outside {}, {} must be", *elsewhere,
                    target.service.empty() ? target.backend : target.service, target.site, least),
        fmt::format("once {} more are", least - *elsewhere));
}

}  // namespace firebreak
