// What HTTP APIs answer, as JSON of their own. Pure. Owns the host's only use of nlohmann-json.
// Parsing trusts nothing: depth, types and words are checked. Errors: corrupt.
#pragma once

#include <string_view>

#include "host/actuate/actuator.hpp"

namespace firebreak {

/// {"items": {"a": "drain"}}; other keys are left unread, other states are no answer.
[[nodiscard]] Result<ItemStates> parse_item_states(std::string_view json);

}  // namespace firebreak
