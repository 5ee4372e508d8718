// How those fare that receive what is drained, as their load balancer counts it. Plain values.
#pragma once

#include <cstdint>

#include "contract/support/time.hpp"

namespace firebreak {

struct Feedback {
    std::uint64_t waiting = 0;   ///< requests that wait for a server, now
    std::uint64_t tries = 0;     ///< requests that receivers were given within `period`
    std::uint64_t failures = 0;  ///< those of them that failed
    Duration period{};           ///< zero: tries and failures are not known
    /// The same of the target's own ready servers: they receive what is drained at other sites.
    struct Own {
        std::uint64_t waiting = 0, tries = 0, failures = 0;

        bool operator==(const Own&) const = default;
    };
    Own own{};

    bool operator==(const Feedback&) const = default;
};

}  // namespace firebreak
