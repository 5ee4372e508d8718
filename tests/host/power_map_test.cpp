#include "host/topology/power_map.hpp"

#include "host/power/servers_off.hpp"
#include "host/topology/netbox.hpp"
#include "host/topology/power_map_file.hpp"
#include "host/topology/single_points.hpp"
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;

namespace {

using Names = std::vector<std::string>;

const std::string head = R"(site = "seoul"
host = "seoul-1"
[broker]
url = "mqtt://127.0.0.1:1883"
[[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
[[target]]
name = "text-pangyo"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = ["p1"]}
[[target]]
name = "text-bundang"
site = "bundang"
haproxy = {endpoint = "edge", backend = "text", servers = ["b1"]}
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["text-pangyo"]
at_least = "drain"
)";

/// Two rooms, a UPS each; a rack on both, and one on the first alone.
const std::string pangyo = R"([topology]
broker_site = "seoul"
[[topology.ups]]
name = "ups1"
site = "pangyo"
room = "battery-a"
kw = 10
[[topology.ups]]
name = "ups2"
site = "pangyo"
room = "battery-b"
kw = 10
[[topology.pdu]]
name = "a"
ups = "ups1"
[[topology.pdu]]
name = "a2"
ups = "ups1"
[[topology.pdu]]
name = "b"
ups = "ups2"
[[topology.rack]]
name = "both"
site = "pangyo"
pdus = ["a", "b"]
[[topology.rack]]
name = "one"
site = "pangyo"
pdus = ["a", "a2"]
[[topology.service]]
name = "text"
targets = ["text-pangyo", "text-bundang"]
)";

std::string server(const std::string& name, const std::string& site, const std::string& rack,
                   double kw = 1) {
    return "[[topology.server]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\nrack = \"" +
           rack + "\"\nservice = \"text\"\nkw = " + std::to_string(kw) + "\n";
}

std::string warnings_of(const std::string& text) {
    Complaints complaints;
    const auto plan = read_policy(text, complaints);
    CHECK(complaints.text().empty());
    std::string all;
    for (const auto& warning : single_points(plan)) all += warning + '\n';
    return all;
}

}  // namespace

TEST_CASE("power map: what feeds a server is what feeds its rack", "[host][topology]") {
    Complaints complaints;
    const auto plan = read_policy(
        head + pangyo + server("p1", "pangyo", "both", 3) + server("p2", "pangyo", "one", 2),
        complaints);
    CHECK(complaints.text().empty());
    REQUIRE(plan.map);
    CHECK(plan.map->feeds == std::vector<std::vector<std::size_t>>{{0, 1}, {0}});
    CHECK(connected_kw(*plan.map) == std::vector<double>{3.5, 1.5});
    CHECK(says(describe(plan), "ups1 (pangyo, room battery-a): 2 servers, 3.5 of 10.0 kW"));
}

TEST_CASE("power map: a service that falls with one UPS, room or site is warned of",
          "[host][topology]") {
    const auto two = [](const std::string& first, const std::string& second) {
        return warnings_of(head + pangyo + first + second);
    };
    CHECK(says(two(server("p1", "pangyo", "one"), server("p2", "pangyo", "one")),
               "service text: all 2 replicas fall with one UPS, ups1"));
    // Two UPSs in two rooms, but one building.
    CHECK(says(two(server("p1", "pangyo", "one"), server("p2", "pangyo", "both")),
               "service text: all 2 replicas fall with one site, pangyo"));
    CHECK(says(warnings_of(head + pangyo), "service text has no active server"));
    const std::string bundang =
        "[[topology.ups]]\nname = \"ups9\"\nsite = \"bundang\"\nroom = \"x\"\nkw = 5\n"
        "[[topology.pdu]]\nname = \"z\"\nups = \"ups9\"\n"
        "[[topology.rack]]\nname = \"r\"\nsite = \"bundang\"\npdus = [\"z\"]\n";
    CHECK(two(server("p1", "pangyo", "one") + bundang, server("b1", "bundang", "r")).empty());
}

