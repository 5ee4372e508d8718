#include "host/power/cover.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace firebreak {
namespace {

constexpr double grain = 1e-9;               // of the need: less is rounding
constexpr std::size_t most_nodes = 400'000;  // of the search above exact_items: well below 0.1 s
constexpr std::size_t core_items = 160;
constexpr int rounds = 150;  // of the multipliers' ascent

using Vector = std::vector<double>;

/// The problem with needs of 1 and only the dimensions and the items that matter.
struct Scaled {
    std::vector<std::size_t> places;  ///< in the caller's items
    Vector costs;
    std::vector<Vector> gives;  ///< 1 is the need; more than that is worth no more
    std::vector<Vector> whole;  ///< the same, not cut off
    Vector worth;
    Vector need;      ///< the caller's
    double step = 0;  ///< all costs are the same: every cover's is a multiple of it

    [[nodiscard]] std::size_t size() const { return places.size(); }
    [[nodiscard]] std::size_t dimensions() const { return worth.size(); }
};

Scaled scale(const std::vector<CoverItem>& items, const Vector& need, const Vector& worth) {
    Scaled out;
    std::vector<std::size_t> dimensions;
    for (std::size_t d = 0; d < need.size(); ++d) {
        if (need[d] <= grain) continue;
        dimensions.push_back(d);
        out.worth.push_back(std::max(1.0, worth[d] / need[d]));
        out.need.push_back(need[d]);
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        Vector whole;
        for (const auto d : dimensions) whole.push_back(std::max(0.0, items[i].gives[d]) / need[d]);
        if (std::none_of(whole.begin(), whole.end(), [](double g) { return g > grain; })) continue;
        Vector cut = whole;
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

double priced(const Vector& gives, const Vector& prices) {
    return std::inner_product(gives.begin(), gives.end(), prices.begin(), 0.0);
}

/// By Lagrange: what every cover costs at least while a unit of need is paid at these prices.
double lagrange(const Scaled& problem, const Vector& prices, Vector& slack) {
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

struct Priced {
    Vector prices;
    double bound = 0;
};

/// The best prices along one direction: those at which the items that are worth theirs just
/// cover. In one dimension there is no other.
Vector price_along(const Scaled& problem, const Vector& direction) {
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

/// Several dimensions: the ascent of Polyak towards `cost`, which some cover has.
Priced price_all(const Scaled& problem, double cost) {
    Vector slack, way(problem.dimensions(), 0.0);
    auto prices = price_along(problem, problem.need);  // a kW costs the same everywhere
    if (problem.dimensions() == 1) return {prices, lagrange(problem, prices, slack)};
    Priced best{prices, 0};
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
        if (norm < grain) break;
        for (std::size_t d = 0; d < prices.size(); ++d) {
            prices[d] = std::max(0.0, prices[d] + pace * (cost - value) / norm * way[d]);
        }
    }
    return best;
}

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
    Search(const Scaled& problem, std::vector<std::size_t> core, const Vector& prices, Vector given,
           double cost, bool exact)
        : problem_(problem),
          core_(std::move(core)),
          prices_(prices),
          given_(std::move(given)),
          cost_(cost),
          exact_(exact) {
        const auto n = core_.size();
        const auto dimensions = problem.dimensions();
        left_.assign(n + 1, Vector(dimensions, 0.0));
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
                                 [&](const Vector& left) { return left[0] > target; });
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

    const Scaled& problem_;
    std::vector<std::size_t> core_;
    const Vector& prices_;
    std::vector<Vector> left_;  ///< what the core gives from here on, by dimension
    Vector saved_;              ///< the sum of reduced costs below 0 from here on
    Vector costs_;              ///< the sum of costs from here on
    Vector given_;
    double cost_;
    bool exact_;
    std::vector<std::size_t> taken_, best_;
    Merit best_merit_;
    bool found_ = false;
    std::size_t nodes_ = 0;
};

/// By worth for cost at these prices until all is covered; then without what is not needed.
std::vector<std::size_t> greedy(const Scaled& problem, const std::vector<std::size_t>& order) {
    std::vector<std::size_t> taken;
    Vector given(problem.dimensions(), 0.0);
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
void prune(const Scaled& problem, std::vector<std::size_t>& taken) {
    Vector given(problem.dimensions(), 0.0);
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

double cost_of(const Scaled& problem, const std::vector<std::size_t>& taken) {
    return std::accumulate(taken.begin(), taken.end(), 0.0,
                           [&](double sum, std::size_t i) { return sum + problem.costs[i]; });
}

std::vector<std::size_t> by_ratio(const Scaled& problem, const Vector& prices) {
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
std::vector<std::size_t> core_of(const Scaled& problem, const Vector& prices,
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

void search(const Scaled& problem, const Priced& priced_at, std::vector<std::size_t>& best) {
    const auto order = by_ratio(problem, priced_at.prices);
    std::vector<std::size_t> outside;
    const auto core = core_of(problem, priced_at.prices, order, core_items, outside);
    Vector given(problem.dimensions(), 0.0);
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
    const auto problem = scale(items, need, worth);
    if (problem.dimensions() == 0) {
        out.enough = true;
        return out;
    }
    Vector all(problem.dimensions(), 0.0);
    for (const auto& gives : problem.whole) {
        for (std::size_t d = 0; d < all.size(); ++d) all[d] += gives[d];
    }
    out.enough = std::all_of(all.begin(), all.end(), [](double g) { return g >= 1 - grain; });
    std::vector<std::size_t> taken(problem.size());
    std::iota(taken.begin(), taken.end(), 0U);
    out.bound = cost_of(problem, taken);
    if (out.enough) {
        taken = greedy(problem, by_ratio(problem, Vector(problem.dimensions(), 1.0)));
        prune(problem, taken);
        const auto prices = price_all(problem, cost_of(problem, taken));
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
