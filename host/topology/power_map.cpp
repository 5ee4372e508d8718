#include "host/topology/power_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

namespace firebreak {
namespace {

/// Where each name stands; a second one is complained of.
template <class Kind, class Key>
std::unordered_map<std::string, std::size_t> index_of(const std::vector<Kind>& all,
                                                      std::string_view kind, const Key& key,
                                                      Complaints& complaints) {
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto [first, is_new] = index.emplace(key(all[i]), i);
        if (is_new) continue;
        complaints.add(all[i].place, fmt::format("{} \"{}\" stands twice, first in line {}", kind,
                                                 all[i].name, all[first->second].place.line));
    }
    return index;
}

const auto own_name = [](const auto& one) { return one.name; };
const auto in_site = [](const auto& one) { return one.site + '\n' + one.name; };

/// The UPSs of each rack; none when nobody can tell.
std::vector<std::vector<std::size_t>> link_racks(const PowerMap& map, Complaints& complaints) {
    const auto upss = index_of(map.upss, "UPS", own_name, complaints);
    const auto pdus = index_of(map.pdus, "PDU", own_name, complaints);
    for (const auto& pdu : map.pdus) {
        if (upss.contains(pdu.ups)) continue;
        complaints.add(pdu.place, "there is no UPS \"" + pdu.ups + "\"");
    }
    std::vector<std::vector<std::size_t>> feeds(map.racks.size());
    for (std::size_t i = 0; i < map.racks.size(); ++i) {
        const auto& rack = map.racks[i];
        std::set<std::size_t> fed_by;
        std::set<std::string> seen;
        for (const auto& name : rack.pdus) {
            const auto pdu = pdus.find(name);
            if (pdu == pdus.end()) {
                complaints.add(rack.place, "there is no PDU \"" + name + "\"");
                continue;
            }
            if (!seen.insert(name).second) {
                complaints.add(rack.place, "PDU \"" + name + "\" stands twice: that is one feed");
            }
            const auto ups = upss.find(map.pdus[pdu->second].ups);
            if (ups == upss.end()) continue;
            const auto& site = map.upss[ups->second].site;
            if (site != rack.site) {
                complaints.add(rack.place,
                               fmt::format("the rack is at {}, but its PDU \"{}\" hangs "
                                           "on \"{}\" at {}",
                                           rack.site, name, ups->first, site));
            }
            fed_by.insert(ups->second);
        }
        feeds[i].assign(fed_by.begin(), fed_by.end());
    }
    return feeds;
}

}  // namespace

void link_power(PowerMap& map, Complaints& complaints) {
    const auto racks = index_of(map.racks, "rack", in_site, complaints);
    const auto rack_feeds = link_racks(map, complaints);
    const auto services = index_of(map.services, "service", own_name, complaints);
    static_cast<void>(index_of(map.servers, "server", in_site, complaints));
    map.feeds.assign(map.servers.size(), {});
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        const auto& server = map.servers[i];
        if (!server.service.empty() && !services.contains(server.service)) {
            complaints.add(server.place, "there is no service \"" + server.service +
                                             "\": add a [[topology.service]]");
        }
        const auto rack = racks.find(server.site + '\n' + server.rack);
        // A list of thousands names racks that nobody has drawn yet: what feeds them is not known.
        if (rack != racks.end()) map.feeds[i] = rack_feeds[rack->second];
    }
}

std::vector<double> connected_kw(const PowerMap& map) {
    std::vector<double> kw(map.upss.size(), 0);
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        for (const auto ups : map.feeds[i]) {
            kw[ups] += map.servers[i].kw / static_cast<double>(map.feeds[i].size());
        }
    }
    return kw;
}

std::string describe(const PowerMap& map) {
    std::vector<std::size_t> servers(map.upss.size(), 0);
    std::size_t unfed = 0;
    for (const auto& feeds : map.feeds) {
        if (feeds.empty()) ++unfed;
        for (const auto ups : feeds) ++servers[ups];
    }
    auto out = fmt::format("topology: {} UPSs, {} PDUs, {} racks, {} servers, {} services\n",
                           map.upss.size(), map.pdus.size(), map.racks.size(), map.servers.size(),
                           map.services.size());
    const auto kw = connected_kw(map);
    for (std::size_t i = 0; i < map.upss.size(); ++i) {
        const auto& ups = map.upss[i];
        out += fmt::format("  {} ({}, room {}): {} servers, {:.1f} of {:.1f} kW\n", ups.name,
                           ups.site, ups.room, servers[i], kw[i], ups.kw);
    }
    if (unfed > 0) out += fmt::format("  {} servers of which nobody says what feeds them\n", unfed);
    return out;
}

}  // namespace firebreak
