// The parts of a covering problem that bound it: needs scaled to 1, and prices of a unit of each
// need at which no cover is cheaper than what is said (Lagrange). Pure; used by cover.cpp alone.
#pragma once

#include <cstddef>
#include <vector>

#include "host/power/cover.hpp"

namespace firebreak {

inline constexpr double cover_grain = 1e-9;  ///< of the need: less is rounding

/// By dimension, or by item.
using Amounts = std::vector<double>;

/// The problem with needs of 1 and only the dimensions and the items that matter.
struct ScaledCover {
    std::vector<std::size_t> places;  ///< in the caller's items
    Amounts costs;
    std::vector<Amounts> gives;  ///< 1 is the need; more than that is worth no more
    std::vector<Amounts> whole;  ///< the same, not cut off
    Amounts worth;
    Amounts need;     ///< the caller's
    double step = 0;  ///< all costs are the same: every cover's is a multiple of it

    [[nodiscard]] std::size_t size() const { return places.size(); }
    [[nodiscard]] std::size_t dimensions() const { return worth.size(); }
};

[[nodiscard]] ScaledCover scaled(const std::vector<CoverItem>& items, const Amounts& need,
                                 const Amounts& worth);

/// What is given, at these prices.
[[nodiscard]] double priced(const Amounts& gives, const Amounts& prices);

struct CoverPrices {
    Amounts prices;
    double bound = 0;  ///< no cover costs less
};

/// Prices with a high bound, the highest where there is one dimension; `cost` is some cover's.
[[nodiscard]] CoverPrices best_prices(const ScaledCover& problem, double cost);

}  // namespace firebreak
