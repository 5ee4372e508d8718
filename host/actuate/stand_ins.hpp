// What is believed of an answer that names more than it was asked for. Pure. A program or a service
// of the site's own shows a target's items, and the servers that stand in for them: those count as
// ready, and nobody else vouches for them, so they are bounded and of plain names.
#pragma once

#include <string>
#include <vector>

#include "host/actuate/actuator.hpp"

namespace firebreak {

inline constexpr std::size_t most_stand_ins = 1024;
inline constexpr std::size_t longest_stand_in = 255;

/// The items' own states, and of others those that may stand in.
[[nodiscard]] ItemStates believed_of(ItemStates shown, const std::vector<std::string>& items);

}  // namespace firebreak
