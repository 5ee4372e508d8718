// What a device says it is: the answers to "report server id" and "read device identification",
// made of the profile's name and title. Pure and total. V1.1b3, 6.13 and 6.21.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

/// "UPS2000" of the profile "huawei-ups2000": its name past the maker's, in capitals.
[[nodiscard]] std::string product_code(const DevicePlan& plan);

/// The answer's PDU.
[[nodiscard]] Bytes server_id(const DevicePlan& plan);

/// The answer's PDU, or an exception's.
[[nodiscard]] Bytes device_identification(const DevicePlan& plan,
                                          std::span<const std::uint8_t> request);

}  // namespace firebreak
