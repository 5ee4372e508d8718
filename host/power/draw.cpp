#include "host/power/draw.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "host/groups.hpp"
#include "host/power/servers_off.hpp"
#include "host/topology/names.hpp"

namespace firebreak {
namespace {

/// One item and a server that it feeds, over which PDU; "" over all of them.
struct Cord {
    std::size_t item = 0, server = 0;
    std::string pdu;
};

struct Item {
    std::size_t target = 0;
    std::string name;
};

/// Places of servers by name and by rack, within their sites.
class Servers {
public:
    explicit Servers(const PowerMap& map) {
        for (std::size_t i = 0; i < map.servers.size(); ++i) {
            const auto& server = map.servers[i];
            by_name_[server.site + '\n' + server.name].push_back(i);
            if (!server.rack.empty()) in_rack_of(server).push_back(i);
        }
    }
    [[nodiscard]] std::vector<std::size_t> named(const std::string& site,
                                                 const std::string& name) const {
        const auto found = by_name_.find(site + '\n' + name);
        return found == by_name_.end() ? std::vector<std::size_t>{} : found->second;
    }
    [[nodiscard]] std::vector<std::size_t> in_rack(const std::string& site,
                                                   const std::string& rack) const {
        const auto found = racks_.find(site, rack);
        return found ? in_racks_[*found] : std::vector<std::size_t>{};
    }
    /// Of what bears that name: a rack, a server, or else a rack that is written otherwise.
    [[nodiscard]] std::vector<std::size_t> behind(const std::string& site,
                                                  const std::string& item) const {
        const auto rack = rack_places_.find(site + '\n' + item);
        if (rack != rack_places_.end()) return in_racks_[rack->second];
        auto server = named(site, item);
        return server.empty() ? in_rack(site, item) : server;
    }

private:
    std::vector<std::size_t>& in_rack_of(const MapServer& server) {
        const auto [place, is_new] =
            rack_places_.emplace(server.site + '\n' + server.rack, in_racks_.size());
        if (is_new) {
            racks_.add(server.site, server.rack, in_racks_.size());
            in_racks_.emplace_back();
        }
        return in_racks_[place->second];
    }

    std::map<std::string, std::vector<std::size_t>> by_name_;
    std::map<std::string, std::size_t> rack_places_;
    NameBook racks_;
    std::vector<std::vector<std::size_t>> in_racks_;
};

void add_cords(std::vector<Cord>& cords, std::size_t item, const std::vector<std::size_t>& servers,
               const std::string& pdu) {
    for (const auto server : servers) cords.push_back({item, server, pdu});
}

/// The cords that are drawn, by target and item.
using Drawn = std::map<std::pair<std::string_view, std::string_view>, std::vector<const MapCord*>>;

Drawn drawn_in(const PowerMap& map) {
    Drawn drawn;
    for (const auto& cord : map.cords) drawn[{cord.target, cord.item}].push_back(&cord);
    return drawn;
}

/// By the cords that are drawn, else by the name of a rack or a server.
void find_cords(const PolicyPlan& plan, const Servers& servers, const Drawn& drawn,
                std::size_t index, const Item& item, std::vector<Cord>& cords) {
    const auto& target = plan.targets[item.target];
    const auto before = cords.size();
    if (const auto those = drawn.find({target.name, item.name}); those != drawn.end()) {
        for (const auto* cord : those->second) {
            add_cords(cords, index,
                      cord->rack.empty() ? servers.named(target.site, cord->server)
                                         : servers.in_rack(target.site, cord->rack),
                      cord->pdu);
        }
    }
    if (cords.size() > before) return;
    add_cords(cords, index, servers.behind(target.site, item.name), "");
}

/// Over a PDU that is none of its own nothing feeds it.
bool is_of(const Cord& cord, const MapServer& server) {
    const auto& own = server.pdus;
    return cord.pdu.empty() || own.empty() ||
           std::find(own.begin(), own.end(), cord.pdu) != own.end();
}

void check_cords(const PolicyPlan& plan, Complaints& complaints) {
    const auto upss = upss_of_pdus(*plan.map);
    for (const auto& cord : plan.map->cords) {
        const auto target = std::find_if(plan.targets.begin(), plan.targets.end(),
                                         [&](const auto& one) { return one.name == cord.target; });
        if (target == plan.targets.end()) {
            complaints.add(cord.place, "there is no target \"" + cord.target + '"');
            continue;
        }
        const auto& items = target->items;
        if (std::find(items.begin(), items.end(), cord.item) == items.end()) {
            complaints.add(cord.place,
                           "target \"" + cord.target + "\" has no item \"" + cord.item + '"');
        }
        if (cord.pdu.empty() || upss.contains({target->site, cord.pdu})) continue;
        complaints.add(cord.place, "there is no PDU \"" + cord.pdu + "\" at " + target->site);
    }
}

}  // namespace

std::set<std::string> shed_by_power(const PolicyPlan& plan) {
    std::set<std::string> names;
    for (const auto& rule : plan.rules) {
        if (rule.by_power) names.insert(rule.targets.begin(), rule.targets.end());
    }
    return names;
}

std::vector<Draw> draws_of(const PolicyPlan& plan, const std::set<std::string>& targets,
                           Complaints& complaints) {
    if (!plan.map) return {};
    check_cords(plan, complaints);
    const Servers servers(*plan.map);
    const auto drawn = drawn_in(*plan.map);
    std::vector<Item> items;
    std::vector<Cord> cords;
    for (std::size_t t = 0; t < plan.targets.size(); ++t) {
        const auto& target = plan.targets[t];
        if (!targets.contains(target.name)) continue;
        for (const auto& name : target.items) {
            const auto before = cords.size();
            items.push_back({t, name});
            find_cords(plan, servers, drawn, items.size() - 1, items.back(), cords);
            if (cords.size() > before) continue;
            complaints.add(target.place,
                           "nobody can tell what \"" + name +
                               "\" feeds: it is no rack or server of the topology at " +
                               target.site + "; add a [[topology.cord]]");
        }
    }
    Groups groups(items.size());  // items joined by the servers that they feed
    std::map<std::size_t, std::vector<const Cord*>> by_server;
    for (const auto& cord : cords) {
        if (is_of(cord, plan.map->servers[cord.server])) by_server[cord.server].push_back(&cord);
    }
    for (const auto& [server, those] : by_server) {
        for (const auto* cord : those) groups.join(those.front()->item, cord->item);
    }
    std::map<std::size_t, Draw> draws;
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto& draw = draws[groups.of(i)];
        const auto tier = plan.targets[items[i].target].tier;
        draw.tier = draw.items.empty() ? tier : std::min(draw.tier, tier);
        draw.items.emplace_back(items[i].target, items[i].name);
    }
    const FeedIndex feeds(*plan.map);
    for (const auto& [server, those] : by_server) {
        auto& draw = draws[groups.of(those.front()->item)];
        std::set<std::string> pdus;
        for (const auto* cord : those) pdus.insert(cord->pdu);
        draw.parts.push_back(
            {plan.map->servers[server].kw, plan.map->feeds[server], feeds.left_of(server, pdus)});
        draw.impact += plan.targets[items[those.front()->item].target].impact;
    }
    std::vector<Draw> out;
    for (auto& [group, draw] : draws) out.push_back(std::move(draw));
    return out;
}

