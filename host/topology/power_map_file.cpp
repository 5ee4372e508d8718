#include "host/topology/power_map_file.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "host/topology/csv.hpp"

namespace firebreak {
namespace {

constexpr double most_kw = 1e6;
constexpr std::uintmax_t most_bytes = 256U << 20U;  // a million devices

/// "Pangyo Campus" is "pangyo-campus": what NetBox calls the slug.
std::string slug(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += std::isspace(byte) != 0 ? '-' : static_cast<char>(std::tolower(byte));
    }
    return out;
}

void read_parts(Section& section, PowerMap& map) {
    for (auto& row : section.rows("ups")) {
        map.upss.push_back({row.text("name"), row.name("site"), row.text("room"),
                            row.number("kw", {0.001, most_kw}), row.place()});
        row.finish();
    }
    for (auto& row : section.rows("pdu")) {
        map.pdus.push_back({row.text("name"), row.text("ups"), row.place()});
        row.finish();
    }
    for (auto& row : section.rows("rack")) {
        map.racks.push_back({row.text("name"), row.name("site"), row.texts("pdus"), row.place()});
        if (map.racks.back().pdus.empty()) row.complain("pdus", "no PDUs: name what feeds it");
        row.finish();
    }
    for (auto& row : section.rows("server")) {
        map.servers.push_back({row.text("name"), row.name("site"), row.text("rack"),
                               row.text_or("service", ""), row.number("kw", {0, most_kw}),
                               row.place()});
        const auto& server = map.servers.back();
        const bool known = std::any_of(map.racks.begin(), map.racks.end(), [&](const auto& rack) {
            return rack.name == server.rack && rack.site == server.site;
        });
        if (!known && !server.rack.empty()) {
            row.complain("rack", "there is no rack \"" + server.rack + "\" at " + server.site);
        }
        row.finish();
    }
    for (auto& row : section.rows("service")) {
        map.services.push_back({row.text("name"),
                                static_cast<int>(row.integer_or("tier", 1, {1, 1000})),
                                row.texts("targets"), row.place()});
        row.finish();
    }
}

void read_cords(Section& section, PowerMap& map) {
    for (auto& row : section.rows("cord")) {
        map.cords.push_back({row.text("target"), row.text("item"), row.text_or("rack", ""),
                             row.text_or("server", ""), row.text_or("pdu", ""), row.place()});
        const auto& cord = map.cords.back();
        if (cord.rack.empty() == cord.server.empty()) {
            row.complain("", "a cord feeds either a rack or a server: say which");
        }
        row.finish();
    }
}

void read_devices_file(Section& section, PowerMap& map, Complaints& complaints,
                       std::optional<std::string_view> recorded) {
    const auto name = section.text_or("devices", "");
    map.roles = section.texts("roles");
    if (section.has("roles") && map.roles.empty()) {
        section.complain("roles", "no roles: name those of the servers, or leave the key out");
    }
    if (name.empty() && section.has("roles")) {
        section.complain("roles", "\"roles\" are those of \"devices\": name the list, too");
    }
    if (name.empty()) return;
    const auto folder = std::filesystem::path(section.place().file).parent_path();
    const auto path = folder / name;
    map.devices = path.string();
    if (recorded) return add_devices(map, *recorded, path.string(), complaints);
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    std::ifstream in(path, std::ios::binary);
    if (error || !in) {
        return section.complain("devices", "cannot read \"" + path.string() + "\"");
    }
    if (bytes > most_bytes) return section.complain("devices", "is larger than 256 MiB; split it");
    std::ostringstream text;
    text << in.rdbuf();
    add_devices(map, text.str(), path.string(), complaints);
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

}  // namespace

void add_devices(PowerMap& map, std::string_view csv, const std::string& file,
                 Complaints& complaints) {
    const auto table = CsvTable::parse(csv, file, complaints);
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
        const auto text = [&](const std::optional<std::size_t>& column) {
            return column ? row[*column].text : std::string();
        };
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

PowerMap read_power_map(Section section, Complaints& complaints,
                        std::optional<std::string_view> devices) {
    PowerMap map;
    map.broker_site = section.name_or("broker_site", "");
    read_parts(section, map);
    read_cords(section, map);
    read_devices_file(section, map, complaints, devices);
    section.finish();
    link_power(map, complaints);
    return map;
}

}  // namespace firebreak
