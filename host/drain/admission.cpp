#include "host/drain/admission.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace firebreak {
namespace {

/// Without memory: tiers in full while they fit, the first that does not in proportion.
std::vector<double> fair(const std::vector<Inflow>& inflows, double capacity) {
    std::map<int, double> tiers;
    for (const auto& inflow : inflows) tiers[inflow.tier] += inflow.load;
    std::map<int, double> share;
    double left = std::max(0.0, capacity);
    for (const auto& [tier, load] : tiers) {
        share[tier] = load <= left ? 1 : left / load;
        left = std::max(0.0, left - load);
    }
    std::vector<double> out;
    for (const auto& inflow : inflows) out.push_back(share[inflow.tier]);
    return out;
}

}  // namespace

std::vector<double> admit(const std::vector<Inflow>& inflows, double capacity,
                          const std::vector<double>& before, double hysteresis) {
    auto now = fair(inflows, capacity);
    if (before.size() != now.size()) return now;
    const auto careful = fair(inflows, capacity * (1 - hysteresis));
    for (std::size_t i = 0; i < now.size(); ++i) {
        // Up only as far as there would be room to spare, and never down for the sake of it.
        if (now[i] > before[i]) now[i] = std::max(before[i], careful[i]);
    }
    // One that is new there has no memory, and is not before a better that waits for room.
    std::map<int, double> least;
    for (std::size_t i = 0; i < now.size(); ++i) {
        const auto [tier, is_new] = least.emplace(inflows[i].tier, now[i]);
        if (!is_new) tier->second = std::min(tier->second, now[i]);
    }
    for (std::size_t i = 0; i < now.size(); ++i) {
        for (const auto& [tier, share] : least) {
            if (tier < inflows[i].tier) now[i] = std::min(now[i], share);
        }
    }
    return now;
}

std::size_t items_down(std::size_t items, double share) {
    const auto up = std::floor(static_cast<double>(items) * std::clamp(share, 0.0, 1.0) + 1e-9);
    return items - std::min(items, static_cast<std::size_t>(up));
}

}  // namespace firebreak
