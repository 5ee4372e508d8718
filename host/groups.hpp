// Things joined into groups by what they have in common, each known by a number. Pure.
#pragma once

#include <cstddef>
#include <numeric>
#include <vector>

namespace firebreak {

class Groups {
public:
    explicit Groups(std::size_t things) : parent_(things) {
        std::iota(parent_.begin(), parent_.end(), 0U);
    }
    /// One of its group, the same for all of them.
    [[nodiscard]] std::size_t of(std::size_t thing) {
        while (parent_[thing] != thing) thing = parent_[thing] = parent_[parent_[thing]];
        return thing;
    }
    void join(std::size_t a, std::size_t b) { parent_[of(b)] = of(a); }

private:
    std::vector<std::size_t> parent_;
};

}  // namespace firebreak
