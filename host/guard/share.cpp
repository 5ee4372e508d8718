#include "host/guard/share.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "contract/topic.hpp"

namespace firebreak {

std::string share_key(const TargetPlan& target, const std::string& item) {
    if (!by_message(target)) return target.endpoint + ' ' + target.backend + ' ' + item;
    return alarm_name({target.site, Role::agent, target.agent}, item);
}

bool add_share(TierShare& share, const TargetPlan& target, const TargetLedger& ledger) {
    if (!by_message(target) && !ledger.known()) return false;
    for (const auto& item : target.items) share.items.insert(share_key(target, item));
    for (const auto& [item, state] : ledger.states()) {
        const auto key = share_key(target, item);
        share.items.insert(key);
        const bool carries =
            !is_lowered(state) && !state.starts_with("down") && state != cannot_tell;
        if (!carries) share.down.insert(key);
    }
    for (const auto& item : ledger.going_down()) share.down.insert(share_key(target, item));
    return true;
}

Refusal guard_tier_share(const TargetPlan& target, const Step& step,
                         const std::optional<TierShare>& share, int percent) {
    if (percent >= 100) return std::nullopt;
    if (!share) {
        return fmt::format("max_tier_percent: cannot tell how much of tier {} is down",
                           target.tier);
    }
    if (share->down.contains(share_key(target, step.item))) return std::nullopt;
    const auto all = share->items.size();
    const auto allowed = all * static_cast<std::size_t>(percent) / 100;
    if (share->down.size() < allowed) return std::nullopt;
    const auto excess = share->down.size() + 1 - allowed;
    if (allowed == 0) {
        return fmt::format("max_tier_percent: {} % of the {} items of tier {} is less than one",
                           percent, all, target.tier);
    }
    return fmt::format(
        "max_tier_percent: {} of {} items of tier {} are down, {} may be; passes once {} are back",
        share->down.size(), all, target.tier, allowed, excess);
}

std::optional<std::size_t> ready_elsewhere(const ReadyServers& ready,
                                           const std::set<std::string>& local) {
    if (!ready) return std::nullopt;
    const auto stands_elsewhere = [&](const auto& item) { return !local.contains(item); };
    return static_cast<std::size_t>(std::count_if(ready->begin(), ready->end(), stands_elsewhere));
}

Refusal guard_elsewhere(const TargetPlan& target, const std::optional<std::size_t>& elsewhere,
                        int min_elsewhere) {
    if (min_elsewhere <= 0) return std::nullopt;
    if (!elsewhere) return "min_elsewhere: cannot tell which servers of the backend are ready";
    const auto least = static_cast<std::size_t>(min_elsewhere);
    if (*elsewhere >= least) return std::nullopt;
    return fmt::format(
        "min_elsewhere: {} servers of {} are ready outside {}, {} must be; passes once {} more are",
        *elsewhere, target.service.empty() ? target.backend : target.service, target.site, least,
        least - *elsewhere);
}

}  // namespace firebreak
