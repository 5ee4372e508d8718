// Rooms by chance, played through the detectors: some with one failing cell, some that live a
// normal life. Pure and deterministic: seed and number make the room. Cel, W, s.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/judge/detectors.hpp"

namespace firebreak {

struct RoomsPlan {
    std::uint64_t seed = 1;
    std::size_t failing = 200;
    std::size_t normal = 20;
    double hours = 24;  ///< of each normal room
    double least_watts = 200;
    double most_watts = 5000;
    bool vrla = false;  ///< lead-acid blocks that run away on float instead of heated cells
};

/// What became of one room.
struct RoomOutcome {
    double watts = 0;  ///< into the failing cell; 0: a normal room; 1: a recording that fails
    double began = 0;  ///< s, the failure
    std::optional<double> runaway, hot60, hot80;  ///< s, of the failing cell itself
    double sensor_hours = 0;
    std::vector<Firing> firings;
};

[[nodiscard]] RoomOutcome play_failing(const SitePlan& site, const RoomsPlan& plan,
                                       std::uint64_t number);
[[nodiscard]] RoomOutcome play_normal(const SitePlan& site, const RoomsPlan& plan,
                                      std::uint64_t number);

/// All of them on two threads, the failing ones first, each group by its number.
[[nodiscard]] std::vector<RoomOutcome> play_rooms(const SitePlan& site, const RoomsPlan& plan);

/// The cells' points of a site, in the order of its devices.
[[nodiscard]] std::vector<PointId> cell_points(const SitePlan& site);

}  // namespace firebreak
