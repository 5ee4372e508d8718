// Readings that could not be said while the link was down, oldest first, so that a chart has no
// hole. Bounded memory, taken once: when full, the older half is thinned to every second reading of
// a point, as often as need be, so that what is older is coarser and nothing ends at once.
// Owned by the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/stamp.hpp"
#include "contract/support/result.hpp"

namespace firebreak {

/// A reading as it was to be said.
struct Unsaid {
    std::uint32_t point = 0;       ///< the caller's number of the point
    std::optional<Fault> missing;  ///< why there is no value
    double value = 0;              ///< in the point's unit
    std::string label;
    std::uint64_t seq = 0;
    WallTime at{};
};

class Backlog {
public:
    /// `most`: readings; with 0 nothing is kept.
    explicit Backlog(std::size_t most);

    void add(Unsaid reading);

    /// The oldest, the same until sent(); null when there is none.
    [[nodiscard]] const Unsaid* front() const;
    void sent();

    [[nodiscard]] std::size_t size() const { return readings_.size() - first_; }
    /// Readings left out for want of room.
    [[nodiscard]] std::uint64_t thinned() const { return thinned_; }

private:
    void make_room();
    void drop_marked(const std::vector<bool>& marked);

    std::size_t most_;
    std::vector<Unsaid> readings_;  ///< from first_ on; never more than most_
    std::size_t first_ = 0;
    std::uint64_t thinned_ = 0;
};

}  // namespace firebreak
