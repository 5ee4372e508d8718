#include "host/power/cover.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/power/cover_bound.hpp"

namespace firebreak {
namespace {

constexpr double grain = cover_grain;
constexpr std::size_t most_nodes = 400'000;  // of the search above exact_items: well below 0.1 s
constexpr std::size_t core_items = 160;

/// What a selection is compared by: less cost, then more of what is worth something, then less.
struct Merit {
    double cost = 0, useful = 0, all = 0;

    [[nodiscard]] bool better_than(const Merit& other) const {
        if (std::abs(cost - other.cost) > grain * (1 + other.cost)) return cost < other.cost;
        if (std::abs(useful - other.useful) > grain) return useful > other.useful;
        return all < other.all - grain;
    }
};

/// Depth first over a core, the items that are most worth their cost first.
class Search {
public:
    /// `given` by the items outside the core that are taken, at `cost`.
    Search(const ScaledCover& problem, std::vector<std::size_t> core, const Amounts& prices,
           Amounts given, double cost, bool exact)
        : problem_(problem),
          core_(std::move(core)),
          prices_(prices),
          given_(std::move(given)),
          cost_(cost),
          exact_(exact) {
        const auto n = core_.size();
        const auto dimensions = problem.dimensions();
        left_.assign(n + 1, Amounts(dimensions, 0.0));
        saved_.assign(n + 1, 0.0);
        costs_.assign(n + 1, 0.0);
        for (std::size_t k = n; k-- > 0;) {
            const auto& gives = problem.gives[core_[k]];
            for (std::size_t d = 0; d < dimensions; ++d) left_[k][d] = left_[k + 1][d] + gives[d];
            saved_[k] =
                saved_[k + 1] + std::min(0.0, problem.costs[core_[k]] - priced(gives, prices));
            costs_[k] = costs_[k + 1] + problem.costs[core_[k]];
        }
    }

    void run() { descend(0); }

    [[nodiscard]] const std::vector<std::size_t>& best() const { return best_; }
    [[nodiscard]] bool found() const { return found_; }
    [[nodiscard]] bool finished() const { return nodes_ <= most_nodes || exact_; }

private:
    [[nodiscard]] bool covered() const {
        return std::all_of(given_.begin(), given_.end(),
                           [](double given) { return given >= 1 - grain; });
    }

    [[nodiscard]] Merit merit() const {
        Merit out{cost_, 0, 0};
        for (std::size_t d = 0; d < given_.size(); ++d) {
            out.useful += std::min(given_[d], problem_.worth[d]);
            out.all += given_[d];
        }
        return out;
    }

    /// With whole items in one dimension: the linear relaxation, items in order of their ratio.
    [[nodiscard]] double relaxed(std::size_t k) const {
        const double need = 1 - given_[0];
        // What may be left over behind the last.
        const double target = std::max(0.0, left_[k][0] - need);
        const auto last =
            std::partition_point(left_.begin() + static_cast<std::ptrdiff_t>(k), left_.end(),
                                 [&](const Amounts& left) { return left[0] > target; });
        const auto j = static_cast<std::size_t>(last - left_.begin());
        if (j == k) return cost_;
        const auto item = core_[j - 1];
        const double before = left_[k][0] - left_[j - 1][0];
        return cost_ + costs_[k] - costs_[j - 1] +
               problem_.costs[item] * std::max(0.0, need - before) / problem_.gives[item][0];
    }

    /// What any cover from here on costs at least; infinite when there is none.
    [[nodiscard]] double bound(std::size_t k) const {
        double value = cost_ + saved_[k];
        for (std::size_t d = 0; d < given_.size(); ++d) {
            if (given_[d] + left_[k][d] < 1 - grain) return HUGE_VAL;
            value += prices_[d] * (1 - given_[d]);
        }
        if (given_.size() == 1) value = std::max(value, relaxed(k));
        value = std::max(value, cost_);
        if (problem_.step > 0) value = std::ceil(value / problem_.step - 1e-6) * problem_.step;
        return value;
    }

