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
#include "host/topology/names.hpp"

namespace firebreak {
namespace {

constexpr double most_kw = 1e6;

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

/// Sites by what a list calls them.
class SiteBook {
public:
    explicit SiteBook(const PowerMap& map) {
        for (const auto& [shown, site] : map.sites) note(shown, site);
        for (const auto& ups : map.upss) note(ups.site, ups.site);
        for (const auto& rack : map.racks) note(rack.site, rack.site);
        for (const auto& server : map.servers) note(server.site, server.site);
    }

    /// Complains of a name that is none; `cell` is not empty.
    [[nodiscard]] std::optional<std::string> name_of(const CsvCell& cell,
                                                     Complaints& complaints) const {
        if (const auto known = book_.find("", cell.text)) return sites_[*known];
        if (is_name(cell.text)) return cell.text;
        if (auto name = slug(cell.text); is_name(name)) return name;
        complaints.add(cell.place, "\"" + cell.text + "\" is no name of a site: add \"" +
                                       cell.text + "\" = \"its-name\" to [topology.sites]");
        return std::nullopt;
    }

private:
    void note(const std::string& shown, const std::string& site) {
        book_.add("", shown, sites_.size());
        sites_.push_back(site);
    }

    NameBook book_;
    std::vector<std::string> sites_;
};

/// Racks of the map by name, and at which sites they and the servers' racks stand.
class RackBook {
public:
    explicit RackBook(PowerMap& map) : map_(map) {
        for (std::size_t i = 0; i < map.racks.size(); ++i) {
            drawn_.add(map.racks[i].site, map.racks[i].name, i);
            note(map.racks[i].site, map.racks[i].name);
        }
        for (const auto& server : map.servers) {
            if (!server.rack.empty()) note(server.site, server.rack);
        }
    }

    /// Of a rack of just that name, or else of one that is written otherwise.
    [[nodiscard]] const std::set<std::string>& sites_of(const std::string& rack) {
        const auto named = sites_.find(rack);
        return named == sites_.end() ? sites_by_slug_[slug(rack)] : named->second;
    }

    /// The rack, which is made when it is not drawn yet. `is_alone`: the list writes it in no
    /// other way; what it writes in two ways are two.
    MapRack& at(const std::string& site, const CsvCell& cell, bool is_alone) {
        const auto& rack = cell.text;
        const auto drawn = drawn_.find(site, rack);
        if (drawn && (is_alone || small(map_.racks[*drawn].name) == small(rack))) {
            return map_.racks[*drawn];
        }
        const auto [made, is_new] = made_.emplace(std::pair(site, small(rack)), map_.racks.size());
        if (is_new) {
            map_.racks.push_back({rack, site, {}, cell.place});
            note(site, rack);
        }
        return map_.racks[made->second];
    }

private:
    void note(const std::string& site, const std::string& rack) {
        sites_[rack].insert(site);
        if (const auto name = slug(rack); !name.empty()) sites_by_slug_[name].insert(site);
    }

    PowerMap& map_;
    NameBook drawn_;
    std::map<std::pair<std::string, std::string>, std::size_t> made_;
    std::map<std::string, std::set<std::string>> sites_, sites_by_slug_;
};

/// At which site the rack of a feed stands: by its cell, or because only one site has such a rack.
std::optional<std::string> site_of(const CsvCell* site, const CsvCell& rack, const SiteBook& sites,
                                   RackBook& racks, Complaints& complaints) {
    if (site != nullptr && !site->text.empty()) return sites.name_of(*site, complaints);
    const auto& those = racks.sites_of(rack.text);
    if (those.size() == 1) return *those.begin();
    const auto* advice = site == nullptr ? ": add a column \"site\"" : ": say its site";
    complaints.add(
        rack.place,
        (those.empty() ? "no rack \"" + rack.text + "\" is drawn and no server stands in one"
                       : "more than one site has a rack \"" + rack.text + '"') +
            advice);
    return std::nullopt;
}

/// "a,b" in one cell are two.
std::vector<std::string> parts_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find(',', begin), text.size());
        const auto first = std::min(text.find_first_not_of(' ', begin), end);
        auto last = end;
        while (last > first && text[last - 1] == ' ') --last;
        if (last > first) out.push_back(text.substr(first, last - first));
        begin = end + 1;
    }
    return out;
}

/// A word of a list, for people.
std::string shown(const std::string& word) {
    return is_printable(word) ? word : "?";
}

