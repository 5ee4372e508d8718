#include "host/topology/netbox.hpp"

#include "host/power/draw.hpp"
#include "host/power/servers_off.hpp"
#include "host/topology/drawing.hpp"
#include "host/topology/names.hpp"
#include "host/topology/single_points.hpp"
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;

namespace {

using Feeds = std::vector<std::vector<std::size_t>>;

const std::string head = head_of("seoul-1") + R"([[target]]
name = "racks"
tier = 5
site = "pangyo"
outlet = {agent = "room", outlets = ["o-a", "o-b"]}
[[rule]]
while = {site = "pangyo", alarm = "overload"}
targets = ["racks"]
at_least = "shed"
)";

std::string cord(const std::string& outlet, const std::string& pdu) {
    return "[[topology.cord]]\ntarget = \"racks\"\nitem = \"" + outlet +
           "\"\nrack = \"r1\"\npdu = \"" + pdu + "\"\n";
}

/// Two sites, each with two UPSs in rooms of their own and PDUs "A" and "B".
std::string two_sites(const std::string& keys = "") {
    std::string out = "[topology]\nbroker_site = \"seoul\"\n" + keys;
    for (const std::string site : {"pangyo", "bundang"}) {
        for (const std::string pdu : {"A", "B"}) {
            const auto ups = site + "-" + pdu;
            out += "[[topology.ups]]\nname = \"" + ups + "\"\nsite = \"" + site + "\"\nroom = \"" +
                   pdu + "\"\nkw = 100\n[[topology.pdu]]\nname = \"" + pdu + "\"\nups = \"" + ups +
                   "\"\n";
        }
    }
    return out + "[[topology.service]]\nname = \"Text\"\ntargets = []\n" + cord("o-a", "A") +
           cord("o-b", "B");
}

std::string rack(const std::string& name, const std::string& site, const std::string& pdus) {
    return "[[topology.rack]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\npdus = " + pdus +
           "\n";
}

std::string server(const std::string& name, const std::string& site, const std::string& in,
                   const std::string& more = "") {
    return "[[topology.server]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\nrack = \"" + in +
           "\"\nservice = \"text\"\nkw = 1\n" + more;
}

/// A policy with lists beside it.
struct Lists {
    PolicyPlan plan(const std::string& policy) {
        complaints = Complaints();
        return load_policy(folder.write("policy.toml", head + policy), complaints);
    }

    TempDir folder;
    Complaints complaints;
};

}  // namespace

TEST_CASE("names: a slug is what NetBox's form makes of a name", "[host][topology]") {
    CHECK(slug("Pangyo (DC 1)") == "pangyo-dc-1");
    CHECK(slug(" Pangyo  Campus ") == "pangyo-campus");
    CHECK(slug("Pangyo/DC2") == "pangyodc2");
    CHECK(slug("St. Gallen - 2") == "st-gallen-2");
    CHECK(slug("a_b") == "a_b");
    CHECK(slug("판교 DC") == "판교-dc");
    CHECK(slug("(!)").empty());
}

TEST_CASE("names: a name stands for another way to write it, unless two are written so",
          "[host][topology]") {
    NameBook book;
    book.add("s", "R1", 1);
    book.add("s", "A/1", 2);
    book.add("s", "A1", 3);
    book.add("t", "r1", 4);
    CHECK(book.find("s", "r1") == 1);
    CHECK(book.find("t", "R1") == 4);
    CHECK(book.find("s", "A1") == 3);
    CHECK_FALSE(book.find("s", "a1"));
    CHECK_FALSE(book.find("s", "(!)"));
    CHECK(book.hint_of("s", "R11") == "; did you mean \"R1\"?");
    CHECK(book.hint_of("s", "nowhere").empty());
}

TEST_CASE("sites: a list may call them as NetBox shows them", "[host][topology]") {
    PowerMap map;
    map.sites = {{"판교", "pangyo-2"}, {"Pangyo/DC2", "pangyo-2"}};
    map.upss = {{"u", "dc.3", "x", 1, {}}};
    Complaints complaints;
    add_devices(map,
                "name,site\na,Pangyo (DC 1)\nb,Pangyo/DC2\nc,판교\nd,DC 3\ne,pangyo-2\nf,Busan 1\n",
                "d.csv", complaints);
    CHECK(complaints.text().empty());
    std::vector<std::string> sites;
    for (const auto& one : map.servers) sites.push_back(one.site);
    CHECK(sites == std::vector<std::string>{"pangyo-dc-1", "pangyo-2", "pangyo-2", "dc.3",
                                            "pangyo-2", "busan-1"});
    CHECK(says(complaints_of(head + "[topology]\n[topology.sites]\n\"판교\" = \"Pan gyo\"\n"),
               "policy.toml:16:"));
    Lists lists;
    lists.folder.write("devices.csv", "Name,Site\ns1,판교\n");
    const auto plan = lists.plan(
        "[topology]\ndevices = \"devices.csv\"\n[topology.sites]\n\"판교\" = \"pangyo\"\n");
    CHECK(lists.complaints.text().empty());
    CHECK(plan.map->servers.at(0).site == "pangyo");
}