TEST_CASE("power map: two UPSs in one battery room are one point", "[host][topology]") {
    auto one_room = pangyo;
    one_room.replace(one_room.find("battery-b"), 9, "battery-a");
    CHECK(says(warnings_of(head + one_room + server("p1", "pangyo", "both") +
                           server("p2", "pangyo", "both")),
               "all 2 replicas fall with one battery room, battery-a at pangyo"));
}

TEST_CASE("power map: a UPS that could not carry what its pair leaves it is warned of",
          "[host][topology]") {
    CHECK(says(warnings_of(head + pangyo + server("p1", "pangyo", "both", 12)),
               "without ups2 ups1 would carry 12.0 kW and may carry 10.0"));
    CHECK(says(warnings_of(head + pangyo + server("p1", "pangyo", "one", 12)),
               "ups1 is to carry 12.0 kW and may carry 10.0"));
}

TEST_CASE("power map: a broker in a zone that is drained, or nobody knows where, is warned of",
          "[host][topology]") {
    auto there = pangyo;
    there.replace(there.find("\"seoul\""), 7, "\"pangyo\"");
    CHECK(says(warnings_of(head + there),
               "line 16: the broker stands at pangyo, a site that is drained"));
    auto nowhere = pangyo;
    nowhere.erase(nowhere.find("broker_site"), 21);
    auto away = head;
    away.replace(away.find("127.0.0.1:1883"), 14, "10.0.0.5:1883");
    CHECK(says(warnings_of(away + nowhere), "cannot tell whether the broker stands"));
    CHECK(says(warnings_of(head + there), "a site that is drained"));  // it may be a tunnel's end
}

TEST_CASE("power map: where the broker stands is asked without a topology, too",
          "[host][topology]") {
    CHECK(warnings_of(head).empty());  // on the loopback of a host in seoul
    auto at_pangyo = head;
    at_pangyo.replace(at_pangyo.find("seoul"), 5, "pangyo");
    CHECK(says(warnings_of(at_pangyo), "the broker stands at pangyo, a site that is drained"));
    auto away = head;
    away.replace(away.find("127.0.0.1:1883"), 14, "10.0.0.5:1883");
    CHECK(says(warnings_of(away), "cannot tell whether the broker stands in a zone it guards"));
    auto any = head;
    any.erase(any.find("site = \"pangyo\", alarm"), 17);
    CHECK(says(warnings_of(any), "the broker stands at seoul, and a fire at any site is acted on"));
    auto watch = away;
    watch.replace(watch.find("\"drain\""), 7, "\"watch\"");
    CHECK(warnings_of(watch).empty());  // it guards nothing
}

TEST_CASE("power map: contradictions are errors, each at its place", "[host][topology]") {
    const auto with = [](const std::string& more) { return complaints_of(head + pangyo + more); };
    CHECK(
        says(with("[[topology.pdu]]\nname = \"a\"\nups = \"ups9\"\n"), "there is no UPS \"ups9\""));
    CHECK(says(with("[[topology.pdu]]\nname = \"a\"\nups = \"ups1\"\n"), "PDU \"a\" stands twice"));
    CHECK(says(with("[[topology.rack]]\nname = \"x\"\nsite = \"bundang\"\npdus = [\"a\"]\n"),
               "the rack is at bundang, but its PDU \"a\" hangs on \"ups1\" at pangyo"));
    CHECK(says(with("[[topology.rack]]\nname = \"x\"\nsite = \"pangyo\"\npdus = [\"a\", \"a\"]\n"),
               "that is one feed"));
    CHECK(says(with(server("p1", "pangyo", "nowhere")), "there is no rack \"nowhere\" at pangyo"));
    CHECK(says(with(server("p1", "pangyo", "one") + server("p1", "pangyo", "both")),
               "server \"p1\" stands twice, first in line"));
    CHECK(says(with("[[topology.service]]\nname = \"login\"\ntargets = [\"log\"]\n"),
               "there is no target \"log\""));
}

