#include "host/power/shed_choice.hpp"

#include <algorithm>
#include <map>

#include "host/power/cover.hpp"

namespace firebreak {
namespace {

constexpr double grain_kw = 1e-9;

using Kw = std::vector<double>;

void add(Kw& sum, const Kw& kw, double sign = 1) {
    for (std::size_t u = 0; u < sum.size(); ++u) sum[u] += sign * kw[u];
}

Kw sum_of(const std::vector<ShedLoad>& loads, const std::vector<std::size_t>& which,
          std::size_t upss) {
    Kw sum(upss, 0.0);
    for (const auto i : which) add(sum, loads[i].kw);
    return sum;
}

/// What is needed and can be had.
Kw within_reach(const Kw& need, const Kw& all, bool& enough) {
    Kw out(need.size());
    for (std::size_t u = 0; u < need.size(); ++u) {
        out[u] = std::clamp(need[u], 0.0, all[u]);
        enough = enough && need[u] <= all[u] + grain_kw;
    }
    return out;
}

/// Without those that, at the end, are not needed; the more important ones are spared first.
void spare(const std::vector<ShedLoad>& loads, const Kw& need, ShedChoice& choice) {
    auto order = choice.loads;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        if (loads[a].tier != loads[b].tier) return loads[a].tier < loads[b].tier;
        return loads[a].impact > loads[b].impact;
    });
    for (const auto i : order) {
        bool needed = false;
        for (std::size_t u = 0; u < need.size(); ++u) {
            needed = needed ||
                     (loads[i].kw[u] > 0 && choice.kw[u] - loads[i].kw[u] < need[u] - grain_kw);
        }
        if (needed) continue;
        add(choice.kw, loads[i].kw, -1);
        std::erase(choice.loads, i);
    }
}

}  // namespace

ShedChoice choose_loads(const std::vector<ShedLoad>& loads, const std::vector<double>& need) {
    std::map<int, std::vector<std::size_t>> tiers;  // the most important first
    Kw beyond(need.size(), 0.0);                    // what the less important tiers can give
    for (std::size_t i = 0; i < loads.size(); ++i) {
        tiers[loads[i].tier].push_back(i);
        add(beyond, loads[i].kw);
    }
    ShedChoice choice;
    choice.kw.assign(need.size(), 0.0);
    const auto wanted = within_reach(need, beyond, choice.enough);
    for (const auto& [tier, members] : tiers) {
        add(beyond, sum_of(loads, members, need.size()), -1);
        auto worth = wanted;  // what is still to be done, by this tier and those behind it
        add(worth, choice.kw, -1);
        Kw own = worth;
        for (std::size_t u = 0; u < own.size(); ++u) {
            own[u] -= beyond[u];
            if (own[u] < grain_kw) own[u] = 0;
        }
        std::vector<CoverItem> items;
        for (const auto i : members) items.push_back({loads[i].impact, loads[i].kw});
        for (const auto k : cheapest_cover(items, own, worth).taken) {
            choice.loads.push_back(members[k]);
            add(choice.kw, loads[members[k]].kw);
        }
    }
    std::sort(choice.loads.begin(), choice.loads.end());
    spare(loads, wanted, choice);
    return choice;
}

}  // namespace firebreak
