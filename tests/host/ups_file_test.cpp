#include "host/power/ups_file.hpp"

#include "host/power/draw.hpp"
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string head = head_of("seoul-1") + R"([[target]]
name = "racks"
tier = 5
impact = 2
site = "pangyo"
outlet = {agent = "room", outlets = ["r1", "o2a", "o2b"]}
)";
const std::string rule = R"([[rule]]
while = {site = "pangyo", alarm = "overload"}
targets = ["racks"]
at_least = "shed"
by_power = true
)";
const std::string topology = R"([topology]
[[topology.ups]]
name = "a"
site = "pangyo"
room = "battery"
kw = 100
[[topology.ups]]
name = "b"
site = "pangyo"
room = "battery"
kw = 100
[[topology.pdu]]
name = "pa"
ups = "a"
[[topology.pdu]]
name = "pb"
ups = "b"
[[topology.rack]]
name = "r1"
site = "pangyo"
pdus = ["pa"]
[[topology.rack]]
name = "r2"
site = "pangyo"
pdus = ["pa", "pb"]
[[topology.server]]
name = "s1"
site = "pangyo"
rack = "r1"
kw = 3
[[topology.server]]
name = "s2"
site = "pangyo"
rack = "r2"
kw = 8
)";
const std::string cords = R"([[topology.cord]]
target = "racks"
item = "o2a"
server = "s2"
pdu = "pa"
[[topology.cord]]
target = "racks"
item = "o2b"
rack = "r2"
pdu = "pb"
)";
const std::string ups = R"([[ups]]
name = "a"
agent = "room"
load = {device = "ups1", measure = "ups.load"}
runtime = {device = "ups1", measure = "battery.runtime"}
overload = {loads = [125, 150], lasts = ["10s", "3s"]}
on_battery = "on-battery"
hold = "15m"
stop = "3m"
)";

bool complains(const std::string& policy, const std::string& what) {
    return says(complaints_of(policy), what);
}

}  // namespace

TEST_CASE("ups file: a UPS and what hangs on it are resolved as written", "[host][power]") {
    Complaints complaints;
    const auto plan = read_policy(head + ups + rule + topology + cords, complaints);
    CHECK(complaints.text().empty());
    REQUIRE(plan.upss.size() == 1);
    const auto& one = plan.upss[0];
    CHECK(one.agent.site == "pangyo");
    CHECK(one.load == PointId{"ups1", "ups.load"});
    CHECK(one.rating.kw == 100);
    REQUIRE(one.rating.overload.size() == 2);
    CHECK(one.rating.overload[1].load == 150);
    CHECK(one.rating.overload[1].seconds == 3);
    CHECK(one.rating.hold == 15min);
    CHECK(one.rating.stop == 3min);
    CHECK(one.rating.margin == 30s);
    CHECK(describe(plan).find("at least shed by power while") != std::string::npos);
    CHECK(describe(plan).find("a may carry 100.0 kW") != std::string::npos);

    // Both cords of the second rack are one step; either alone would move its load to the other.
    const auto draws = draws_of(plan, shed_by_power(plan), complaints);
    REQUIRE(draws.size() == 2);
    CHECK(draws[0].items.size() == 1);
    CHECK(draws[1].items.size() == 2);
    CHECK(draws[1].impact == 2);
    CHECK(falls_by(draws[0], {false, false}) == std::vector<double>{3, 0});
    CHECK(falls_by(draws[1], {false, false}) == std::vector<double>{4, 4});
    CHECK(falls_by(draws[1], {true, false}) == std::vector<double>{0, 8});
}

TEST_CASE("ups file: one cord of two sheds nothing while the other feeds on", "[host][power]") {
    Complaints complaints;
    auto only_a = head;
    only_a.replace(only_a.find(", \"o2b\""), 7, "");
    const auto plan = read_policy(
        only_a + ups + rule + topology + cords.substr(0, cords.find("[[", 5)), complaints);
    CHECK(complaints.text().empty());
    const auto draws = draws_of(plan, shed_by_power(plan), complaints);
    REQUIRE(draws.size() == 2);
    CHECK(falls_by(draws[1], {false, false}) == std::vector<double>{0, 0});
    CHECK(falls_by(draws[1], {false, true}) == std::vector<double>{8, 0});
}

TEST_CASE("ups file: what nobody could reckon with is said with its place", "[host][power]") {
    CHECK(complains(head + ups + rule + topology,
                    "policy.toml:5:1: nobody can tell what \"o2a\" feeds"));
    CHECK(complains(head + rule, "by_power: no [[ups]] says how much is too much"));
    CHECK(complains(head + rule, "by_power: no [topology] says what hangs on which UPS"));
    CHECK(complains(head + ups + rule, "there is no [topology] that says what hangs on it"));
    const auto wrong = [&](const std::string& was, const std::string& is) {
        auto text = head + ups + rule + topology + cords;
        text.replace(text.find(was), was.size(), is);
        return text;
    };
    CHECK(complains(wrong("name = \"a\"\nagent", "name = \"c\"\nagent"),
                    "there is no [[topology.ups]]"));
    CHECK(complains(wrong("lasts = [\"10s\", \"3s\"]", "lasts = [\"3s\", \"10s\"]"),
                    "loads must rise and what they last must fall"));
    CHECK(complains(wrong("on_battery = \"on-battery\"\n", ""), "\"on_battery\" is missing"));
    CHECK(complains(wrong("hold = \"15m\"\nstop = \"3m\"\n", ""), "\"runtime\" is for"));
    CHECK(complains(wrong("\"shed\"\nby_power", "\"cut\"\nby_power"), "say at_least = \"shed\""));
    CHECK(complains(wrong("item = \"o2b\"", "item = \"o3\""), "has no item \"o3\""));
    CHECK(complains(wrong("pdu = \"pb\"\n", "pdu = \"pc\"\n"), "there is no PDU \"pc\""));
    CHECK(complains(wrong("impact = 2", "impact = 0"), "impact"));
}