TEST_CASE("power map: a policy that could empty every site of a service is refused with the rules",
          "[host][topology]") {
    const std::string other = R"([[rule]]
while = {site = "bundang", alarm = "gas"}
targets = ["text-bundang"]
at_least = "drain"
)";
    const std::string careless = "[guard]\nmin_ready = 0\n";
    auto servers = server("p1", "pangyo", "one") + server("b1", "bundang", "r");
    const std::string bundang =
        "[[topology.ups]]\nname = \"ups9\"\nsite = \"bundang\"\nroom = \"x\"\nkw = 5\n"
        "[[topology.pdu]]\nname = \"z\"\nups = \"ups9\"\n"
        "[[topology.rack]]\nname = \"r\"\nsite = \"bundang\"\npdus = [\"z\"]\n";
    const auto map = pangyo + bundang + servers;
    CHECK(complaints_of(head + other + map).empty());     // min_ready keeps one
    CHECK(complaints_of(head + careless + map).empty());  // no rule drains bundang
    const auto refused = complaints_of(head + other + careless + map);
    CHECK(says(refused,
               "could put service \"text\" down at every site: bundang by the rule at "
               "policy.toml:20:1 (drain while bundang/any/gas), pangyo by the rule at "
               "policy.toml:16:1 (drain while pangyo/any/gas)"));
    CHECK(complaints_of(head + other + careless + "max_tier_percent = 50\n" + map).empty());
}

TEST_CASE("power map: a list with two columns of a name, or of another encoding, is refused",
          "[host][topology]") {
    const auto complaints_of_list = [](const std::string& csv) {
        PowerMap map;
        Complaints complaints;
        add_devices(map, csv, "d.csv", complaints);
        return complaints.text();
    };
    CHECK(complaints_of_list("name,site,comment,Comment\r\ns1,pangyo,,\r\n").empty());
    CHECK(complaints_of_list("name,site,Name\ns1,pangyo,s2\n") ==
          "d.csv:1:11: two columns are named \"Name\"\n");
    CHECK(says(complaints_of_list("name,site,power,rack,Power\ns1,pangyo,1,,2\n"),
               "d.csv:1:22: two columns are named \"Power\""));
    std::string wide;  // as UTF-16 without a mark
    for (const char c : std::string("name,site\ns1,pangyo\n")) wide += {c, '\0'};
    CHECK(complaints_of_list(wide) ==
          "d.csv:1:1: this is no UTF-8 (it may be UTF-16): save it as UTF-8\n");
    CHECK(says(complaints_of_list("name,site\ns\x1b[2J,pangyo\n"), "is the file UTF-8?"));
    CHECK(complaints_of_list("name,site\n\xec\x84\x9c\xeb\xb2\x84,pangyo\n").empty());
}

TEST_CASE("power map: NetBox's list of devices gives the active servers", "[host][topology]") {
    const TempDir folder;
    folder.write("devices.csv",
                 "Name,Status,Site,Location,Rack,Role,Manufacturer,cf_service,allocated_draw\n"
                 "p1,Active,Pangyo,Hall 1,one,Web server,Acme,Text,450\n"
                 "p2,Planned,Pangyo,Hall 1,one,Web server,Acme,Text,450\n"
                 "sw1,Active,Pangyo,Hall 1,one,Switch,Acme,,100\n"
                 "p3,Active,Pangyo,Hall 1,undrawn,Web server,Acme,Text,\n");
    auto with_list = pangyo;
    with_list.insert(with_list.find("broker_site"), "devices = \"devices.csv\"\n");
    const auto path = folder.write("policy.toml", head + with_list);
    Complaints complaints;
    const auto plan = load_policy(path, complaints);
    CHECK(complaints.text().empty());
    REQUIRE(plan.map);
    REQUIRE(plan.map->servers.size() == 2);
    CHECK(plan.map->servers[0].name == "p1");
    CHECK(plan.map->servers[0].site == "pangyo");
    CHECK(plan.map->servers[0].service == "text");
    CHECK(plan.map->servers[0].kw == Approx(0.45));
    CHECK(plan.map->feeds[1].empty());  // nobody says what feeds its rack
    const auto warnings = single_points(plan);
    REQUIRE(warnings.size() == 1);
    CHECK(says(warnings[0],
               "all 2 replicas fall with one site, pangyo; cannot tell whether with "
               "one UPS"));
}

