// The report as a picture: the story's events, what Firebreak did, and the failed requests
// of every service with and without it, minute by minute. Colours are safe for the colour-blind
// (Okabe and Ito); what is on record is told from what is assumed.
#pragma once

#include <string>

#include "sim/report.hpp"

namespace firebreak {

/// One SVG document.
[[nodiscard]] std::string draw(const Report& report);

}  // namespace firebreak
