// The closing account of a replay: when what happened, and who suffered with and without
// Firebreak, as a table for the terminal. sim/picture.hpp draws the same as SVG.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/record.hpp"
#include "sim/scenario.hpp"

namespace firebreak {

struct ReportPlan {
    Scenario scenario;
    double speed = 1;
    std::vector<std::string> services;  ///< in the order of their tiers
    std::string with_csv, without_csv;  ///< the load's records of the two runs
    std::string world_csv, mqtt_log;    ///< of the run with Firebreak
};

struct Failures {
    std::size_t requests = 0;
    std::size_t failed = 0;
    std::size_t failed_late = 0;  ///< after the first minute of the alarm
};

struct Report {
    Scenario scenario;
    std::vector<std::string> services;
    RoomRecord room;
    ActionRecord actions;
    Traffic with, without;

    [[nodiscard]] std::optional<double> first_drain() const;
    /// Nothing unless every service was drained.
    [[nodiscard]] std::optional<double> last_drain() const;
    [[nodiscard]] Failures failures(const Traffic& traffic, const std::string& service) const;
    /// What was promised and not kept; empty when all was.
    [[nodiscard]] std::vector<std::string> broken_promises() const;
};

[[nodiscard]] Result<Report> make_report(const ReportPlan& plan);

/// The table; `colour` adds ANSI colours.
[[nodiscard]] std::string describe(const Report& report, bool colour);

}  // namespace firebreak
