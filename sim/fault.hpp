// Which device misbehaves when, and how. Pure; owned by the room. A kind of fault is one row of
// FaultKind and one case where it is carried out (room.cpp). Times are story times.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sim/scenario.hpp"

namespace firebreak {

class FaultTable {
public:
    explicit FaultTable(std::vector<FaultPlan> faults) : faults_(std::move(faults)) {}

    /// The fault of this device now; of several, the one that began last.
    [[nodiscard]] const FaultPlan* active(std::string_view device, Duration now) const;

    /// The first time after `now` at which a fault begins or ends.
    [[nodiscard]] std::optional<Duration> next_edge(Duration now) const;

private:
    std::vector<FaultPlan> faults_;  ///< in order of `at`
};

}  // namespace firebreak
