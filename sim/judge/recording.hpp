// A recording of sensors, a CSV with a column t_s and one a sensor, played through the detectors.
// Streamed: a file may be larger than memory. Blanks and gaps are missing readings; cells that are
// no number are missing too and counted, as are rows that go back in time. Errors:
// file:line:column.
#pragma once

#include <istream>
#include <string>
#include <utility>
#include <vector>

#include "contract/support/complaint.hpp"
#include "sim/judge/rooms.hpp"

namespace firebreak {

struct RecordingPlan {
    /// Column to point; a column named device/measure is that point anyhow.
    std::vector<std::pair<std::string, PointId>> map;
    /// Columns whose names begin so are cell temperatures, given to the site's cells in order.
    std::string cells = "temp";
};

struct RecordingOutcome {
    RoomOutcome room;
    std::size_t rows = 0;
    std::size_t nonsense = 0;   ///< cells that are no number
    std::size_t backwards = 0;  ///< rows left out because their time is not later than the last
    std::vector<std::string> unused;  ///< columns that are nobody's
};

[[nodiscard]] RecordingOutcome play_recording(std::istream& csv, const std::string& name,
                                              const SitePlan& site, const RecordingPlan& plan,
                                              Complaints& complaints);

}  // namespace firebreak