    void descend(std::size_t k) {
        if (++nodes_ > most_nodes && !exact_) return;
        if (covered()) {
            const auto now = merit();
            if (!found_ || now.better_than(best_merit_)) {
                best_ = taken_;
                best_merit_ = now;
                found_ = true;
            }
            return;  // more would only cost more
        }
        for (; k < core_.size(); ++k) {
            const double least = bound(k);
            if (std::isinf(least)) return;
            if (found_ && least > best_merit_.cost + slack(best_merit_.cost)) return;
            take(k, 1);
            descend(k + 1);
            take(k, -1);
            if (nodes_ > most_nodes && !exact_) return;
        }
    }

    /// Ties are looked at only where all is.
    [[nodiscard]] double slack(double cost) const {
        return exact_ ? grain * (1 + cost) : -grain * (1 + cost);
    }

    void take(std::size_t k, double sign) {
        const auto item = core_[k];
        cost_ += sign * problem_.costs[item];
        for (std::size_t d = 0; d < given_.size(); ++d) {
            given_[d] += sign * problem_.whole[item][d];
        }
        if (sign > 0) {
            taken_.push_back(item);
        } else {
            taken_.pop_back();
        }
    }

    const ScaledCover& problem_;
    std::vector<std::size_t> core_;
    const Amounts& prices_;
    std::vector<Amounts> left_;  ///< what the core gives from here on, by dimension
    Amounts saved_;              ///< the sum of reduced costs below 0 from here on
    Amounts costs_;              ///< the sum of costs from here on
    Amounts given_;
    double cost_;
    bool exact_;
    std::vector<std::size_t> taken_, best_;
    Merit best_merit_;
    bool found_ = false;
    std::size_t nodes_ = 0;
};

/// By worth for cost at these prices until all is covered; then without what is not needed.
std::vector<std::size_t> greedy(const ScaledCover& problem, const std::vector<std::size_t>& order) {
    std::vector<std::size_t> taken;
    Amounts given(problem.dimensions(), 0.0);
    for (const auto i : order) {
        bool helps = false;
        for (std::size_t d = 0; d < given.size(); ++d) {
            helps = helps || (given[d] < 1 - grain && problem.whole[i][d] > grain);
        }
        if (!helps) continue;
        taken.push_back(i);
        for (std::size_t d = 0; d < given.size(); ++d) given[d] += problem.whole[i][d];
    }
    return taken;
}

/// Leaves out what is not needed, the dearest first.
void prune(const ScaledCover& problem, std::vector<std::size_t>& taken) {
    Amounts given(problem.dimensions(), 0.0);
    for (const auto i : taken) {
        for (std::size_t d = 0; d < given.size(); ++d) given[d] += problem.whole[i][d];
    }
    auto order = taken;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return problem.costs[a] > problem.costs[b];
    });
    for (const auto i : order) {
        bool needed = false;
        for (std::size_t d = 0; d < given.size(); ++d) {
            needed = needed || given[d] - problem.whole[i][d] < 1 - grain;
        }
        if (needed) continue;
        for (std::size_t d = 0; d < given.size(); ++d) given[d] -= problem.whole[i][d];
        std::erase(taken, i);
    }
}

double cost_of(const ScaledCover& problem, const std::vector<std::size_t>& taken) {
    return std::accumulate(taken.begin(), taken.end(), 0.0,
                           [&](double sum, std::size_t i) { return sum + problem.costs[i]; });
}

std::vector<std::size_t> by_ratio(const ScaledCover& problem, const Amounts& prices) {
    std::vector<std::size_t> order(problem.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return priced(problem.gives[a], prices) * problem.costs[b] >
               priced(problem.gives[b], prices) * problem.costs[a];
    });
    return order;
}