TEST_CASE("feeds: where the cell of the site is empty it is where such a rack stands",
          "[host][topology]") {
    PowerMap map;
    Complaints complaints;
    add_devices(map, "name,site,rack\na,pangyo,R1\n", "d.csv", complaints);
    add_feeds(map, "Site,Power panel,Rack\n,A,r1\n Bundang ,A,r1\n", "f.csv", complaints);
    CHECK(complaints.text().empty());
    REQUIRE(map.racks.size() == 2);
    CHECK(map.racks[0].site == "pangyo");
    CHECK(map.racks[1].site == "bundang");
    add_feeds(map, "Site,Power panel,Rack\n,A,r9\n,A,r1\n", "f.csv", complaints);
    CHECK(says(complaints.text(), "f.csv:2:4: no rack \"r9\" is drawn"));
    CHECK(says(complaints.text(), "f.csv:3:4: more than one site has a rack \"r1\": say its site"));
}

TEST_CASE("feeds: two sites that call a PDU the same have one each", "[host][topology]") {
    Lists lists;
    lists.folder.write("devices.csv",
                       "Name,Site,Rack,Service\np1,Pangyo,r1,TEXT\nb1,Bundang,r1,text\n");
    lists.folder.write("feeds.csv",
                       "Site;Power panel;Rack\nPangyo;A;R1\nPangyo;B;R1\nBundang;A;R1\n");
    const std::string keys = "devices = \"devices.csv\"\nfeeds = \"feeds.csv\"\n";
    const auto listed = lists.plan(two_sites(keys));
    CHECK(lists.complaints.text().empty());
    CHECK(listed.map->feeds == Feeds{{0, 1}, {2}});
    CHECK(listed.map->servers[0].service == "Text");
    const auto drawn = lists.plan(two_sites() + rack("r1", "pangyo", R"(["A", "B"])") +
                                  rack("r1", "bundang", R"(["A"])") + server("p1", "pangyo", "R1") +
                                  server("b1", "bundang", "r1"));
    CHECK(lists.complaints.text().empty());
    CHECK(drawn.map->feeds == Feeds{{0, 1}, {2}});
    const FeedIndex index(*drawn.map);
    CHECK(index.left_of(0, {"B"}) == std::vector<std::size_t>{0});
    CHECK(index.left_of(1, {"B"}) == std::vector<std::size_t>{2});
    CHECK(index.is_off(1, {"A"}));
    // The rack of bundang hangs on one UPS, whatever stands elsewhere: it is marked.
    const auto svg = draw_topology(drawn);
    CHECK(svg.find("r1 1.0 kW") != std::string::npos);
    CHECK(says(complaints_of(head + two_sites() +
                             "[[topology.pdu]]\nname = \"A\"\nups = "
                             "\"bundang-B\"\n"),
               "PDU \"A\" stands twice, first in line"));
}

TEST_CASE("feeds: a PDU that is not there is told of where a list or a rack names it",
          "[host][topology]") {
    Lists lists;
    lists.folder.write("feeds.csv", "Site,Rack,Power panel\npangyo,r1,A\npangyo,r1,AA\n");
    static_cast<void>(
        lists.plan(two_sites("feeds = \"feeds.csv\"\n") + rack("r1", "pangyo", R"(["B"])")));
    const auto file = (lists.folder.path() / "feeds.csv").string();
    CHECK(lists.complaints.text() == file +
                                         ":3:11: there is no PDU \"AA\" at pangyo; did you mean "
                                         "\"A\"?\n");
    const auto far = complaints_of(head + two_sites() + rack("x", "busan", R"(["A"])"));
    CHECK(says(far, "the rack is at busan, but its PDU \"A\" hangs on \"bundang-A\" at bundang"));
    auto cords = two_sites();
    cords.replace(cords.find("pdu = \"B\""), 9, "pdu = \"C\"");
    CHECK(says(complaints_of(head + cords), "there is no PDU \"C\" at pangyo"));
}

TEST_CASE("power map: racks and services may be written otherwise, and what is like none is told",
          "[host][topology]") {
    const auto base = head + two_sites() + rack("Row 1/R1", "pangyo", R"(["A", "B"])");
    CHECK(complaints_of(base + server("s1", "pangyo", "row-1r1")).empty());
    CHECK(says(complaints_of(base + server("s1", "pangyo", "row 1/R2")),
               "there is no rack \"row 1/R2\" at pangyo; did you mean \"Row 1/R1\"?"));
    auto other = server("s1", "pangyo", "Row 1/R1");
    other.replace(other.find("\"text\""), 6, "\"txet\"");
    CHECK(says(complaints_of(base + other),
               "there is no service \"txet\": add a [[topology.service]]; did you mean \"Text\"?"));
}

