// A policy that could empty every site is refused, with the rules that would do it.
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

namespace firebreak {
namespace {

const std::string head = R"(site = "seoul"
host = "h"
[broker]
url = "mqtt://127.0.0.1:1883"
[[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
)";
const std::string careless = "[guard]\nmin_ready = 0\n";

std::string target(const std::string& name, const std::string& site, const std::string& server) {
    return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site +
           "\"\nhaproxy = {endpoint = \"edge\", backend = \"text\", servers = [\"" + server +
           "\"]}\n";
}
std::string outlet(const std::string& name, const std::string& site, const std::string& items,
                   const std::string& more = "") {
    return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site +
           "\"\noutlet = {agent = \"room\", outlets = [" + items + "]" + more + "}\n";
}
std::string rule(const std::string& site, const std::string& target, const std::string& at_least,
                 const std::string& more = "") {
    return "[[rule]]\nwhile = {site = \"" + site + "\", alarm = \"gas\"}\ntargets = [\"" + target +
           "\"]\nat_least = \"" + at_least + "\"\n" + more;
}
std::string room(const std::string& site, const std::string& suffix) {
    std::string out;
    for (const char feed : {'a', 'b'}) {
        const auto name = suffix + feed;
        out += "[[topology.ups]]\nname = \"u" + name + "\"\nsite = \"" + site + "\"\nroom = \"" +
               name + "\"\nkw = 10\n[[topology.pdu]]\nname = \"p" + name + "\"\nups = \"u" + name +
               "\"\n";
    }
    return out + "[[topology.rack]]\nname = \"r" + suffix + "\"\nsite = \"" + site +
           "\"\npdus = [\"p" + suffix + "a\", \"p" + suffix + "b\"]\n" +
           "[[topology.server]]\nname = \"s" + suffix + "\"\nsite = \"" + site + "\"\nrack = \"r" +
           suffix + "\"\nservice = \"text\"\nkw = 1\n";
}
std::string cord(const std::string& target, const std::string& item, const std::string& rack,
                 const std::string& pdu) {
    return "[[topology.cord]]\ntarget = \"" + target + "\"\nitem = \"" + item + "\"\nrack = \"" +
           rack + "\"\npdu = \"" + pdu + "\"\n";
}
std::string map(const std::string& targets) {
    return "[topology]\nbroker_site = \"seoul\"\n" + room("pangyo", "1") + room("bundang", "2") +
           "[[topology.service]]\nname = \"text\"\ntargets = [" + targets + "]\n";
}

bool refused(const std::string& text, const std::string& sites) {
    const auto complaints = complaints_of(text);
    INFO(complaints);
    return complaints.find("down at every site: " + sites) != std::string::npos;
}

const std::string two = target("one", "pangyo", "s1") + target("two", "bundang", "s2");
const std::string both = two + rule("pangyo", "one", "drain") + rule("bundang", "two", "drain");

}  // namespace

TEST_CASE("emptied: without a topology two targets of one backend at two sites are seen",
          "[host][topology]") {
    CHECK(complaints_of(head + both).empty());  // min_ready keeps one
    CHECK(complaints_of(head + careless + two + rule("pangyo", "one", "drain")).empty());
    const auto complaints = complaints_of(head + careless + both);
    INFO(complaints);
    CHECK(complaints.find("could put backend \"text\" of edge down at every site: bundang by the "
                          "rule in line ") != std::string::npos);
    // One rule for both is enough, and so is one that listens to every site.
    CHECK(refused(head + careless + two + rule("pangyo", "one\", \"two", "drain"), "bundang"));
    CHECK(complaints_of(head + "[guard]\nmin_ready = 0\nmin_elsewhere = 1\n" + both).empty());
    CHECK(complaints_of(head + "[guard]\nmin_ready = 0\nmax_tier_percent = 50\n" + both).empty());
    // Of servers at one site nobody knows what else there is.
    CHECK(complaints_of(head + careless + target("one", "pangyo", "s1") +
                        target("two", "pangyo", "s2") + rule("pangyo", "one\", \"two", "cut"))
              .empty());
}

TEST_CASE("emptied: a drain at one site and racks that are shed at the other are both",
          "[host][topology]") {
    const auto drained = two + rule("pangyo", "one", "drain");
    const auto racks = outlet("racks", "bundang", "\"r2\"");
    const auto shed = rule("bundang", "racks", "shed");
    const auto text = head + careless + drained + racks + shed + map("\"one\", \"two\"");
    CHECK(refused(text, "bundang by the rule in line "));
    CHECK(complaints_of(head + careless + drained + racks + rule("bundang", "racks", "drain") +
                        map("\"one\", \"two\""))
              .empty());  // a drain switches no rack off
    // min_ready counts them while they still read as ready, whatever becomes of their power...
    CHECK(refused(head + drained + racks + shed + map("\"one\", \"two\""), "bundang"));
    // ...unless the racks wait until their servers are drained, which it never lets happen.
    const auto waiting = outlet("racks", "bundang", "\"r2\"", ", after = [\"two\"]");
    CHECK(complaints_of(head + drained + waiting + shed + map("\"one\", \"two\"")).empty());
    CHECK(refused(head + careless + drained + waiting + shed + map("\"one\", \"two\""), "bundang"));
    const auto dark = drained + racks + outlet("racks-1", "pangyo", "\"r1\"") + shed +
                      rule("pangyo", "racks-1", "cut");
    CHECK(refused(head + dark + map("\"one\", \"two\""), "bundang by the rule in line "));
    CHECK(complaints_of(head + "[guard]\nmax_tier_percent = 50\n" + dark + map("\"one\", \"two\""))
              .empty());
}

TEST_CASE("emptied: both feeds of a rack must go, by whichever targets", "[host][topology]") {
    const auto start = head + careless + two + rule("pangyo", "one", "drain") +
                       outlet("feed-a", "bundang", "\"o1\"") +
                       outlet("feed-b", "bundang", "\"o2\"");
    const auto cords = map("\"one\", \"two\"") + cord("feed-a", "o1", "r2", "p2a") +
                       cord("feed-b", "o2", "r2", "p2b");
    CHECK(complaints_of(start + rule("bundang", "feed-a", "shed") + cords).empty());
    CHECK(refused(
        start + rule("bundang", "feed-a", "shed") + rule("bundang", "feed-b", "shed") + cords,
        "bundang by the rule in line "));
}

TEST_CASE("emptied: another target of the same backend counts, named by the service or not",
          "[host][topology]") {
    const auto text = head + careless + two + target("other", "bundang", "s3") +
                      rule("pangyo", "one", "drain") + rule("bundang", "other", "drain");
    CHECK(refused(text + map("\"one\", \"two\""), "bundang by the rule in line "));
}

}  // namespace firebreak
