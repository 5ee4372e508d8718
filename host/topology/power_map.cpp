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

constexpr std::size_t most_roles = 8;  // told of a list

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

namespace {

/// Rows that are no servers, the most frequent roles first.
std::string describe_left_out(const PowerMap& map) {
    if (map.left_out.empty()) return "";
    std::vector<std::pair<std::string, std::size_t>> roles(map.left_out.begin(),
                                                           map.left_out.end());
    std::stable_sort(roles.begin(), roles.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::size_t rows = 0;
    std::string names;
    for (std::size_t i = 0; i < roles.size(); ++i) {
        const auto& [role, count] = roles[i];
        rows += count;
        if (i >= most_roles) continue;
        names += fmt::format("{}{} {}", i == 0 ? "" : ", ", count,
                             role.empty() ? "without a role" : '"' + role + '"');
    }
    if (roles.size() > most_roles) {
        names += fmt::format(" and {} roles more", roles.size() - most_roles);
    }
    return fmt::format(
        "  {} active devices are left out by their role: {}; where some are "
        "servers name their roles in roles = […]\n",
        rows, names);
}

}  // namespace

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
    out += describe_left_out(map);
    if (unfed > 0) out += fmt::format("  {} servers of which nobody says what feeds them\n", unfed);
    return out;
}

}  // namespace firebreak
