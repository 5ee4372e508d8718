// `firebreak-host tail`: the live picture of all sites in a terminal, from the broker of a policy
// file. A shell of its own: it watches, publishes nothing and needs no running host.
#pragma once

#include <string>

namespace firebreak {

struct TailWish {
    std::string config;  ///< the policy file
    std::string length;  ///< "10s": ends after that; "": when told to
    bool once = false;   ///< one table at the end, and nothing before
    bool json = false;   ///< a line of JSON a message
};

/// The exit code: 1 when no broker was reached.
[[nodiscard]] int tail(const TailWish& wish);

}  // namespace firebreak
