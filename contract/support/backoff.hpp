// Exponential back-off as a value: no clock, no sleep, no randomness of its own.
#pragma once

#include <algorithm>

#include "contract/support/time.hpp"

namespace firebreak {

class Backoff {
public:
    constexpr Backoff(Duration first, Duration most) : first_(first), most_(most) {}

    /// The wait after one more failure: first, 2*first, 4*first … most.
    constexpr Duration failed() {
        if (next_ == Duration::zero()) {
            next_ = std::min(first_, most_);
        } else {
            next_ = next_ > most_ / 2 ? most_ : next_ * 2;  // doubling `most` could overflow
        }
        return next_;
    }
    constexpr void succeeded() { next_ = Duration::zero(); }
    /// The wait that failed() gave last; zero after a success.
    [[nodiscard]] constexpr Duration current() const { return next_; }
    [[nodiscard]] constexpr bool failing() const { return next_ != Duration::zero(); }

private:
    Duration first_;
    Duration most_;
    Duration next_ = Duration::zero();
};

}  // namespace firebreak