/// The columns of a list of devices.
struct DeviceColumns {
    explicit DeviceColumns(const CsvTable& table)
        : name(table.column({"name"})),
          site(table.column({"site"})),
          rack(table.column({"rack"})),
          role(table.column({"role", "device role"})),
          status(table.column({"status"})),
          service(table.column({"service", "cf_service"})),
          power(table.column({"power", "allocated_draw", "cf_power"})),
          pdu(table.column({"pdu", "cf_pdu"})) {}

    std::optional<std::size_t> name, site, rack, role, status, service, power, pdu;
};

/// Whether a row is of a server that works; counts those that are not.
bool is_taken(const PowerMap& map, const std::vector<CsvCell>& row, const DeviceColumns& columns,
              RowCount& rows) {
    // Switches and cables' ends are devices, too; what is planned or retired serves nobody.
    const auto status = text_of(row, columns.status);
    if (columns.status && slug(status) != "active") {
        ++rows.by_status[shown(status)];
        return false;
    }
    const auto role = text_of(row, columns.role);
    if (columns.role && !is_server(map, role)) {
        ++rows.by_role[shown(role)];
        return false;
    }
    ++rows.taken;
    return true;
}

MapServer read_server(const std::vector<CsvCell>& row, const DeviceColumns& columns,
                      const SiteBook& sites, Complaints& complaints) {
    const auto text = [&](const auto& column) { return text_of(row, column); };
    const auto& place = row[*columns.name].place;
    if (text(columns.name).empty()) complaints.add(place, "a server needs a name");
    for (const auto& column : {columns.name, columns.rack, columns.service, columns.pdu}) {
        if (is_printable(text(column))) continue;
        complaints.add(row[*column].place, "control characters in a name: is the file UTF-8?");
    }
    const auto& site = row[*columns.site];
    if (site.text.empty()) complaints.add(site.place, "a server needs its site");
    const auto where = site.text.empty() ? std::nullopt : sites.name_of(site, complaints);
    const auto draw = watts(text(columns.power));
    if (!draw) {
        complaints.add(row[*columns.power].place,
                       "\"" + text(columns.power) + "\" must be watts, 0 or above");
    }
    return {text(columns.name),         where.value_or(""),      text(columns.rack),
            text(columns.service),      draw.value_or(0) / 1000, place,
            parts_of(text(columns.pdu))};
}

}  // namespace

void add_devices(PowerMap& map, std::string_view csv, const std::string& file,
                 Complaints& complaints) {
    const auto table = CsvTable::parse(csv, file, complaints);
    if (!table.readable()) return;
    const DeviceColumns columns(table);
    if (!columns.name || !columns.site) {
        return complaints.add({file, 1, 1}, "the header must have \"name\" and \"site\"");
    }
    check_header(table,
                 {columns.name, columns.site, columns.rack, columns.role, columns.status,
                  columns.service, columns.power, columns.pdu},
                 complaints);
    const SiteBook sites(map);
    auto& rows = map.rows["devices"];
    for (const auto& row : table.rows()) {
        if (!is_taken(map, row, columns, rows)) continue;
        map.servers.push_back(read_server(row, columns, sites, complaints));
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
    const SiteBook sites(map);
    RackBook racks(map);
    NameBook written;
    for (const auto& row : table.rows()) written.add(text_of(row, site), small(row[*rack].text), 0);
    auto& rows = map.rows["feeds"];
    for (const auto& row : table.rows()) {
        if (status && slug(row[*status].text) != "active") {
            ++rows.by_status[shown(row[*status].text)];
            continue;
        }
        const auto& name = row[*panel];
        if (row[*rack].text.empty()) continue;  // NetBox has feeds of no rack
        ++rows.taken;
        if (name.text.empty()) {
            complaints.add(name.place, "a feed needs its power panel");
            continue;
        }
        if (!is_printable(name.text) || !is_printable(row[*rack].text)) {
            complaints.add(row[*rack].place, "control characters in a name: is the file UTF-8?");
            continue;
        }
        const auto where =
            site_of(site ? &row[*site] : nullptr, row[*rack], sites, racks, complaints);
        if (!where) continue;
        const bool is_alone = written.is_alone(text_of(row, site), row[*rack].text);
        auto& fed = racks.at(*where, row[*rack], is_alone);
        // Two cords from one panel fall with it: one feed.
        if (!fed.listed.emplace(name.text, name.place).second) continue;
        if (std::find(fed.pdus.begin(), fed.pdus.end(), name.text) != fed.pdus.end()) continue;
        fed.pdus.push_back(name.text);
    }
}

}  // namespace firebreak