TEST_CASE("power map: devices that are left out by their role are told of, and roles may be named",
          "[host][topology]") {
    const TempDir folder;
    folder.write("devices.csv",
                 "Name,Status,Site,Rack,Role,cf_service\n"
                 "p1,Active,Pangyo,one,Compute node,text\n"
                 "p2,Active,Pangyo,one,\xec\x84\x9c\xeb\xb2\x84,text\n"
                 "p3,Planned,Pangyo,one,Compute node,text\n"
                 "sw1,Active,Pangyo,one,Switch,\nsw2,Active,Pangyo,one,Switch,\n");
    const auto plan_with = [&](const std::string& keys) {
        auto with_list = pangyo;
        with_list.insert(with_list.find("broker_site"), "devices = \"devices.csv\"\n" + keys);
        Complaints complaints;
        auto plan = load_policy(folder.write("policy.toml", head + with_list), complaints);
        CHECK(complaints.text().empty());
        return plan;
    };
    const auto none = plan_with("");
    CHECK(none.map->servers.empty());
    CHECK(says(describe(none),
               "4 active devices are left out by their role: 2 \"Switch\", 1 "
               "\"Compute node\", 1 \"\xec\x84\x9c\xeb\xb2\x84\""));
    CHECK(says(describe(none), "1 devices are left out by their status: 1 \"Planned\""));
    CHECK(says(describe(none), "warning: no server comes from " +
                                   (folder.path() / "devices.csv").string() +
                                   ": no device of the list is a server by its role"));
    const auto named = plan_with("roles = [\"compute node\", \"\xec\x84\x9c\xeb\xb2\x84\"]\n");
    REQUIRE(named.map->servers.size() == 2);
    CHECK(says(describe(named), "2 active devices are left out by their role: 2 \"Switch\""));
    CHECK(describe(named).find("no device of the list") == std::string::npos);
    CHECK(says(complaints_of(head + "[topology]\nroles = [\"x\"]\n"), "name the list, too"));
}

TEST_CASE("power map: what feeds a server is found as if every rack, PDU and UPS were looked at",
          "[host][topology]") {
    PowerMap map;  // 32,000 servers in 800 racks, each on two of 1,600 PDUs, and 16 UPSs
    for (int i = 0; i < 16; ++i) map.upss.push_back({"u" + std::to_string(i), "s", "r", 1, {}});
    for (int i = 0; i < 1600; ++i) {
        map.pdus.push_back({"p" + std::to_string(i), "u" + std::to_string(i % 16), {}});
    }
    for (int i = 0; i < 800; ++i) {
        map.racks.push_back({"k" + std::to_string(i),
                             "s",
                             {"p" + std::to_string(2 * i), "p" + std::to_string(2 * i + 1)},
                             {}});
    }
    for (int i = 0; i < 32000; ++i) {
        map.servers.push_back(
            {"n" + std::to_string(i), "s", "k" + std::to_string(i % 800), "", 1, {}});
    }
    map.servers.push_back({"stray", "s", "undrawn", "", 1, {}});
    const FeedIndex index(map);
    for (std::size_t i = 0; i < 32000; ++i) {
        const auto rack = i % 800;
        const auto a = 2 * rack % 16;
        const auto pdu = [](std::size_t number) { return "p" + std::to_string(number); };
        REQUIRE(index.left_of(i, {}) == std::vector<std::size_t>{a, a + 1});
        REQUIRE(index.left_of(i, {pdu(2 * rack)}) == std::vector<std::size_t>{a + 1});
        REQUIRE(index.is_off(i, {pdu(2 * rack), pdu(2 * rack + 1)}));
        REQUIRE_FALSE(index.is_off(i, {pdu(2 * rack + 2)}));
        REQUIRE_FALSE(index.is_off(i, {}));
        REQUIRE(index.is_off(i, {""}));
    }
    CHECK(index.is_off(32000, {"p0"}));  // nobody knows of another feed
    CHECK_FALSE(index.is_off(32000, {}));
}

