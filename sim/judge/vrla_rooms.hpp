// Rooms of valve-regulated lead-acid blocks on float, played through the detectors: a block whose
// neighbours have shorted cells, or a whole string whose charger is set too high, runs away over
// hours; normal ones have discharges, lost cooling, doors and broken sensors. Pure. Cel, s.
#pragma once

#include <cstdint>

#include "sim/judge/rooms.hpp"

namespace firebreak {

/// Read every 5 s. A failing room ends when a block has reached 80 Cel, or after two days.
[[nodiscard]] RoomOutcome play_vrla(const SitePlan& site, const RoomsPlan& plan,
                                    std::uint64_t number, bool fails);

}  // namespace firebreak
