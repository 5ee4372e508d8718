#include "host/power/cover_bound.hpp"

#include <algorithm>
#include <numeric>

namespace firebreak {
namespace {

constexpr int rounds = 150;  // of the prices' ascent

/// By Lagrange: what every cover costs at least while a unit of need is paid at these prices.
double lagrange(const ScaledCover& problem, const Amounts& prices, Amounts& slack) {
    double value = std::accumulate(prices.begin(), prices.end(), 0.0);
    slack.assign(prices.size(), 1.0);
    for (std::size_t i = 0; i < problem.size(); ++i) {
        const double reduced = problem.costs[i] - priced(problem.gives[i], prices);
        if (reduced >= 0) continue;
        value += reduced;
        for (std::size_t d = 0; d < prices.size(); ++d) slack[d] -= problem.gives[i][d];
    }
    return value;
}

/// The best prices along one direction: those at which the items that are worth theirs just
/// cover. In one dimension there is no other.
Amounts price_along(const ScaledCover& problem, const Amounts& direction) {
    std::vector<std::pair<double, double>> offers;  // cost a unit, units
    for (std::size_t i = 0; i < problem.size(); ++i) {
        const double units = priced(problem.gives[i], direction);
        if (units > 0) offers.emplace_back(problem.costs[i] / units, units);
    }
    std::sort(offers.begin(), offers.end());
    double wanted = std::accumulate(direction.begin(), direction.end(), 0.0);
    double price = 0;
    for (const auto& [cost, units] : offers) {
        price = cost;
        wanted -= units;
        if (wanted <= 0) break;
    }
    auto prices = direction;
    for (auto& one : prices) one *= price;
    return prices;
}

}  // namespace

ScaledCover scaled(const std::vector<CoverItem>& items, const Amounts& need, const Amounts& worth) {
    ScaledCover out;
    std::vector<std::size_t> dimensions;
    for (std::size_t d = 0; d < need.size(); ++d) {
        if (need[d] <= cover_grain) continue;
        dimensions.push_back(d);
        out.worth.push_back(std::max(1.0, worth[d] / need[d]));
        out.need.push_back(need[d]);
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        Amounts whole;
        for (const auto d : dimensions) whole.push_back(std::max(0.0, items[i].gives[d]) / need[d]);
        if (std::none_of(whole.begin(), whole.end(), [](double g) { return g > cover_grain; }))
            continue;
        Amounts cut = whole;
        for (auto& g : cut) g = std::min(g, 1.0);
        out.places.push_back(i);
        out.costs.push_back(items[i].cost);
        out.gives.push_back(std::move(cut));
        out.whole.push_back(std::move(whole));
    }
    const auto [least, most] = std::minmax_element(out.costs.begin(), out.costs.end());
    if (!out.costs.empty() && *least == *most) out.step = *least;
    return out;
}

double priced(const Amounts& gives, const Amounts& prices) {
    return std::inner_product(gives.begin(), gives.end(), prices.begin(), 0.0);
}

// Several dimensions: the ascent of Polyak towards `cost`.
CoverPrices best_prices(const ScaledCover& problem, double cost) {
    Amounts slack, way(problem.dimensions(), 0.0);
    auto prices = price_along(problem, problem.need);  // a kW costs the same everywhere
    if (problem.dimensions() == 1) return {prices, lagrange(problem, prices, slack)};
    CoverPrices best{prices, 0};
    double pace = 1;
    for (int round = 0; round < rounds; ++round) {
        const double value = lagrange(problem, prices, slack);
        if (value > best.bound) {
            best = {prices, value};
        } else {
            pace *= 0.95;
        }
        // Camerini's step: the last way is kept up in part, or it would zigzag.
        for (std::size_t d = 0; d < way.size(); ++d) way[d] = slack[d] + 0.5 * way[d];
        const double norm = priced(way, way);
        if (norm < cover_grain) break;
        for (std::size_t d = 0; d < prices.size(); ++d) {
            prices[d] = std::max(0.0, prices[d] + pace * (cost - value) / norm * way[d]);
        }
    }
    return best;
}

}  // namespace firebreak