TEST_CASE("power map: racks that one list tells apart are not taken for one", "[host][topology]") {
    PowerMap map;
    map.upss = {{"u", "s", "x", 1, {}}};
    map.pdus = {{"A", "u", {}}};
    map.racks = {{"A1", "s", {"A"}, {}}};
    Complaints complaints;
    add_devices(map, "name,site,rack\na,s,A1\nb,s,A/1\nc,s,a1\n", "d.csv", complaints);
    link_power(map, complaints);
    CHECK(complaints.text().empty());
    CHECK(map.feeds == Feeds{{0}, {}, {0}});
}

TEST_CASE("lists: one from which nothing comes is warned of, and what is left out is told",
          "[host][topology]") {
    Lists lists;
    lists.folder.write("devices.csv", "name,site,status\na,pangyo,Planned\nb,pangyo,Offline\n");
    lists.folder.write("feeds.csv", "power panel,rack,status\nA,,Active\nA,r1,Planned\n");
    const auto plan = lists.plan(two_sites("devices = \"devices.csv\"\nfeeds = \"feeds.csv\"\n"));
    CHECK(lists.complaints.text().empty());
    const auto told = describe(plan);
    CHECK(says(told, "2 devices are left out by their status: 1 \"Offline\", 1 \"Planned\""));
    CHECK(says(told, "1 feeds are left out by their status: 1 \"Planned\""));
    const auto file = [&](const char* name) { return (lists.folder.path() / name).string(); };
    CHECK(says(told, "warning: no server comes from " + file("devices.csv") +
                         ": none of its rows is active by its status"));
    CHECK(says(told, "warning: no feed comes from " + file("feeds.csv") + ": "));
    lists.folder.write("devices.csv", "name,site,status\na,pangyo,Active\n");
    lists.folder.write("feeds.csv", "power panel,rack,status\nA,,Active\n");
    const auto other = lists.plan(two_sites("devices = \"devices.csv\"\nfeeds = \"feeds.csv\"\n"));
    CHECK(describe(other).find("no server comes") == std::string::npos);
    CHECK(says(describe(other), file("feeds.csv") + ": no row of it names a rack"));
}

TEST_CASE("power map: a server with one cord hangs on that one, whatever else its rack has",
          "[host][topology]") {
    Lists lists;
    lists.folder.write("devices.csv",
                       "name,site,rack,service,power,pdu\nboth,pangyo,r1,text,1000,\n"
                       "b,pangyo,r1,text,1000,B\nab,pangyo,r1,text,1000,\"A, B\"\n");
    const auto plan = lists.plan(two_sites("devices = \"devices.csv\"\n") +
                                 rack("r1", "pangyo", R"(["A", "B"])") +
                                 server("a", "pangyo", "r1", "pdus = [\"A\"]\n"));
    CHECK(lists.complaints.text().empty());
    const auto& map = *plan.map;
    REQUIRE(map.servers[0].name == "a");
    CHECK(map.feeds == Feeds{{0}, {0, 1}, {1}, {0, 1}});
    CHECK(connected_kw(map)[0] == Approx(2));
    const FeedIndex index(map);
    CHECK(index.is_off(0, {"A"}));
    CHECK_FALSE(index.is_off(0, {"B"}));
    CHECK_FALSE(index.is_off(1, {"A"}));
    // The outlet of B feeds nothing of the server on A.
    const auto fed = fed_by(plan, {0});
    REQUIRE(fed.at(0).size() == 1);
    CHECK(fed.at(0)[0].item == "o-a");
    CHECK(fed.at(1).size() == 2);
    Complaints complaints;
    const auto draws = draws_of(plan, {"racks"}, complaints);
    REQUIRE(draws.size() == 1);
    CHECK(draws[0].parts.size() == 4);
    CHECK(falls_by(draws[0], {false, false, false, false}) == std::vector<double>{2, 2, 0, 0});
    CHECK(says(complaints_of(head + two_sites() + rack("r1", "pangyo", R"(["A"])") +
                             server("a", "pangyo", "r1", "pdus = [\"D\"]\n")),
               "there is no PDU \"D\" at pangyo"));
    CHECK(says(describe(lists.plan(two_sites() + rack("r1", "pangyo", R"(["A", "B"])") +
                                   server("a", "pangyo", "r1", "pdus = [\"A\"]\n"))),
               "service Text: all 1 replicas fall with one UPS, pangyo-A"));
}
