#include "host/topology/power_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "host/topology/names.hpp"

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

constexpr std::size_t most_words = 8;  // told of a list

const auto own_name = [](const auto& one) { return one.name; };
const auto in_site = [](const auto& one) { return one.site + '\n' + one.name; };

/// PDUs by their site, which is that of their UPS; what is wrong with them is complained of.
class PduBook {
public:
    PduBook(const PowerMap& map, Complaints& complaints)
        : map_(map), upss_(upss_of_pdus(map)), complaints_(complaints) {
        const auto upss = index_of(map.upss, "UPS", own_name, complaints);
        NameBook known;
        for (const auto& [name, place] : upss) known.add("", name, place);
        const auto site_of = [&](const MapPdu& pdu) {
            const auto ups = upss.find(pdu.ups);
            return ups == upss.end() ? std::string() : map.upss[ups->second].site;
        };
        const auto key = [&](const MapPdu& pdu) { return site_of(pdu) + '\n' + pdu.name; };
        static_cast<void>(index_of(map.pdus, "PDU", key, complaints));
        for (std::size_t i = 0; i < map.pdus.size(); ++i) {
            const auto& pdu = map.pdus[i];
            names_.add(site_of(pdu), pdu.name, i);
            if (upss.contains(pdu.ups)) continue;
            complaints.add(pdu.place,
                           "there is no UPS \"" + pdu.ups + '"' + known.hint_of("", pdu.ups));
        }
    }

    /// Complains of a rack's or a server's that do not exist at its site, or stand twice; those
    /// that a list names, where it does.
    void check(std::string_view whose, const std::string& site,
               const std::vector<std::string>& pdus, const Place& drawn,
               const std::map<std::string, Place>& listed) const {
        std::set<std::string> seen;
        for (const auto& name : pdus) {
            const auto by_list = listed.find(name);
            const auto& place = by_list == listed.end() ? drawn : by_list->second;
            // Of one at no site the UPS is missing: that was complained of.
            if (!is_known(site, name) && !is_known("", name)) {
                complaints_.add(place, missing(whose, site, name));
            } else if (!seen.insert(name).second) {
                complaints_.add(place, "PDU \"" + name + "\" stands twice: that is one feed");
            }
        }
    }

    /// What PDUs at a site hang on, in order.
    [[nodiscard]] std::vector<std::size_t> upss_of(const std::string& site,
                                                   const std::vector<std::string>& pdus) const {
        std::set<std::size_t> upss;
        for (const auto& name : pdus) {
            if (const auto ups = upss_.find({site, name}); ups != upss_.end()) {
                upss.insert(ups->second);
            }
        }
        return {upss.begin(), upss.end()};
    }

private:
    [[nodiscard]] bool is_known(const std::string& site, const std::string& name) const {
        const auto found = names_.find(site, name);
        return found && map_.pdus[*found].name == name;
    }

    [[nodiscard]] std::string missing(std::string_view whose, const std::string& site,
                                      const std::string& name) const {
        for (const auto& [pdu, ups] : upss_) {
            if (pdu.second != name) continue;
            return fmt::format("the {} is at {}, but its PDU \"{}\" hangs on \"{}\" at {}", whose,
                               site, name, map_.upss[ups].name, pdu.first);
        }
        return "there is no PDU \"" + name + "\" at " + site + names_.hint_of(site, name);
    }

    const PowerMap& map_;
    UpsOfPdu upss_;
    NameBook names_;
    Complaints& complaints_;
};

