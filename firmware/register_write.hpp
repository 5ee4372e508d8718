// One register of one device to one value: as an order for its bus, and as the reading that
// reading back gives. Pure; shared by what hosts command and what alarms ask. Errors: refused.
#pragma once

#include <cstdint>

#include "contract/reading.hpp"
#include "firmware/bus/plan.hpp"
#include "firmware/bus/report.hpp"

namespace firebreak {

[[nodiscard]] Result<WriteOrder> write_order(std::uint64_t ticket, std::size_t index,
                                             const DevicePlan& device, const Register& reg,
                                             double value);

[[nodiscard]] Reading read_back(const DevicePlan& device, const Register& reg, const Words& words,
                                Instant at);

}  // namespace firebreak
