#include "bench/host/shed_optimality.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "host/power/cover.hpp"
#include "tests/support/shed_optimum.hpp"

namespace firebreak {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double bound = 1.02;

struct Tally {
    int sites = 0;
    int optimal = 0;
    double worst = 1;  ///< impact for the least possible
    double longest_s = 0;

    void add(double ratio, Clock::duration took) {
        ++sites;
        if (ratio < 1 + 1e-9) ++optimal;
        worst = std::max(worst, ratio);
        longest_s = std::max(longest_s, std::chrono::duration<double>(took).count());
    }
};

/// Some need little, some nearly everything.
double share_of(int round, int rounds) {
    return round % 3 == 0 ? 0.01 : 0.02 + 0.93 * round / rounds;
}

bool exact() {
    std::mt19937 chance(20221015);
    Tally tally;
    constexpr int rounds = 400;
    for (int round = 0; round < rounds; ++round) {
        const auto upss = static_cast<std::size_t>(1 + round % 3);
        // With ties of impact at several UPSs there is no single best to compare with.
        const auto impacts = upss == 1 ? static_cast<Impacts>(round % 4) : Impacts::free;
        const auto site = make_site(chance, static_cast<std::size_t>(8 + round % 9), upss,
                                    1 + round % 4, impacts, share_of(round, rounds));
        const auto start = Clock::now();
        const auto choice = choose_loads(site.loads, site.need);
        const auto took = Clock::now() - start;
        const auto best = brute_force(site.loads, site.need);
        const bool same = best && !spares_more(*best, impact_of(site.loads, choice.loads)) &&
                          meets(site.loads, choice.loads, site.need);
        tally.add(same ? 1 : 2, took);
    }
    // One brute force of the full size.
    const auto site = make_site(chance, 20, 1, 2, Impacts::like_kw_and_some, 0.4);
    const auto start = Clock::now();
    const auto choice = choose_loads(site.loads, site.need);
    const auto took = Clock::now() - start;
    const auto best = brute_force(site.loads, site.need);
    tally.add(spares_more(*best, impact_of(site.loads, choice.loads)) ? 2 : 1, took);
    std::printf("host.shed_optimality_to_20 %d of %d sites as brute force, longest %.1f ms\n",
                tally.optimal, tally.sites, tally.longest_s * 1e3);
    return tally.optimal == tally.sites;
}

bool near(std::size_t count, int rounds) {
    std::mt19937 chance(static_cast<std::uint32_t>(count));
    Tally tally;
    for (int round = 0; round < rounds; ++round) {
        auto site = make_site(chance, count, 1, 1, static_cast<Impacts>(round % 4),
                              share_of(round, rounds));
        site.need[0] = std::max(site.need[0], 1.0);
        const auto start = Clock::now();
        const auto choice = choose_loads(site.loads, site.need);
        const auto took = Clock::now() - start;
        const auto best = whole_optimum(site.loads, static_cast<std::size_t>(site.need[0]));
        tally.add(impact_of(site.loads, choice.loads).front() / best, took);
    }
    std::printf(
        "host.shed_optimality_%zu %.4f of the optimum at worst (bound %.2f), %d of %d optimal, "
        "longest %.0f ms\n",
        count, tally.worst, bound, tally.optimal, tally.sites, tally.longest_s * 1e3);
    return tally.worst <= bound;
}

/// Two feeds: no optimum is known, but no set can cost less than the bound.
bool two_feeds(std::size_t count, int rounds) {
    std::mt19937 chance(static_cast<std::uint32_t>(count + 1));
    double worst = 1;
    for (int round = 0; round < rounds; ++round) {
        const auto site = make_site(chance, count, 2, 1, static_cast<Impacts>(round % 4),
                                    0.1 + 0.8 * round / rounds);
        std::vector<CoverItem> items;
        for (const auto& load : site.loads) items.push_back({load.impact, load.kw});
        const auto cover = cheapest_cover(items, site.need, site.need);
        worst = std::max(worst, cover.cost / cover.bound);
    }
    std::printf("host.shed_optimality_two_feeds_%zu %.4f of a lower bound at worst (bound %.2f)\n",
                count, worst, bound);
    return worst <= bound;
}

}  // namespace

bool shed_optimality() {
    bool good = exact();
    for (const auto& [count, rounds] :
         {std::pair<std::size_t, int>{25, 200}, {100, 200}, {1000, 60}, {10'000, 8}}) {
        good = near(count, rounds) && good;
    }
    return two_feeds(2000, 40) && two_feeds(32'000, 8) && good;
}

}  // namespace firebreak
