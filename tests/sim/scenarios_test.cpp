// Every scenario that ships is read, agrees with the demo's site and policy, and is kept.
#include <filesystem>
#include <string>

#include "firmware/site_file.hpp"
#include "host/policy_file.hpp"
#include "sim/replay.hpp"
#include "sim/room_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const std::string root = FIREBREAK_SOURCE_DIR;
const std::vector<std::string> profiles = {root + "/firmware/profiles"};

}  // namespace

TEST_CASE("scenarios: every shipped scenario is kept by the demo's site and policy",
          "[sim][scenarios]") {
    int played = 0;
    for (const auto& entry : std::filesystem::directory_iterator(root + "/sim/scenarios")) {
        if (entry.path().extension() != ".toml") continue;
        Complaints complaints;
        const auto site = load_site(root + "/sim/demo/site.toml", profiles, complaints);
        const auto policy = load_policy(root + "/sim/demo/policy.toml", complaints);
        const auto scenario = load_scenario(entry.path().string(), complaints);
        check_against(scenario, site, complaints);
        check_expects(scenario, site, policy, complaints);
        INFO(entry.path() << "\n" << complaints.text());
        REQUIRE(complaints.empty());
        CHECK_FALSE(scenario.expects.empty());
        const auto replayed = replay(site, policy, scenario, 100);  // as in room.toml
        INFO(describe(replayed));
        CHECK(replayed.kept());
        ++played;
    }
    CHECK(played >= 1);
}

TEST_CASE("scenarios: the demo's room is whole and gives each server a port of its own",
          "[sim][scenarios]") {
    Complaints complaints;
    const auto room = load_room(root + "/sim/demo/room.toml", profiles, complaints);
    INFO(complaints.text());
    REQUIRE(complaints.empty());
    const auto servers = servers_of(room);
    REQUIRE(servers.size() == 20);
    CHECK(servers[0].name == "text-a");
    CHECK(servers[0].port == room.first_port);
    CHECK(servers[10].name == "text-elsewhere-1");
    CHECK(servers[19].port == room.first_port + 19);
}

TEST_CASE("scenarios: a room that names what is not there says so", "[sim][scenarios]") {
    Complaints complaints;
    static_cast<void>(load_room(root + "/sim/demo/no-room.toml", profiles, complaints));
    CHECK_FALSE(complaints.empty());
}
