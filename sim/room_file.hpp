// The room file: what `run` serves and what `load` asks for. Pure values and their TOML; paths
// in it count from the file's own folder. Errors go to Complaints, each with its place.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "firmware/site.hpp"
#include "sim/scenario.hpp"

namespace firebreak {

struct ServicePlan {
    std::string name;
    double rate = 0;    ///< requests a second that people send
    Duration takes{};   ///< how long a server takes for one
    int elsewhere = 0;  ///< servers at another site, which keeps its power
    Place place;
};

struct RoomPlan {
    SitePlan site;
    Scenario scenario;
    double speed = 1;  ///< story seconds in a second
    std::string log;
    std::uint16_t first_port = 0;
    std::vector<ServicePlan> services;  ///< in order of their tiers
};

[[nodiscard]] RoomPlan load_room(const std::string& path,
                                 const std::vector<std::string>& profile_folders,
                                 Complaints& complaints);

/// One HTTP server of a service.
struct ServerPlan {
    std::string name;
    std::uint16_t port = 0;
    Duration takes{};
};

/// The servers by port: first the racks' in the scenario's order, then those elsewhere.
[[nodiscard]] std::vector<ServerPlan> servers_of(const RoomPlan& room);

/// The servers and their ports, for people.
[[nodiscard]] std::string describe(const RoomPlan& room);

}  // namespace firebreak
