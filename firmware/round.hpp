// One reading of a whole device, outside the agent's schedule: for `read` and for a scan.
// No clock; blocks on the bus for as long as the device does. Nothing is thrown; a block that does
// not answer gives missing readings with the reason.
#pragma once

#include <optional>
#include <vector>

#include "contract/reading.hpp"
#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

struct Round {
    std::vector<Reading> readings;  ///< one of every register that is read, in the blocks' order
    std::optional<Error> trouble;   ///< the first read that went wrong
};

/// A block that the device refuses is halved as far as it goes; `device.blocks` keep what was
/// learnt. After a timeout the other blocks are not asked for: who is silent is silent.
[[nodiscard]] Round read_round(Bus& bus, DevicePlan& device, Instant at);

}  // namespace firebreak
