// What passes between the agent core and the bus threads: reads done, writes asked and done.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "firmware/bus/bus.hpp"
#include "firmware/profile/blocks.hpp"

namespace firebreak {

/// One finished read, from a bus thread.
struct BusReport {
    std::size_t device = 0;  ///< index into SitePlan::devices
    std::size_t block = 0;   ///< index into the newest PollOrder's blocks, DevicePlan's at first
    Result<Words> words;
    Instant at;
    std::uint32_t revision = 0;  ///< of the PollOrder that asked for this read; 0 before any
    std::uint32_t missed = 0;    ///< rounds of the device that ended late since its last report
};

/// How a device is polled from now on; replaces what was before. The core sends one when it has
/// learnt that a block does not answer whole, and when a device's alarms ask for a faster pace.
struct PollOrder {
    std::size_t device = 0;
    std::uint32_t revision = 0;  ///< counts up when `blocks` differ by more than their period
    std::vector<Block> blocks;   ///< each with its own period, none zero
};

/// A write the agent wants done, ahead of reads, with read-back by the bus thread.
struct WriteOrder {
    std::uint64_t ticket = 0;
    std::size_t device = 0;
    WriteRequest request;
    bool look_first = false;  ///< nobody knows what stands there: read it before it is overwritten
};

/// What became of a WriteOrder. `words` are what reading back showed.
struct WriteReport {
    std::uint64_t ticket = 0;
    Result<Words> words;
    Instant at;
    std::optional<Words> before = {};  ///< with `look_first`, if that could be read
};

}  // namespace firebreak
