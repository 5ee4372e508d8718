// A UPS whose load the host watches, as resolved from the policy file. Pure values. kW.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "contract/support/complaint.hpp"
#include "contract/topic.hpp"
#include "host/power/shed_need.hpp"

namespace firebreak {

struct WatchedUps {
    std::string name;     ///< of the topology
    std::size_t ups = 0;  ///< its place there
    Origin agent;         ///< that reads it
    PointId load;         ///< in kW, W or per cent of the capacity
    std::optional<PointId> runtime;
    std::string on_battery;  ///< the agent's alarm that says so; "" it never is
    UpsRating rating;
    Duration max_age{};  ///< of its readings: agents say unchanged ones again from time to time
    Duration settle{};   ///< after a load went off, until the reading shows it
    Place place;
};

}  // namespace firebreak
