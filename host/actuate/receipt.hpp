// A crew worker's answer to an order. A plain value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "host/actuate/actuator.hpp"

namespace firebreak {

/// What the target's items are now. Empty `steps`: an observation.
struct Receipt {
    std::string target;
    std::vector<Step> steps;
    Result<ItemStates> states;
    std::optional<Feedback> feedback = std::nullopt;  ///< how the others fared that receive
};

}  // namespace firebreak
