// What a bus and its devices are, as resolved from the site file. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/support/time.hpp"
#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

struct BusPlan {
    std::string name;
    std::string host;  ///< Modbus TCP
    std::uint16_t port = 502;
    Duration timeout = std::chrono::milliseconds(500);
};

struct DevicePlan {
    std::string name;
    std::size_t bus = 0;  ///< index into SitePlan::buses
    std::uint8_t unit = 1;
    Profile profile;
    std::uint16_t base = 0;
    std::vector<Block> blocks;
    Duration period = std::chrono::seconds(1);
    Duration silent_after = std::chrono::seconds(10);  ///< no good answer this long: silent
};

}  // namespace firebreak