TEST_CASE("power map: a bad list of devices says where", "[host][topology]") {
    Complaints complaints;
    PowerMap map;
    add_devices(map, "name,site,power\np1,판교,-4\n,,much\n", "d.csv", complaints);
    CHECK(complaints.text() ==
          "d.csv:2:4: \"판교\" is no name of a site: add \"판교\" = \"its-name\" to "
          "[topology.sites]\n"
          "d.csv:2:11: \"-4\" must be watts, 0 or above\n"
          "d.csv:3:1: a server needs a name\n"
          "d.csv:3:2: a server needs its site\n"
          "d.csv:3:3: \"much\" must be watts, 0 or above\n");
    Complaints headless;
    add_devices(map, "nom,site\n", "d.csv", headless);
    CHECK(headless.text() == "d.csv:1:1: the header must have \"name\" and \"site\"\n");
    auto missing = pangyo;
    missing.insert(missing.find("broker_site"), "devices = \"nowhere.csv\"\n");
    CHECK(says(complaints_of(head + missing), "cannot read \"nowhere.csv\""));
}

TEST_CASE("feeds: NetBox's list of power feeds says what feeds each rack", "[host][topology]") {
    PowerMap map;
    map.upss = {{"ups-a", "pangyo", "a", 100, {}}, {"ups-b", "pangyo", "b", 100, {}}};
    map.pdus = {{"pp-a", "ups-a", {}}, {"pp-b", "ups-b", {}}};
    map.racks = {{"r0", "pangyo", {"pp-a"}, {}}};
    Complaints complaints;
    add_devices(map, "name,site,rack\ns1,Pangyo,r1\ns2,Pangyo,\"r,2\"\n", "d.csv", complaints);
    add_feeds(map,
              "Name,Power panel,Rack,Status,Type\r\n"
              "f1,pp-a,r1,Active,Primary\r\n"
              "f2,pp-b,r1,Active,Redundant\r\n"
              "f3,pp-b,r1,Active,Redundant\r\n"      // a second cord from one panel
              "f4,pp-a,\"r,2\",Planned,Primary\r\n"  // not there yet
              "f5,pp-b,\"r,2\",Active,Primary\r\n"
              "f6,pp-b,,Active,Primary\r\n"  // of no rack
              "f7,pp-b,r0,Active,Redundant\r\n",
              "f.csv", complaints);
    link_power(map, complaints);
    CHECK(complaints.text().empty());
    REQUIRE(map.racks.size() == 3);
    CHECK(map.racks[0].pdus == Names{"pp-a", "pp-b"});  // drawn before, and fed by more
    CHECK(map.racks[1].name == "r1");
    CHECK(map.racks[1].pdus == Names{"pp-a", "pp-b"});
    CHECK(map.racks[2].name == "r,2");
    CHECK(map.racks[2].pdus == Names{"pp-b"});
    CHECK(map.feeds[0] == std::vector<std::size_t>{0, 1});
    CHECK(map.feeds[1] == std::vector<std::size_t>{1});
}

TEST_CASE("feeds: what cannot be placed is told of with its line and column", "[host][topology]") {
    PowerMap map;
    map.pdus = {{"pp-a", "ups-a", {}}};
    map.upss = {{"ups-a", "pangyo", "a", 100, {}}};
    Complaints complaints;
    add_devices(map, "name,site,rack\ns1,pangyo,r1\ns2,busan,r1\n", "d.csv", complaints);
    add_feeds(map, "rack,power panel\nr1,pp-a\nr9,pp-a\nr1,\n", "f.csv", complaints);
    const auto told = complaints.text();
    CHECK(told.find("f.csv:2:1: more than one site has a rack \"r1\"") != std::string::npos);
    CHECK(told.find("f.csv:3:1: no rack \"r9\"") != std::string::npos);
    CHECK(told.find("f.csv:4:4: a feed needs its power panel") != std::string::npos);
    Complaints unknown;
    add_feeds(map, "rack,pdu,site\nr1,pp-z,pangyo\nr1,pp-a,판교\n", "f.csv", unknown);
    link_power(map, unknown);
    CHECK(unknown.text().find("f.csv:2:4: there is no PDU \"pp-z\" at pangyo; did you mean "
                              "\"pp-a\"?") != std::string::npos);
    CHECK(unknown.text().find("f.csv:3:9: \"판교\" is no name of a site") != std::string::npos);
    Complaints headless;
    add_feeds(map, "rack\nr1\n", "f.csv", headless);
    CHECK(headless.text().find("f.csv:1:1") != std::string::npos);
}
