// Whether one alarm comes and goes faster than anybody can look at it (ISA-18.2: three times a
// minute). Pure; time is an argument. It hides nothing: it only says so.
#pragma once

#include <array>
#include <cstddef>

#include "contract/support/time.hpp"

namespace firebreak {

class Chatter {
public:
    static constexpr std::size_t times = 3;
    static constexpr Duration within = std::chrono::minutes(1);

    /// The alarm has become active anew.
    void came(Instant now);

    /// Once it chatters, it does so until it has not come anew for `within`.
    void tick(Instant now);

    [[nodiscard]] bool chatters() const { return chatters_; }
    [[nodiscard]] Instant next_deadline() const { return chatters_ ? last() + within : never; }

private:
    [[nodiscard]] Instant last() const { return came_[(count_ + times - 1) % times]; }

    std::array<Instant, times> came_{};
    std::size_t count_ = 0;
    bool chatters_ = false;
};

}  // namespace firebreak