std::map<std::size_t, std::vector<FedBy>> fed_by(const PolicyPlan& plan,
                                                 const std::set<std::size_t>& targets) {
    if (!plan.map) return {};
    const Servers servers(*plan.map);
    const auto drawn = drawn_in(*plan.map);
    std::map<std::size_t, std::vector<FedBy>> out;
    for (const auto target : targets) {
        for (const auto& name : plan.targets[target].items) {
            std::vector<Cord> cords;
            find_cords(plan, servers, drawn, 0, {target, name}, cords);
            for (auto& cord : cords) {
                if (!is_of(cord, plan.map->servers[cord.server])) continue;
                out[cord.server].push_back({target, name, std::move(cord.pdu)});
            }
        }
    }
    return out;
}

FeedIndex::FeedIndex(const PowerMap& map) {
    const auto upss = upss_of_pdus(map);
    const auto add = [&](const std::string& site, const std::vector<std::string>& pdus) {
        auto& feeds = feeds_.emplace_back();
        for (const auto& name : pdus) {
            const auto ups = upss.find({site, name});
            if (ups != upss.end()) feeds.emplace_back(name, ups->second);
        }
    };
    using RackKey = std::pair<std::string_view, std::string_view>;  // its site and its name
    std::map<RackKey, std::size_t> racks;
    for (const auto& rack : map.racks) {
        racks.emplace(RackKey(rack.site, rack.name), feeds_.size());
        add(rack.site, rack.pdus);
    }
    const auto none = feeds_.size();
    feeds_.emplace_back();  // of servers whose rack nobody has drawn
    feeds_of_.reserve(map.servers.size());
    for (const auto& server : map.servers) {
        const auto rack = racks.find(RackKey(server.site, server.rack));
        feeds_of_.push_back(!server.pdus.empty()  ? feeds_.size()
                            : rack == racks.end() ? none
                                                  : rack->second);
        if (!server.pdus.empty()) add(server.site, server.pdus);
    }
}

std::vector<std::size_t> FeedIndex::left_of(std::size_t server,
                                            const std::set<std::string>& without) const {
    if (without.contains("")) return {};
    std::set<std::size_t> left;
    for (const auto& [pdu, ups] : feeds_[feeds_of_[server]]) {
        if (!without.contains(pdu)) left.insert(ups);
    }
    return {left.begin(), left.end()};
}

bool FeedIndex::is_off(std::size_t server, const std::set<std::string>& without) const {
    return !without.empty() && left_of(server, without).empty();
}

std::vector<double> falls_by(const Draw& draw, const std::vector<bool>& lost) {
    std::vector<double> kw(lost.size(), 0.0);
    const auto live = [&](std::size_t ups) { return !lost[ups]; };
    for (const auto& part : draw.parts) {
        if (std::any_of(part.left.begin(), part.left.end(), live)) continue;
        const auto feeds = std::count_if(part.feeds.begin(), part.feeds.end(), live);
        for (const auto ups : part.feeds) {
            if (live(ups)) kw[ups] += part.kw / static_cast<double>(feeds);
        }
    }
    return kw;
}

std::vector<double> hangs_on(const PowerMap& map, const std::vector<bool>& lost) {
    std::vector<double> kw(map.upss.size(), 0.0);
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        const auto part = Draw{{}, 1, 0, {{map.servers[i].kw, map.feeds[i], {}}}};
        const auto falls = falls_by(part, lost);
        for (std::size_t u = 0; u < kw.size(); ++u) kw[u] += falls[u];
    }
    return kw;
}

}  // namespace firebreak
