#include "sim/room_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "firmware/site_file.hpp"

namespace firebreak {
namespace {

std::string beside(const std::string& file, const std::string& path) {
    if (path.empty()) return path;
    return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

const ServicePlan* find_service(const RoomPlan& room, const std::string& name) {
    for (const auto& service : room.services) {
        if (service.name == name) return &service;
    }
    return nullptr;
}

void read_services(Section& root, RoomPlan& room) {
    for (auto& row : root.rows("service")) {
        ServicePlan service;
        service.place = row.place("name");
        service.name = row.name("name");
        if (find_service(room, service.name) != nullptr) {
            row.complain("name", fmt::format("there is a service \"{}\" already", service.name));
        }
        service.rate = row.number("rate", {0.001, 10'000});
        service.takes = row.duration("takes");
        if (service.takes > std::chrono::minutes(1)) {
            row.complain("takes", "longer than a minute: nobody waits so long");
        }
        service.elsewhere = static_cast<int>(row.integer_or("elsewhere", 0, {0, 64}));
        row.finish();
        room.services.push_back(std::move(service));
    }
}

void check_racks(const RoomPlan& room, Section& root, Complaints& complaints) {
    for (const auto& rack : room.scenario.racks) {
        if (find_service(room, rack.service) != nullptr) continue;
        complaints.add(rack.place, fmt::format("the room file has no service \"{}\": add a "
                                               "[[service]] to it",
                                               rack.service));
    }
    if (room.first_port + servers_of(room).size() > 65536) {
        root.complain("servers", "the last server's port is above 65535: lower first_port");
    }
}

std::string describe_wire(const BusPlan& bus) {
    switch (bus.wire) {
        case Wire::serial:
            return fmt::format("{} at {} baud", bus.line.port.path, bus.line.baud);
        case Wire::rtu_over_tcp:
            return fmt::format("{}:{}, RTU frames", bus.host, bus.port);
        case Wire::tcp:
            break;
    }
    return fmt::format("{}:{}", bus.host, bus.port);
}

}  // namespace

RoomPlan load_room(const std::string& path, const std::vector<std::string>& profile_folders,
                   Complaints& complaints) {
    RoomPlan room;
    auto file = ConfigFile::load(path, complaints);
    if (!file.parsed()) return room;
    auto root = file.root();
    const auto site = root.text("site");
    const auto scenario = root.text("scenario");
    const auto board_file = root.has("board") ? beside(path, root.text("board")) : board_path();
    room.speed = root.number_or("speed", 1, {0.001, 100'000});
    room.log = beside(path, root.text("log"));
    if (auto servers = root.table("servers")) {
        room.first_port = static_cast<std::uint16_t>(servers->integer("first_port", {1, 65535}));
        servers->finish();
    } else {
        root.complain("servers", "missing: write [servers] with first_port = 18100");
    }
    read_services(root, room);
    root.finish();
    // Each file's own errors first; what they say of each other only once all can be read.
    Board board;
    if (!board_file.empty()) board = load_board(board_file, complaints);
    if (!site.empty()) {
        room.site = load_site(beside(path, site), profile_folders, complaints, board);
    }
    if (!scenario.empty()) room.scenario = load_scenario(beside(path, scenario), complaints);
    if (complaints.empty()) {
        check_against(room.scenario, room.site, complaints);
        check_racks(room, root, complaints);
    }
    return room;
}

std::vector<ServerPlan> servers_of(const RoomPlan& room) {
    std::vector<ServerPlan> servers;
    const auto add = [&](std::string name, Duration takes) {
        const auto port = static_cast<std::uint16_t>(room.first_port + servers.size());
        servers.push_back({std::move(name), port, takes});
    };
    for (const auto& rack : room.scenario.racks) {
        const auto* service = find_service(room, rack.service);
        add(rack.name, service == nullptr ? Duration::zero() : service->takes);
    }
    for (const auto& service : room.services) {
        for (int i = 0; i < service.elsewhere; ++i) {
            add(fmt::format("{}-elsewhere-{}", service.name, i + 1), service.takes);
        }
    }
    return servers;
}

std::string describe(const RoomPlan& room) {
    std::string text = describe(room.scenario);
    text += fmt::format("\nat {} story seconds a second; log: {}\n", room.speed, room.log);
    for (const auto& bus : room.site.buses) {
        text += fmt::format("  bus {} on {}\n", bus.name, describe_wire(bus));
    }
    for (const auto& server : servers_of(room)) {
        text += fmt::format("  {} on 127.0.0.1:{}, {} a request\n", server.name, server.port,
                            format_duration(server.takes));
    }
    return text;
}

}  // namespace firebreak
