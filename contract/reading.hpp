// A reading: one point's value at one instant, or the reason why there is none.
// There is no NaN and no silent zero: a missing value carries its Error.
#pragma once

#include <string>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
#include "contract/unit.hpp"

namespace firebreak {

/// Which quantity of which device. Measures use RFC 9271 (NUT) names where they exist.
struct PointId {
    std::string device;   ///< "ups1"
    std::string measure;  ///< "battery.temperature"

    auto operator<=>(const PointId&) const = default;
};

struct Reading {
    PointId point;
    Result<double> value;  ///< in `unit`
    std::string label;     ///< the enumeration's word for the value, or a text point's text
    Unit unit = Unit::none;
    Instant at;            ///< when the words came off the wire
};

}  // namespace firebreak
