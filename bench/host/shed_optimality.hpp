// (e) How near the choice of loads comes to the best there is, on made-up sites. Prints its lines.
#pragma once

namespace firebreak {

/// False when a bound is broken.
[[nodiscard]] bool shed_optimality();

}  // namespace firebreak
