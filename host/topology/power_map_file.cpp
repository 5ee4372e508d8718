#include "host/topology/power_map_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "host/topology/names.hpp"
#include "host/topology/netbox.hpp"

namespace firebreak {
namespace {

constexpr double most_kw = 1e6;
constexpr std::uintmax_t most_bytes = 256U << 20U;  // a million devices

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
    NameBook racks;
    for (const auto& rack : map.racks) racks.add(rack.site, rack.name, 0);
    for (auto& row : section.rows("server")) {
        map.servers.push_back({row.text("name"), row.name("site"), row.text("rack"),
                               row.text_or("service", ""), row.number("kw", {0, most_kw}),
                               row.place(), row.texts("pdus")});
        const auto& server = map.servers.back();
        if (!server.rack.empty() && !racks.find(server.site, server.rack)) {
            row.complain("rack", "there is no rack \"" + server.rack + "\" at " + server.site +
                                     racks.hint_of(server.site, server.rack));
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

/// The text of a list that the section names; nothing when it names none, or it cannot be read.
std::optional<std::string> text_of_list(Section& section, const std::string& key, PowerMap& map,
                                        const RecordedLists* recorded) {
    const auto name = section.text_or(key, "");
    if (name.empty()) return std::nullopt;
    const auto path = std::filesystem::path(section.place().file).parent_path() / name;
    map.lists[key] = path.string();
    if (recorded != nullptr) {
        const auto text = recorded->find(key);
        return text == recorded->end() ? std::string() : text->second;
    }
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    std::ifstream in(path, std::ios::binary);
    if (error || !in) {
        section.complain(key, "cannot read \"" + path.string() + "\"");
        return std::nullopt;
    }
    if (bytes > most_bytes) {
        section.complain(key, "is larger than 256 MiB; split it");
        return std::nullopt;
    }
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void read_lists(Section& section, PowerMap& map, Complaints& complaints,
                const RecordedLists* recorded) {
    if (auto sites = section.table("sites")) {
        for (const auto& shown : sites->keys()) map.sites[shown] = sites->name(shown);
    }
    map.roles = section.texts("roles");
    if (section.has("roles") && map.roles.empty()) {
        section.complain("roles", "no roles: name those of the servers, or leave the key out");
    }
    if (!section.has("devices") && section.has("roles")) {
        section.complain("roles", "\"roles\" are those of \"devices\": name the list, too");
    }
    if (const auto devices = text_of_list(section, "devices", map, recorded)) {
        add_devices(map, *devices, map.lists.at("devices"), complaints);
    }
    if (const auto feeds = text_of_list(section, "feeds", map, recorded)) {
        add_feeds(map, *feeds, map.lists.at("feeds"), complaints);
    }
}

}  // namespace

PowerMap read_power_map(Section section, Complaints& complaints, const RecordedLists* recorded) {
    PowerMap map;
    map.broker_site = section.name_or("broker_site", "");
    read_parts(section, map);
    read_cords(section, map);
    read_lists(section, map, complaints, recorded);
    section.finish();
    link_power(map, complaints);
    return map;
}

}  // namespace firebreak
