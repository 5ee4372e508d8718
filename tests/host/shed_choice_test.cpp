#include "host/power/shed_choice.hpp"

#include "host/power/cover.hpp"
#include "tests/catch.hpp"
#include "tests/support/shed_optimum.hpp"

using namespace firebreak;

namespace {

/// Of the chosen, those that could have been left on.
std::vector<std::size_t> needless(const MadeSite& site, const ShedChoice& choice) {
    std::vector<std::size_t> out;
    for (const auto i : choice.loads) {
        auto without = choice.loads;
        std::erase(without, i);
        if (meets(site.loads, without, site.need)) out.push_back(i);
    }
    return out;
}

}  // namespace

TEST_CASE("shed choice: the least important tier goes first and alone, if it is enough",
          "[host][power]") {
    const std::vector<ShedLoad> loads = {{1, 1, {50}}, {5, 9, {10}}, {5, 9, {10}}, {3, 1, {30}}};
    CHECK(choose_loads(loads, {20}).loads == std::vector<std::size_t>{1, 2});
    CHECK(choose_loads(loads, {21}).loads == std::vector<std::size_t>{3});
    CHECK(choose_loads(loads, {31}).loads == std::vector<std::size_t>{1, 3});
    CHECK(choose_loads(loads, {51}).loads == std::vector<std::size_t>{0, 1});
    CHECK(choose_loads(loads, {0}).loads.empty());
    CHECK(choose_loads(loads, {-3}).loads.empty());
    CHECK(choose_loads({}, {1}).enough == false);
}

TEST_CASE("shed choice: of loads with the same impact the one that gives least beyond goes",
          "[host][power]") {
    const std::vector<ShedLoad> loads = {{5, 1, {90}}, {5, 1, {12}}, {5, 1, {40}}};
    CHECK(choose_loads(loads, {10}).loads == std::vector<std::size_t>{1});
    CHECK(choose_loads(loads, {30}).loads == std::vector<std::size_t>{2});
}

TEST_CASE("shed choice: a need that cannot be met takes all that helps and nothing else",
          "[host][power]") {
    const std::vector<ShedLoad> loads = {{1, 1, {5, 0}}, {2, 1, {3, 0}}, {2, 1, {0, 7}}};
    const auto choice = choose_loads(loads, {100, 0});
    CHECK_FALSE(choice.enough);
    CHECK(choice.loads == std::vector<std::size_t>{0, 1});
    CHECK(choose_loads(loads, {100, 5}).loads == std::vector<std::size_t>{0, 1, 2});
}

TEST_CASE("shed choice: up to 14 loads no subset spares more, at one UPS with many ties",
          "[host][power]") {
    std::mt19937 chance(20221015);
    for (int round = 0; round < 300; ++round) {
        const auto impacts = static_cast<Impacts>(round % 4);
        const double share = 0.05 + 0.9 * (round % 17) / 17.0;
        const auto site = make_site(chance, 1 + static_cast<std::size_t>(round % 14), 1,
                                    1 + round % 4, impacts, share);
        const auto choice = choose_loads(site.loads, site.need);
        const auto best = brute_force(site.loads, site.need);
        INFO("round " << round);
        REQUIRE(best);
        REQUIRE(choice.enough);
        CHECK(meets(site.loads, choice.loads, site.need));
        CHECK_FALSE(spares_more(*best, impact_of(site.loads, choice.loads)));
        CHECK(needless(site, choice).empty());
    }
}

TEST_CASE("shed choice: up to 12 loads no subset spares more, at two and three UPSs",
          "[host][power]") {
    std::mt19937 chance(1);
    for (int round = 0; round < 300; ++round) {
        const auto site = make_site(chance, 1 + static_cast<std::size_t>(round % 12),
                                    2 + static_cast<std::size_t>(round % 2), 1 + round % 3,
                                    Impacts::free, 0.05 + 0.9 * (round % 19) / 19.0);
        const auto choice = choose_loads(site.loads, site.need);
        const auto best = brute_force(site.loads, site.need);
        INFO("round " << round);
        REQUIRE(best);
        CHECK_FALSE(spares_more(*best, impact_of(site.loads, choice.loads)));
        CHECK(needless(site, choice).empty());
    }
}

TEST_CASE("shed choice: hundreds of loads cost at most 2 % more than the optimum",
          "[host][power]") {
    std::mt19937 chance(7);
    for (int round = 0; round < 24; ++round) {
        const auto count = static_cast<std::size_t>(25 + 30 * (round % 12));
        const auto site = make_site(chance, count, 1, 1, static_cast<Impacts>(round % 4),
                                    round % 3 == 0 ? 0.02 : 0.1 + 0.03 * round);
        const auto choice = choose_loads(site.loads, site.need);
        const auto best = whole_optimum(site.loads, static_cast<std::size_t>(site.need[0]));
        INFO("round " << round << ", " << count << " loads, need " << site.need[0]);
        CHECK(impact_of(site.loads, choice.loads).front() <= 1.02 * best + 1e-6);
        CHECK(meets(site.loads, choice.loads, site.need));
        CHECK(needless(site, choice).empty());
    }
}

TEST_CASE("cover: its bound is never above what it costs, nor above any other cover",
          "[host][power]") {
    std::mt19937 chance(3);
    for (int round = 0; round < 40; ++round) {
        const auto site = make_site(chance, 60, 1 + static_cast<std::size_t>(round % 3), 1,
                                    static_cast<Impacts>(round % 4), 0.2);
        std::vector<CoverItem> items;
        for (const auto& load : site.loads) items.push_back({load.impact, load.kw});
        const auto cover = cheapest_cover(items, site.need, site.need);
        REQUIRE(cover.enough);
        CHECK(cover.bound <= cover.cost + 1e-6);
        if (site.need.size() > 1) continue;
        CHECK(cover.bound <=
              whole_optimum(site.loads, static_cast<std::size_t>(site.need[0])) + 1e-6);
    }
}