/// The items of which the prices alone do not say whether to take them, in order; of the others
/// those that they say to take are added to `taken`.
std::vector<std::size_t> core_of(const ScaledCover& problem, const Amounts& prices,
                                 std::vector<std::size_t> order, std::size_t size,
                                 std::vector<std::size_t>& taken) {
    if (order.size() <= size) return order;
    const auto reduced = [&](std::size_t i) {
        return problem.costs[i] - priced(problem.gives[i], prices);
    };
    std::vector<double> distance(problem.size());
    for (const auto i : order) distance[i] = std::abs(reduced(i));
    const auto nearer = [&](std::size_t a, std::size_t b) { return distance[a] < distance[b]; };
    auto nearest = order;
    const auto half = static_cast<std::ptrdiff_t>(size / 2);
    std::nth_element(nearest.begin(), nearest.begin() + half, nearest.end(), nearer);
    std::vector<bool> inside(problem.size(), false);
    for (auto it = nearest.begin(); it != nearest.begin() + half; ++it) inside[*it] = true;
    // Of every size the one nearest, so that something fits what the others leave.
    auto by_size = order;
    std::stable_sort(by_size.begin(), by_size.end(), [&](std::size_t a, std::size_t b) {
        return priced(problem.gives[a], prices) < priced(problem.gives[b], prices);
    });
    const auto run = static_cast<std::ptrdiff_t>(order.size() / (size / 2) + 1);
    for (auto from = by_size.begin(); from != by_size.end();) {
        const auto to = by_size.end() - from > run ? from + run : by_size.end();
        inside[*std::min_element(from, to, nearer)] = true;
        from = to;
    }
    for (const auto i : order) {
        if (!inside[i] && reduced(i) < 0) taken.push_back(i);
    }
    std::erase_if(order, [&](std::size_t i) { return !inside[i]; });
    return order;
}

void search(const ScaledCover& problem, const CoverPrices& priced_at,
            std::vector<std::size_t>& best) {
    const auto order = by_ratio(problem, priced_at.prices);
    std::vector<std::size_t> outside;
    const auto core = core_of(problem, priced_at.prices, order, core_items, outside);
    Amounts given(problem.dimensions(), 0.0);
    for (const auto i : outside) {
        for (std::size_t d = 0; d < given.size(); ++d) given[d] += problem.whole[i][d];
    }
    Search search(problem, core, priced_at.prices, given, cost_of(problem, outside),
                  problem.size() <= exact_items);
    search.run();
    if (!search.found()) return;
    auto found = outside;
    found.insert(found.end(), search.best().begin(), search.best().end());
    prune(problem, found);
    if (problem.size() <= exact_items || cost_of(problem, found) < cost_of(problem, best)) {
        best = std::move(found);
    }
}

}  // namespace

Cover cheapest_cover(const std::vector<CoverItem>& items, const std::vector<double>& need,
                     const std::vector<double>& worth) {
    Cover out;
    const auto problem = scaled(items, need, worth);
    if (problem.dimensions() == 0) {
        out.enough = true;
        return out;
    }
    Amounts all(problem.dimensions(), 0.0);
    for (const auto& gives : problem.whole) {
        for (std::size_t d = 0; d < all.size(); ++d) all[d] += gives[d];
    }
    out.enough = std::all_of(all.begin(), all.end(), [](double g) { return g >= 1 - grain; });
    std::vector<std::size_t> taken(problem.size());
    std::iota(taken.begin(), taken.end(), 0U);
    out.bound = cost_of(problem, taken);
    if (out.enough) {
        taken = greedy(problem, by_ratio(problem, Amounts(problem.dimensions(), 1.0)));
        prune(problem, taken);
        const auto prices = best_prices(problem, cost_of(problem, taken));
        auto again = greedy(problem, by_ratio(problem, prices.prices));
        prune(problem, again);
        if (cost_of(problem, again) < cost_of(problem, taken)) taken = std::move(again);
        search(problem, prices, taken);
        out.bound = problem.size() <= exact_items ? cost_of(problem, taken) : prices.bound;
        if (problem.step > 0) {
            out.bound = std::ceil(out.bound / problem.step - 1e-6) * problem.step;
        }
    }
    for (const auto i : taken) out.taken.push_back(problem.places[i]);
    std::sort(out.taken.begin(), out.taken.end());
    out.cost = cost_of(problem, taken);
    return out;
}

}  // namespace firebreak
