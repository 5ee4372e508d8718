#include "host/topology/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "contract/support/svg.hpp"
#include "host/topology/single_points.hpp"

namespace firebreak {
namespace {

constexpr double row = 34, box_height = 26, box_width = 190;
constexpr double ups_x = 30, pdu_x = 280, rack_x = 530, service_x = 820;
constexpr double picture_width = 1050;
constexpr std::size_t most_racks = 40;  // of a site, drawn one by one
constexpr std::size_t most_warnings = 200;
constexpr std::size_t longest_label = 26;

// Okabe and Ito's colours, which the colour-blind can tell apart.
constexpr auto plain = R"(fill="#eef3f8" stroke="#0072b2")";
constexpr auto single = R"(fill="#fdecec" stroke="#d55e00" stroke-width="2.5")";
constexpr auto unknown = R"(fill="#f4f4f4" stroke="#777777" stroke-dasharray="5 3")";

struct Spot {
    double y = 0;
    std::string label;
    std::string_view style = plain;
};

/// One site's columns, from top to bottom.
struct SitePicture {
    std::string name;
    std::map<std::string, Spot> upss, pdus, racks;
    std::size_t summed_racks = 0;
    double top = 0, bottom = 0;
};

std::string shortened(const std::string& text) {
    if (text.size() <= longest_label) return text;
    auto end = longest_label - 1;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
    return text.substr(0, end) + "…";
}

std::set<std::string> sites_of(const PowerMap& map) {
    std::set<std::string> names;
    for (const auto& ups : map.upss) names.insert(ups.site);
    for (const auto& rack : map.racks) names.insert(rack.site);
    for (const auto& server : map.servers) names.insert(server.site);
    return names;
}

void place_upss(const PowerMap& map, const std::vector<double>& kw, SitePicture& site) {
    std::map<std::string, std::vector<std::size_t>> rooms;  // UPSs of one room stand together
    for (std::size_t u = 0; u < map.upss.size(); ++u) {
        if (map.upss[u].site == site.name) rooms[map.upss[u].room].push_back(u);
    }
    double y = site.top;
    for (const auto& [room, members] : rooms) {
        for (const auto u : members) {
            const auto& ups = map.upss[u];
            const auto label =
                fmt::format("{} {:.0f}/{:.0f} kW, {}", ups.name, kw[u], ups.kw, room);
            site.upss[ups.name] = {y, label, kw[u] > ups.kw ? single : plain};
            y += row;
        }
        y += row / 3;
    }
    site.bottom = std::max(site.bottom, y);
}

void place_pdus(const PowerMap& map, SitePicture& site) {
    double y = site.top;
    for (const auto& [name, ups] : site.upss) {
        for (const auto& pdu : map.pdus) {
            if (pdu.ups != name) continue;
            site.pdus[pdu.name] = {y, pdu.name};
            y += row;
        }
    }
    site.bottom = std::max(site.bottom, y);
}

void place_racks(const PowerMap& map, SitePicture& site) {
    std::map<std::string, double> kw;
    for (const auto& server : map.servers) {
        if (server.site == site.name) kw[server.rack] += server.kw;
    }
    double y = site.top;
    for (const auto& rack : map.racks) {
        if (rack.site != site.name) continue;
        if (site.racks.size() >= most_racks) {
            ++site.summed_racks;
            continue;
        }
        std::set<std::string> upss;
        for (const auto& pdu : map.pdus) {
            const auto& own = rack.pdus;
            if (!site.upss.contains(pdu.ups)) continue;  // of that name, but elsewhere
            if (std::find(own.begin(), own.end(), pdu.name) != own.end()) upss.insert(pdu.ups);
        }
        const auto label = fmt::format("{} {:.1f} kW", rack.name, kw[rack.name]);
        site.racks[rack.name] = {y, label,
                                 upss.empty()      ? unknown
                                 : upss.size() > 1 ? plain
                                                   : single};
        y += row;
    }
    if (site.summed_racks > 0) y += row;
    site.bottom = std::max(site.bottom, y);
}

std::map<std::string, Spot> place_services(const PowerMap& map,
                                           const std::vector<std::string>& warnings, double top) {
    std::map<std::string, Spot> spots;
    double y = top;
    for (const auto& service : map.services) {
        auto style = plain;
        for (const auto& warning : warnings) {
            if (!warning.starts_with("service " + service.name)) continue;
            const auto after = warning[std::min(warning.size() - 1, 8 + service.name.size())];
            if (after != ':' && after != ' ' && after != ';') continue;
            style = warning.find("cannot tell") < warning.find(" fall with") ? unknown : single;
        }
        spots[service.name] = {y, fmt::format("{} (tier {})", service.name, service.tier), style};
        y += row;
    }
    return spots;
}

void draw_box(Svg& svg, double x, const Spot& spot) {
    svg.rect(x, spot.y, box_width, box_height, std::string(spot.style) + R"( rx="4")");
    svg.text(x + 8, spot.y + 17, shortened(spot.label));
}

void join(Svg& svg, double left, const Spot& from, double right, const Spot& to) {
    svg.line(left + box_width, from.y + box_height / 2, right, to.y + box_height / 2,
             R"(stroke="#999999")");
}

void draw_site(Svg& svg, const PowerMap& map, const SitePicture& site,
               const std::map<std::string, Spot>& services) {
    svg.text(ups_x - 14, site.top - 16, site.name, R"(font-weight="bold" font-size="16")");
    svg.rect(ups_x - 14, site.top - 10, rack_x + box_width + 28 - ups_x,
             site.bottom - site.top + 14, R"(fill="none" stroke="#bbbbbb")");
    for (const auto& pdu : map.pdus) {
        const auto spot = site.pdus.find(pdu.name);
        const auto ups = site.upss.find(pdu.ups);
        if (spot == site.pdus.end() || ups == site.upss.end()) continue;
        join(svg, ups_x, ups->second, pdu_x, spot->second);
    }
    for (const auto& rack : map.racks) {
        const auto spot = site.racks.find(rack.name);
        if (rack.site != site.name || spot == site.racks.end()) continue;
        for (const auto& name : rack.pdus) {
            const auto pdu = site.pdus.find(name);
            if (pdu != site.pdus.end()) join(svg, pdu_x, pdu->second, rack_x, spot->second);
        }
    }
    std::set<std::pair<std::string, std::string>> serving;
    for (const auto& server : map.servers) {
        if (server.site == site.name) serving.emplace(server.rack, server.service);
    }
    for (const auto& [rack, service] : serving) {
        const auto from = site.racks.find(rack);
        const auto to = services.find(service);
        if (from == site.racks.end() || to == services.end()) continue;
        join(svg, rack_x, from->second, service_x, to->second);
    }
    for (const auto& [name, spot] : site.upss) draw_box(svg, ups_x, spot);
    for (const auto& [name, spot] : site.pdus) draw_box(svg, pdu_x, spot);
    for (const auto& [name, spot] : site.racks) draw_box(svg, rack_x, spot);
    if (site.summed_racks == 0) return;
    const Spot rest{site.top + row * static_cast<double>(most_racks),
                    fmt::format("and {} more racks", site.summed_racks), unknown};
    draw_box(svg, rack_x, rest);
}

void draw_legend(Svg& svg, double y, const std::vector<std::string>& warnings) {
    svg.rect(ups_x, y, 20, 14, single);
    svg.text(ups_x + 28, y + 12, "a single point, or more than it may carry");
    svg.rect(ups_x + 330, y, 20, 14, unknown);
    svg.text(ups_x + 358, y + 12, "cannot tell, or summed up");
    y += row;
    for (std::size_t i = 0; i < std::min(warnings.size(), most_warnings); ++i, y += 20) {
        svg.text(ups_x, y + 12, warnings[i]);
    }
}

}  // namespace

std::string draw_topology(const PolicyPlan& plan) {
    if (!plan.map) return "";
    const auto& map = *plan.map;
    const auto kw = connected_kw(map);
    const auto warnings = single_points(plan);
    std::vector<SitePicture> sites;
    double y = 60;
    for (const auto& name : sites_of(map)) {
        SitePicture site;
        site.name = name;
        site.top = site.bottom = y;
        place_upss(map, kw, site);
        place_pdus(map, site);
        place_racks(map, site);
        y = std::max(site.bottom, y + row) + 50;
        sites.push_back(std::move(site));
    }
    const auto services = place_services(map, warnings, 60);
    y = std::max(y, 60 + row * static_cast<double>(services.size()));
    const auto lines = static_cast<double>(std::min(warnings.size(), most_warnings));
    Svg svg(picture_width, y + 2 * row + 20 * lines);
    for (const auto& site : sites) draw_site(svg, map, site, services);
    for (const auto& [name, spot] : services) draw_box(svg, service_x, spot);
    draw_legend(svg, y, warnings);
    return std::move(svg).finish();
}

}  // namespace firebreak
