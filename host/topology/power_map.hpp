// What feeds what: UPSs in battery rooms, PDUs, racks, servers and the services that they serve.
// Pure values as resolved from [topology]; names are unique within their kind; of PDUs, racks and
// servers within their site. kW throughout. A rack whose PDUs are not said: nobody can tell what
// feeds it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "contract/support/complaint.hpp"

namespace firebreak {

struct MapUps {
    std::string name, site, room;
    double kw = 0;  ///< what it may carry
    Place place;
};

struct MapPdu {
    std::string name, ups;  ///< it stands at the site of its UPS
    Place place;
};

struct MapRack {
    std::string name, site;
    std::vector<std::string> pdus;
    Place place;
    std::map<std::string, Place> listed = {};  ///< by PDU: where a list of feeds says it
};

struct MapServer {
    std::string name, site, rack, service;  ///< rack and service may be ""
    double kw = 0;
    Place place;
    std::vector<std::string> pdus = {};  ///< its own, of its rack's; none: all of these
};

struct MapService {
    std::string name;
    int tier = 1;
    std::vector<std::string> targets;  ///< of the policy: what puts its servers down
    Place place;
};

/// Which servers an item of a target feeds, where it does not bear the name of one or of a rack.
struct MapCord {
    std::string target, item;
    std::string rack, server;  ///< either; a rack is all of its servers
    std::string pdu;           ///< the feed that it interrupts; "" all of them
    Place place;
};

/// Rows of a list.
struct RowCount {
    std::size_t taken = 0;
    std::map<std::string, std::size_t> by_role, by_status;  ///< those left out
};

struct PowerMap {
    std::string broker_site;                   ///< where the broker stands; "" not said
    std::map<std::string, std::string> lists;  ///< files read for it, by the key that names them
    std::vector<MapUps> upss;
    std::vector<MapPdu> pdus;
    std::vector<MapRack> racks;
    std::vector<MapServer> servers;
    std::vector<MapService> services;
    std::vector<MapCord> cords;
    std::vector<std::string> roles;            ///< of the list's devices, which are servers
    std::map<std::string, std::string> sites;  ///< by what the lists call them
    std::map<std::string, RowCount> rows;      ///< what became of each list, by its key
    /// By server: the places in `upss` of what feeds it, in order; none when nobody can tell.
    std::vector<std::vector<std::size_t>> feeds;
};

/// By a PDU's site and name: the place of its UPS. Those of no UPS are left out.
using UpsOfPdu = std::map<std::pair<std::string, std::string>, std::size_t>;
[[nodiscard]] UpsOfPdu upss_of_pdus(const PowerMap& map);

/// Fills in `feeds`, gives what others refer to by a name that name as it stands there, and
/// complains of names that do not exist, stand twice or contradict.
void link_power(PowerMap& map, Complaints& complaints);

/// Each UPS with what hangs on it, for people. A server with several feeds counts in parts.
[[nodiscard]] std::string describe(const PowerMap& map);

/// kW by UPS, as in `upss`, while all of them work.
[[nodiscard]] std::vector<double> connected_kw(const PowerMap& map);

}  // namespace firebreak
