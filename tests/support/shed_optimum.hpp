// What the choice of loads is measured against: every subset, or every sum of whole kilowatts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "host/power/shed_choice.hpp"

namespace firebreak {

/// Impact by tier, the most important tier first: what is compared, from the front.
using ImpactByTier = std::vector<double>;

inline ImpactByTier impact_of(const std::vector<ShedLoad>& loads,
                              const std::vector<std::size_t>& chosen) {
    std::map<int, double> impact;
    for (const auto& load : loads) impact[load.tier] += 0;
    for (const auto i : chosen) impact[loads[i].tier] += loads[i].impact;
    ImpactByTier out;
    for (const auto& [tier, sum] : impact) out.push_back(sum);
    return out;
}

/// Less, by more than rounding, at the first tier that differs.
inline bool spares_more(const ImpactByTier& a, const ImpactByTier& b) {
    for (std::size_t t = 0; t < a.size(); ++t) {
        if (std::abs(a[t] - b[t]) > 1e-6) return a[t] < b[t];
    }
    return false;
}

inline bool meets(const std::vector<ShedLoad>& loads, const std::vector<std::size_t>& chosen,
                  const std::vector<double>& need) {
    for (std::size_t u = 0; u < need.size(); ++u) {
        double kw = 0;
        for (const auto i : chosen) kw += loads[i].kw[u];
        if (kw < need[u] - 1e-6) return false;
    }
    return true;
}

/// The least of all subsets that meet the need; nothing when none does. At most 20 loads.
inline std::optional<ImpactByTier> brute_force(const std::vector<ShedLoad>& loads,
                                               const std::vector<double>& need) {
    std::optional<ImpactByTier> best;
    for (std::uint32_t set = 0; set < (1U << loads.size()); ++set) {
        std::vector<std::size_t> chosen;
        for (std::size_t i = 0; i < loads.size(); ++i) {
            if ((set >> i & 1U) != 0) chosen.push_back(i);
        }
        if (!meets(loads, chosen, need)) continue;
        const auto impact = impact_of(loads, chosen);
        if (!best || spares_more(impact, *best)) best = impact;
    }
    return best;
}

/// The least impact of one tier at one UPS that takes off `need`, all kW whole numbers.
inline double whole_optimum(const std::vector<ShedLoad>& loads, std::size_t need) {
    std::vector<double> least(need + 1, HUGE_VAL);  // by kW taken off, as far as they count
    least[0] = 0;
    for (const auto& load : loads) {
        const auto kw = static_cast<std::size_t>(load.kw[0]);
        for (std::size_t sum = need; sum > 0; --sum) {
            least[sum] = std::min(least[sum], least[sum > kw ? sum - kw : 0] + load.impact);
        }
    }
    return least[need];
}

/// How the loads of a made-up site are: drawn by `kind`, which of several hard and easy ones.
struct MadeSite {
    std::vector<ShedLoad> loads;
    std::vector<double> need;
};

enum class Impacts { same, free, like_kw, like_kw_and_some };

inline MadeSite make_site(std::mt19937& chance, std::size_t count, std::size_t upss, int tiers,
                          Impacts impacts, double share) {
    const auto draw = [&](int least, int most) {
        return std::uniform_int_distribution<int>(least, most)(chance);
    };
    MadeSite site;
    std::vector<double> all(upss, 0.0);
    for (std::size_t i = 0; i < count; ++i) {
        ShedLoad load;
        load.tier = draw(1, tiers);
        load.kw.assign(upss, 0.0);
        double kw = 0;
        // On one feed, or halved between two.
        const auto first = static_cast<std::size_t>(draw(0, static_cast<int>(upss) - 1));
        const auto second = static_cast<std::size_t>(draw(0, static_cast<int>(upss) - 1));
        for (const auto u : std::set<std::size_t>{first, second}) {
            load.kw[u] = draw(1, 100);
            kw += load.kw[u];
            all[u] += load.kw[u];
        }
        load.impact = impacts == Impacts::same      ? 1
                      : impacts == Impacts::free    ? draw(1, 1000) / 10.0
                      : impacts == Impacts::like_kw ? kw
                                                    : kw + 10;
        site.loads.push_back(std::move(load));
    }
    for (std::size_t u = 0; u < upss; ++u) site.need.push_back(std::floor(all[u] * share));
    return site;
}

}  // namespace firebreak
