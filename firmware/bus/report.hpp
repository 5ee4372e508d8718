// What passes between the agent core and the bus threads: reads done, writes asked and done.
#pragma once

#include <cstdint>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/bus/bus.hpp"

namespace firebreak {

/// One finished read, from a bus thread.
struct BusReport {
    std::size_t device = 0;  ///< index into SitePlan::devices
    std::size_t block = 0;   ///< index into DevicePlan::blocks
    Result<Words> words;
    Instant at;
};

/// A write the agent wants done, ahead of reads, with read-back by the bus thread.
struct WriteOrder {
    std::uint64_t ticket = 0;
    std::size_t device = 0;
    WriteRequest request;
};

/// What became of a WriteOrder. `words` are what reading back showed.
struct WriteReport {
    std::uint64_t ticket = 0;
    Result<Words> words;
    Instant at;
};

}  // namespace firebreak
