// Freshness without a clock: a program says a number now and then (the seq of its status), and
// believes that a message is fresh when its sender has signed a number said not long ago.
// Owned by a core. Boards may think that it is 1970, hence not by the time in messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "contract/support/time.hpp"

namespace firebreak {

class Challenge {
public:
    static constexpr std::size_t most = 64;
    static constexpr Duration at_least = std::chrono::seconds(20);
    static constexpr int heartbeats = 4;

    explicit Challenge(Duration heartbeat) : window_(std::max(at_least, heartbeats * heartbeat)) {}

    void said(std::uint64_t seq, Instant now) {
        said_.emplace_back(seq, now);
        if (said_.size() > most) said_.pop_front();
    }

    /// A number that this life has said within the window.
    [[nodiscard]] bool is_recent(std::uint64_t seq, Instant now) const {
        return std::any_of(said_.begin(), said_.end(), [&](const auto& one) {
            return one.first == seq && now - one.second <= window_;
        });
    }

private:
    Duration window_;
    std::deque<std::pair<std::uint64_t, Instant>> said_;
};

}  // namespace firebreak