/// What servers refer to by name: as it stands, or as they alone write it otherwise.
class Referred {
public:
    void add(const std::string& site, const std::string& name, std::size_t place) {
        book_.add(site, name, place);
    }
    /// What one file writes in two ways are two, of which at most one is meant: "A/1", "A1".
    void note(const std::string& site, const std::string& name, const MapServer& by) {
        if (!name.empty()) written_.add(by.place.file + '\n' + site, small(name), 0);
    }
    template <class Kind>
    [[nodiscard]] const Kind* find(const std::vector<Kind>& all, const std::string& site,
                                   const std::string& name, const MapServer& by) const {
        const auto found = book_.find(site, name);
        if (!found) return nullptr;
        const bool same = small(all[*found].name) == small(name);
        if (!same && !written_.is_alone(by.place.file + '\n' + site, name)) return nullptr;
        return &all[*found];
    }
    [[nodiscard]] std::string hint_of(const std::string& name) const {
        return book_.hint_of("", name);
    }

private:
    NameBook book_, written_;
};

}  // namespace

UpsOfPdu upss_of_pdus(const PowerMap& map) {
    std::unordered_map<std::string, std::size_t> upss;
    for (std::size_t i = 0; i < map.upss.size(); ++i) upss.emplace(map.upss[i].name, i);
    UpsOfPdu out;
    for (const auto& pdu : map.pdus) {
        const auto ups = upss.find(pdu.ups);
        if (ups != upss.end())
            out.emplace(std::pair(map.upss[ups->second].site, pdu.name), ups->second);
    }
    return out;
}

void link_power(PowerMap& map, Complaints& complaints) {
    const PduBook pdus(map, complaints);
    static_cast<void>(index_of(map.racks, "rack", in_site, complaints));
    static_cast<void>(index_of(map.services, "service", own_name, complaints));
    static_cast<void>(index_of(map.servers, "server", in_site, complaints));
    Referred racks, services;
    for (std::size_t i = 0; i < map.racks.size(); ++i) {
        const auto& rack = map.racks[i];
        pdus.check("rack", rack.site, rack.pdus, rack.place, rack.listed);
        racks.add(rack.site, rack.name, i);
    }
    for (std::size_t i = 0; i < map.services.size(); ++i) services.add("", map.services[i].name, i);
    for (const auto& server : map.servers) {
        racks.note(server.site, server.rack, server);
        services.note("", server.service, server);
    }
    map.feeds.assign(map.servers.size(), {});
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        auto& server = map.servers[i];
        if (const auto* service = services.find(map.services, "", server.service, server)) {
            server.service = service->name;
        } else if (!server.service.empty()) {
            complaints.add(server.place, "there is no service \"" + server.service +
                                             "\": add a [[topology.service]]" +
                                             services.hint_of(server.service));
        }
        pdus.check("server", server.site, server.pdus, server.place, {});
        // A list of thousands names racks that nobody has drawn yet: what feeds them is not known.
        const auto* rack = racks.find(map.racks, server.site, server.rack, server);
        if (rack != nullptr) server.rack = rack->name;
        const bool own = !server.pdus.empty();
        if (own || rack != nullptr) {
            map.feeds[i] = pdus.upss_of(server.site, own ? server.pdus : rack->pdus);
        }
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

/// How many rows of each word, the most frequent first.
std::string describe_rows(const std::map<std::string, std::size_t>& counts, std::string_view rows,
                          std::string_view kind, std::string_view advice) {
    if (counts.empty()) return "";
    std::vector<std::pair<std::string, std::size_t>> words(counts.begin(), counts.end());
    std::stable_sort(words.begin(), words.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::size_t all = 0;
    std::string names;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto& [word, count] = words[i];
        all += count;
        if (i >= most_words) continue;
        names += fmt::format("{}{} {}", i == 0 ? "" : ", ", count,
                             word.empty() ? fmt::format("without a {}", kind) : '"' + word + '"');
    }
    if (words.size() > most_words) names += fmt::format(" and {} more", words.size() - most_words);
    return fmt::format("  {} {} are left out by their {}: {}{}\n", all, rows, kind, names, advice);
}

std::string describe_left_out(const PowerMap& map) {
    std::string out;
    for (const auto& [key, rows] : map.rows) {
        out += describe_rows(rows.by_role, "active " + key, "role",
                             "; where some are servers name their roles in roles = […]");
        out += describe_rows(rows.by_status, key, "status", "; only \"active\" ones are taken");
    }
    return out;
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
