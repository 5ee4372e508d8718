#include "host/topology/netbox.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "host/topology/csv.hpp"

namespace firebreak {
namespace {

constexpr double most_kw = 1e6;

/// "Pangyo Campus" is "pangyo-campus": what NetBox calls the slug.
std::string slug(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += std::isspace(byte) != 0 ? '-' : static_cast<char>(std::tolower(byte));
    }
    return out;
}

/// Watts as NetBox has them; "" is nothing drawn that anybody knows of.
std::optional<double> watts(const std::string& text) {
    double value = 0;
    if (text.empty()) return value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || !std::isfinite(value) || value < 0 || value > most_kw * 1000) return std::nullopt;
    return value;
}

/// Letters of any language, and no control characters.
bool is_printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < ' ' || byte == 0x7f;
    });
}

/// By the policy's own list of roles, or else by the word.
bool is_server(const PowerMap& map, std::string_view role) {
    const auto name = slug(role);
    if (map.roles.empty()) return name.find("server") != std::string::npos;
    return std::any_of(map.roles.begin(), map.roles.end(),
                       [&](const auto& one) { return slug(one) == name; });
}

/// Of two columns of one name nobody can tell which is meant.
void check_header(const CsvTable& table, const std::vector<std::optional<std::size_t>>& read,
                  Complaints& complaints) {
    const auto& header = table.header();
    for (const auto& column : read) {
        for (std::size_t i = column ? *column + 1 : header.size(); i < header.size(); ++i) {
            if (slug(header[i].text) != slug(header[*column].text)) continue;
            complaints.add(header[i].place, "two columns are named \"" + header[i].text + "\"");
        }
    }
}

/// A cell's text, or "" of a column that is not there.
std::string text_of(const std::vector<CsvCell>& row, const std::optional<std::size_t>& column) {
    return column ? row[*column].text : std::string();
}

/// Racks of the map by name, and at which sites the servers' racks stand.
class RackBook {
public:
    explicit RackBook(PowerMap& map) : map_(map) {
        for (std::size_t i = 0; i < map.racks.size(); ++i) note(map.racks[i].site, i);
        for (const auto& server : map.servers) {
            if (!server.rack.empty()) sites_[server.rack].insert(server.site);
        }
    }

    [[nodiscard]] const std::set<std::string>& sites_of(const std::string& rack) {
        return sites_[rack];
    }

    /// The rack, which is made when it is not drawn yet.
    MapRack& at(const std::string& site, const std::string& rack, const Place& place) {
        const auto known = places_.find({site, rack});
        if (known != places_.end()) return map_.racks[known->second];
        map_.racks.push_back({rack, site, {}, place});
        note(site, map_.racks.size() - 1);
        return map_.racks.back();
    }

private:
    void note(const std::string& site, std::size_t place) {
        places_[{site, map_.racks[place].name}] = place;
        sites_[map_.racks[place].name].insert(site);
    }

    PowerMap& map_;
    std::map<std::pair<std::string, std::string>, std::size_t> places_;
    std::map<std::string, std::set<std::string>> sites_;
};

/// At which site the rack of a feed stands: by its column, or because only one site has such a
/// rack.
std::optional<std::string> site_of(const std::vector<CsvCell>& row,
                                   const std::optional<std::size_t>& site, std::size_t rack,
                                   RackBook& racks, Complaints& complaints) {
    if (site) {
        auto name = slug(row[*site].text);
        if (is_name(name)) return name;
        complaints.add(row[*site].place, "\"" + row[*site].text + "\" is no name of a site");
        return std::nullopt;
    }
    const auto& sites = racks.sites_of(row[rack].text);
    if (sites.size() == 1) return *sites.begin();
    complaints.add(
        row[rack].place,
        sites.empty()
            ? "no rack \"" + row[rack].text +
                  "\" is drawn and no server stands in one: at which site is it? Add a "
                  "column \"site\""
            : "more than one site has a rack \"" + row[rack].text + "\": add a column \"site\"");
    return std::nullopt;
}

}  // namespace

void add_devices(PowerMap& map, std::string_view csv, const std::string& file,
                 Complaints& complaints) {
    const auto table = CsvTable::parse(csv, file, complaints);
    if (!table.readable()) return;
    const auto name = table.column({"name"});
    const auto site = table.column({"site"});
    if (!name || !site) {
        return complaints.add({file, 1, 1}, "the header must have \"name\" and \"site\"");
    }
    const auto rack = table.column({"rack"});
    const auto role = table.column({"role", "device role"});
    const auto status = table.column({"status"});
    const auto service = table.column({"service", "cf_service"});
    const auto power = table.column({"power", "allocated_draw", "cf_power"});
    check_header(table, {name, site, rack, role, status, service, power}, complaints);
    for (const auto& row : table.rows()) {
        const auto text = [&](const auto& column) { return text_of(row, column); };
        // Switches and cables' ends are devices, too; what is planned or retired serves nobody.
        if (status && slug(text(status)) != "active") continue;
        if (role && !is_server(map, text(role))) {
            ++map.left_out[is_printable(text(role)) ? text(role) : "?"];
            continue;
        }
        if (text(name).empty()) complaints.add(row[*name].place, "a server needs a name");
        if (!is_printable(text(name)) || !is_printable(text(rack))) {
            complaints.add(row[*name].place, "control characters in a name: is the file UTF-8?");
        }
        if (!is_name(slug(text(site)))) {
            complaints.add(row[*site].place, "\"" + text(site) + "\" is no name of a site");
        }
        const auto draw = watts(text(power));
        if (!draw) {
            complaints.add(row[*power].place, "\"" + text(power) + "\" must be watts, 0 or above");
        }
        map.servers.push_back({text(name), slug(text(site)), text(rack), slug(text(service)),
                               draw.value_or(0) / 1000, row[*name].place});
    }
}

void add_feeds(PowerMap& map, std::string_view csv, const std::string& file,
               Complaints& complaints) {
    const auto table = CsvTable::parse(csv, file, complaints);
    if (!table.readable()) return;
    const auto panel = table.column({"power panel", "power_panel", "pdu"});
    const auto rack = table.column({"rack"});
    if (!panel || !rack) {
        return complaints.add({file, 1, 1}, "the header must have \"power panel\" and \"rack\"");
    }
    const auto site = table.column({"site"});
    const auto status = table.column({"status"});
    check_header(table, {panel, rack, site, status}, complaints);
    RackBook racks(map);
    for (const auto& row : table.rows()) {
        if (status && slug(row[*status].text) != "active") continue;
        if (row[*rack].text.empty()) continue;  // NetBox has feeds of no rack
        if (row[*panel].text.empty()) {
            complaints.add(row[*panel].place, "a feed needs its power panel");
            continue;
        }
        if (!is_printable(row[*panel].text) || !is_printable(row[*rack].text)) {
            complaints.add(row[*rack].place, "control characters in a name: is the file UTF-8?");
            continue;
        }
        const auto where = site_of(row, site, *rack, racks, complaints);
        if (!where) continue;
        auto& pdus = racks.at(*where, row[*rack].text, row[*rack].place).pdus;
        // Two cords from one panel fall with it: one feed.
        if (std::find(pdus.begin(), pdus.end(), row[*panel].text) == pdus.end()) {
            pdus.push_back(row[*panel].text);
        }
    }
}

}  // namespace firebreak
