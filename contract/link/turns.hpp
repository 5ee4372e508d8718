// Whose turn it is among a list's brokers, and when: the next one's at once, and only when none of
// them was any good a wait, with jitter. Owned by a link, its core thread's; has no clock of its
// own.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "contract/support/backoff.hpp"

namespace firebreak {

class Turns {
public:
    // A connection that lived this long was a good one; sooner, it counts towards the back-off, so
    // that two programs with one client id do not throw each other out four times a second.
    static constexpr Duration good_connection = std::chrono::seconds(15);
    // Soon, but later than paho needs to end the last connection.
    static constexpr Duration next_broker_after = std::chrono::milliseconds(50);

    Turns(std::size_t brokers, const std::string& seed)
        : brokers_(brokers),
          random_(static_cast<std::minstd_rand::result_type>(std::hash<std::string>{}(seed))) {}

    /// Whose turn it is: an index into the list.
    [[nodiscard]] std::size_t broker() const { return broker_; }

    /// It is connected; when to say so again, `never` once the connection was a good one.
    Instant stays_up(Instant now) {
        if (!good_at_) good_at_ = now + good_connection;
        if (now < *good_at_) return *good_at_;
        backoff_.succeeded();
        tried_ = 0;
        return never;
    }
    /// It did not connect, or is lost; when the next has its turn.
    Instant failed(Instant now) {
        good_at_.reset();
        broker_ = (broker_ + 1) % brokers_;
        const bool all_tried = ++tried_ % brokers_ == 0;
        const Duration wait = all_tried ? backoff_.failed() : next_broker_after;
        std::uniform_real_distribution<double> jitter(1.0, 1.25);
        return now + std::chrono::duration_cast<Duration>(wait * jitter(random_));
    }

private:
    std::size_t brokers_;
    std::size_t broker_ = 0;
    std::size_t tried_ = 0;  ///< turns since a good connection
    std::optional<Instant> good_at_;
    Backoff backoff_{std::chrono::milliseconds(250), std::chrono::seconds(15)};
    std::minstd_rand random_;
};

}  // namespace firebreak
