// What check warns of: most likely not meant, and yet no error.
#include "host/unwise.hpp"

#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

namespace firebreak {
namespace {

const std::string head = head_of("h") + R"([[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["r1"]}
)";
const std::string restore = "[restore]\n";
const std::string ups = R"([[ups]]
name = "u"
agent = "room"
load = {device = "d", measure = "ups.load"}
)";

std::string rule(const std::string& site, const std::string& targets) {
    return "[[rule]]\nwhile = {site = \"" + site + "\", alarm = \"gas\"}\ntargets = [" + targets +
           "]\nat_least = \"shed\"\n";
}
std::string map(const std::string& site) {
    return "[topology]\n[[topology.ups]]\nname = \"u\"\nsite = \"" + site +
           "\"\nroom = \"b\"\nkw = 10\n";
}

/// All warnings, a line each; of a policy without errors.
std::string warned(const std::string& text) {
    Complaints complaints;
    const auto plan = read_policy(text, complaints);
    INFO(complaints.text());
    CHECK(complaints.empty());
    std::string out;
    for (const auto& warning : plan.warnings) out += warning + '\n';
    return out;
}

}  // namespace

TEST_CASE("unwise: a rule for a site at which nothing stands is warned of", "[host][policy]") {
    CHECK(warned(head + rule("pangyo", "\"racks\"") + restore).empty());
    CHECK(
        says(warned(head + rule("pangio", "\"racks\"") + restore),
             "policy.toml:9:1: nothing of this policy stands at \"pangio\", whose alarms the rule "
             "waits for; did you mean \"pangyo\"?\n"));
    // Where only the topology, a peer or this host stands agents may stand as well.
    CHECK(warned(head + rule("busan", "\"racks\"") + restore + map("busan")).empty());
    CHECK(warned(head + rule("busan", "\"racks\"") + restore +
                 "[[peer]]\nsite = \"busan\"\nhost = \"b\"\n")
              .empty());
    CHECK_FALSE(
        says(warned(head + rule("seoul", "\"racks\"") + restore), "nothing of this policy"));
}

TEST_CASE("unwise: a UPS where no target stands, and a drill's or a capacity's site, get a hint",
          "[host][policy]") {
    const auto text = head + rule("pangyo", "\"racks\"") + restore + ups;
    CHECK(warned(text + map("pangyo")).empty());
    CHECK(
        says(warned(text + map("pangio")),
             "policy.toml:14:1: no target stands at \"pangio\", where UPS \"u\" does: nothing can "
             "be shed there; did you mean \"pangyo\"?"));
    CHECK(says(complaints_of(text + map("pangyo") + "[[drill]]\nname = \"d\"\nsite = \"pangio\"\n"),
               "no target stands in \"pangio\"; did you mean \"pangyo\"?"));
    auto loaded = text + map("pangyo") + "[[capacity]]\nsite = \"pangio\"\nholds = 1\n";
    loaded.insert(loaded.find("outlet ="), "load = 1\n");
    CHECK(says(complaints_of(loaded), "stands at \"pangio\"; did you mean \"pangyo\"?"));
}

TEST_CASE("unwise: a target that stands twice in a rule is warned of once", "[host][policy]") {
    const auto warnings =
        warned(head + rule("pangyo", "\"racks\", \"racks\", \"racks\"") + restore);
    CHECK(says(warnings, "policy.toml:9:1: target \"racks\" stands twice in this rule"));
    CHECK(warnings.find("stands twice") == warnings.rfind("stands twice"));
}

TEST_CASE("unwise: loads that nothing brings back in stages are warned of", "[host][policy]") {
    CHECK(says(warned(head + rule("pangyo", "\"racks\"")),
               "policy.toml:5:1: \"racks\" is switched off and on, and there is no [restore]: all "
               "loads come back at once"));
    auto servers = head;
    servers.replace(servers.find("outlet ="), std::string::npos,
                    "mqtt = {agent = \"own\", items = [\"a\"], as = \"servers\"}\n");
    CHECK(warned(servers + rule("pangyo", "\"racks\"")).empty());
}

TEST_CASE("ups file: an overload curve begins above 100 per cent", "[host][power]") {
    const auto with = [](const std::string& loads) {
        return complaints_of(head + rule("pangyo", "\"racks\"") + restore + ups +
                             "overload = {loads = [" + loads + "], lasts = [\"1m\", \"10s\"]}\n" +
                             map("pangyo"));
    };
    CHECK(with("101, 125").empty());
    CHECK(says(with("100, 125"), "policy.toml:18:"));
    CHECK(says(with("100, 125"), "loads must be above 100, in per cent of what the UPS may carry"));
    CHECK(says(with("1.1, 1.5"), "loads must be above 100"));  // no shares, per cent
}

}  // namespace firebreak
