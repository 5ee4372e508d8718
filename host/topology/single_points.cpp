#include "host/topology/single_points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>

namespace firebreak {
namespace {

/// What each replica falls with, as a name; nothing when nobody can tell, "" when with no single.
using FallsWith = std::function<std::optional<std::string>(std::size_t server)>;

enum class Spread { one, several, unknown };

/// Whether all replicas fall with one thing, which is then `what`.
Spread spread(const std::vector<std::size_t>& replicas, const FallsWith& falls_with,
              std::string& what) {
    bool unknown = false;
    std::set<std::string> names;
    for (const auto server : replicas) {
        const auto name = falls_with(server);
        if (!name) {
            unknown = true;
        } else if (name->empty()) {
            return Spread::several;  // this one falls with no single thing
        } else {
            names.insert(*name);
        }
        if (names.size() > 1) return Spread::several;
    }
    if (unknown) return Spread::unknown;
    what = *names.begin();
    return Spread::one;
}

/// The one UPS, or the one battery room, that a server hangs on.
FallsWith by_power(const PowerMap& map, const std::function<std::string(const MapUps&)>& name) {
    return [&map, name](std::size_t server) -> std::optional<std::string> {
        const auto& feeds = map.feeds[server];
        if (feeds.empty()) return std::nullopt;
        std::set<std::string> names;
        for (const auto ups : feeds) names.insert(name(map.upss[ups]));
        return names.size() == 1 ? *names.begin() : std::string();
    };
}

std::string warn_of_service(const PowerMap& map, const MapService& service,
                            const std::vector<std::size_t>& replicas) {
    if (replicas.empty()) return "service " + service.name + " has no active server";
    const std::vector<std::pair<std::string, FallsWith>> causes = {
        {"UPS", by_power(map, [](const MapUps& ups) { return ups.name; })},
        {"battery room",
         by_power(map, [](const MapUps& ups) { return ups.room + " at " + ups.site; })},
        {"site", [&](std::size_t server) { return map.servers[server].site; }}};
    std::string unknown;
    for (const auto& [kind, falls_with] : causes) {
        std::string what;
        const auto found = spread(replicas, falls_with, what);
        if (found == Spread::one) {
            return fmt::format("service {}: all {} replicas fall with one {}, {}{}", service.name,
                               replicas.size(), kind, what, unknown);
        }
        if (found == Spread::unknown && unknown.empty()) {
            unknown = fmt::format("; cannot tell whether with one {}: not every rack says its PDUs",
                                  kind);
        }
    }
    return unknown.empty() ? "" : "service " + service.name + unknown;
}

/// Lists that say nothing that anybody could use.
void warn_of_lists(const PowerMap& map, std::vector<std::string>& warnings) {
    for (const auto& [key, file] : map.lists) {
        const auto found = map.rows.find(key);
        if (found == map.rows.end() || found->second.taken > 0) continue;  // or complained of
        const auto& rows = found->second;
        warnings.push_back(fmt::format(
            "no {} comes from {}: {}", key == "feeds" ? "feed" : "server", file,
            !rows.by_role.empty()     ? "no device of the list is a server by its role: name the "
                                        "servers' roles in roles = […]"
            : !rows.by_status.empty() ? "none of its rows is active by its status"
            : key == "feeds"          ? "no row of it names a rack"
                                      : "it has no rows below its header"));
    }
}

/// UPSs that are overloaded already, or would be once one of a pair that shares racks is gone.
void warn_of_load(const PowerMap& map, std::vector<std::string>& warnings) {
    const auto kw = connected_kw(map);
    std::map<std::pair<std::size_t, std::size_t>, double>
        shared;  // what falls to one, by the other
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        const auto& feeds = map.feeds[i];
        if (feeds.size() < 2) continue;
        const auto all = static_cast<double>(feeds.size());
        const auto more = map.servers[i].kw / (all - 1) - map.servers[i].kw / all;
        for (const auto stays : feeds) {
            for (const auto falls : feeds) {
                if (stays != falls) shared[{stays, falls}] += more;
            }
        }
    }
    for (std::size_t i = 0; i < map.upss.size(); ++i) {
        const auto& ups = map.upss[i];
        if (kw[i] <= ups.kw) continue;
        warnings.push_back(
            fmt::format("{} is to carry {:.1f} kW and may carry {:.1f}", ups.name, kw[i], ups.kw));
    }
    for (const auto& [pair, more] : shared) {
        const auto& ups = map.upss[pair.first];
        const auto then = kw[pair.first] + more;
        if (then <= ups.kw || kw[pair.first] > ups.kw) continue;
        warnings.push_back(fmt::format("without {} {} would carry {:.1f} kW and may carry {:.1f}",
                                       map.upss[pair.second].name, ups.name, then, ups.kw));
    }
}

bool is_loopback(std::string_view url) {
    const auto host = url.substr(std::min(url.size(), url.find("://") + 3));
    return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" ||
           host.starts_with("localhost:");
}

/// As the topology says, which a tunnel may need; else here when it is reached without a network.
std::string broker_site(const PolicyPlan& plan) {
    if (plan.map && !plan.map->broker_site.empty()) return plan.map->broker_site;
    const auto& urls = plan.broker.urls;
    return std::all_of(urls.begin(), urls.end(), is_loopback) ? plan.site : "";
}

void warn_of_broker(const PolicyPlan& plan, std::vector<std::string>& warnings) {
    const auto site = broker_site(plan);
    for (const auto& rule : plan.rules) {
        if (rule.at_least < Posture::drain) continue;
        if (site.empty()) {
            warnings.emplace_back(
                "cannot tell whether the broker stands in a zone it guards: say broker_site in "
                "[topology]");
            return;
        }
        if (!rule.site.empty() && rule.site != site) continue;
        warnings.push_back(fmt::format(
            "line {}: the broker stands at {}, {}: no alarm would come "
            "out of a fire there",
            rule.place.line, site,
            rule.site.empty() ? "and a fire at any site is acted on" : "a site that is drained"));
        return;
    }
}

}  // namespace

std::vector<std::string> single_points(const PolicyPlan& plan) {
    std::vector<std::string> warnings;
    if (!plan.map) {
        warn_of_broker(plan, warnings);
        return warnings;
    }
    const auto& map = *plan.map;
    std::map<std::string, std::vector<std::size_t>> replicas;
    for (std::size_t i = 0; i < map.servers.size(); ++i) {
        replicas[map.servers[i].service].push_back(i);
    }
    for (const auto& service : map.services) {
        auto warning = warn_of_service(map, service, replicas[service.name]);
        if (!warning.empty()) warnings.push_back(std::move(warning));
    }
    warn_of_lists(map, warnings);
    warn_of_load(map, warnings);
    warn_of_broker(plan, warnings);
    return warnings;
}

}  // namespace firebreak
