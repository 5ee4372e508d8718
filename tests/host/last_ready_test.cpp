// One event that leaves min_ready's last servers of a service, a drill of all its sites, and loads
// that a UPS stops whole: refused as what empties every site is.
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

namespace firebreak {
namespace {

const std::string top = head_of("h");
const std::string head = top + R"([[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
[[endpoint]]
name = "edge-2"
haproxy = "10.0.0.2:9999"
)";

std::string target(const std::string& name, const std::string& site, int servers,
                   const std::string& edge = "edge", const std::string& more = "") {
    std::string items;
    for (int i = 0; i < servers; ++i) {
        items += (i == 0 ? "\"" : ", \"") + name + '-' + std::to_string(i) + '"';
    }
    return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\n" + more +
           "haproxy = {endpoint = \"" + edge + "\", backend = \"text\", servers = [" + items +
           "]}\n";
}
std::string rule(const std::string& when, const std::string& targets,
                 const std::string& at_least = "drain") {
    return "[[rule]]\nwhile = {" + when + "}\ntargets = [" + targets + "]\nat_least = \"" +
           at_least + "\"\n";
}
std::string guard(const std::string& what) {
    return "[guard]\n" + what + '\n';
}
std::string drill(const std::string& what) {
    return "[[drill]]\nname = \"d\"\n" + what + '\n';
}

const std::string two = target("one", "pangyo", 25) + target("two", "bundang", 25);
const std::string gas = "alarm = \"gas\"";
const std::string both = "\"one\", \"two\"";
const std::string pangyo = "site = \"pangyo\", alarm = \"gas\"";
const std::string bundang = "site = \"bundang\", alarm = \"gas\"";
const std::string symmetric = rule(pangyo, "\"one\"") + rule(bundang, "\"two\"");

bool by_one_event(const std::string& text) {
    const auto complaints = complaints_of(text);
    INFO(complaints);
    UNSCOPED_INFO(complaints);
    const bool found = complaints.find("down at every site by one event: ") != std::string::npos;
    CHECK(found != complaints.empty());  // and of nothing else
    return found;
}

}  // namespace

TEST_CASE("last ready: one rule for every site leaves one server of fifty, and is refused",
          "[host][topology]") {
    const auto complaints = complaints_of(head + two + rule(gas, both));
    INFO(complaints);
    CHECK(
        says(complaints,
             "policy.toml:11:1: the policy could put service \"text\" down at every site by one "
             "event: bundang by the rule at policy.toml:19:1 (drain while any/any/gas), pangyo by "
             "the rule at policy.toml:19:1 (drain while any/any/gas); min_ready = 1 keeps 1 of "
             "50 servers, less than the 25 of its smallest site; keep more with min_elsewhere"));
    CHECK(by_one_event(head + two + rule(gas, both, "cut")));
    CHECK_FALSE(by_one_event(head + two + rule(gas, both, "watch")));
    CHECK(by_one_event(head + two + rule("agent = \"room\", silent = true", both)));
    CHECK(by_one_event(head + two + rule(pangyo, both)));  // one site's alarm, all sites
    CHECK(by_one_event(head + two + rule("all = [\"gas\", \"smoke\"]", both)));
    // One HAProxy a site: one server stays at each.
    const auto apart = target("one", "pangyo", 25) + target("two", "bundang", 25, "edge-2");
    CHECK(says(complaints_of(head + apart + rule(gas, both)), "min_ready = 1 keeps 2 of 50"));
}

TEST_CASE("last ready: rules for each site's own alarms need a fire at each, and are let through",
          "[host][topology]") {
    CHECK_FALSE(by_one_event(head + two + symmetric));
    CHECK_FALSE(by_one_event(head + two + symmetric + rule(pangyo, "\"one\"", "cut")));
    // What one monitor says of two sites are two alarms; what it may say as one is one.
    const auto seoul = [](const std::string& signs) {
        return "site = \"seoul\", agent = \"monitor\", " + signs;
    };
    const auto monitor = rule(seoul("alarm = \"pangyo\""), "\"one\"") +
                         rule(seoul("alarm = \"bundang\""), "\"two\"");
    CHECK_FALSE(by_one_event(head + two + monitor));
    CHECK(by_one_event(head + two + monitor + rule(seoul("alarm = \"bundang\""), "\"one\"")));
    CHECK(by_one_event(head + two + rule(seoul("any = [\"pangyo\", \"bundang\"]"), both)));
}

TEST_CASE("last ready: several rules with one cause are one event", "[host][topology]") {
    CHECK(by_one_event(head + two + rule(pangyo, "\"one\"") + rule(pangyo, "\"two\"")));
    CHECK(by_one_event(head + two + rule(pangyo, "\"one\"") + rule(gas, "\"two\"")));
    CHECK(by_one_event(head + two + rule("site = \"pangyo\", " + gas, "\"one\"") +
                       rule("agent = \"room\", " + gas, "\"two\"")));
    CHECK(by_one_event(head + two + rule("any = [\"gas\", \"smoke\"]", "\"one\"") +
                       rule("any = [\"heat\", \"smoke\"]", "\"two\"")));
    // All that one rule counts together is one event, and what it needs not is another.
    const auto smoke = rule("any = [\"gas\", \"smoke\"]", "\"one\"");
    CHECK(by_one_event(head + two + smoke +
                       rule("all = [\"heat\", \"smoke\"], silent = true", "\"two\"")));
    CHECK_FALSE(by_one_event(head + two + smoke +
                             rule("all = [\"heat\", \"dust\"], silent = true", "\"two\"") +
                             rule("alarm = \"heat\"", "\"two\"")));
}

TEST_CASE("last ready: what keeps a site's worth of it keeps the policy", "[host][topology]") {
    const auto careless = head + two + rule(gas, both);
    CHECK_FALSE(by_one_event(careless + guard("min_ready = 25")));
    CHECK(by_one_event(careless + guard("min_ready = 24")));
    CHECK_FALSE(by_one_event(careless + guard("min_elsewhere = 25")));
    CHECK(says(complaints_of(careless + guard("min_elsewhere = 24")),
               "min_ready = 1 and min_elsewhere = 24 keep 24 of 50 servers"));
    CHECK_FALSE(by_one_event(careless + guard("max_tier_percent = 50")));
    CHECK_FALSE(by_one_event(careless + target("three", "busan", 1)));   // no rule puts it down
    CHECK_FALSE(by_one_event(careless + target("three", "pangyo", 1)));  // nor this one
    // Servers that the topology draws and no target names stay, too: 1 + 2 x 5, and 1 + 2 x 12.
    const auto drawn = [](int servers) {
        std::string out =
            "[topology]\nbroker_site = \"seoul\"\n[[topology.service]]\nname = \"text\"\n";
        for (const char* site : {"pangyo", "bundang"}) {
            const std::string at = "\"\nsite = \"" + std::string(site) + "\"\n";
            out += std::string("[[topology.ups]]\nname = \"u-") + site + at +
                   "room = \"b\"\nkw = 99\n[[topology.pdu]]\nname = \"p-" + site +
                   "\"\nups = \"u-" + site + "\"\n[[topology.rack]]\nname = \"r" + at +
                   "pdus = [\"p-" + site + "\"]\n";
            for (int i = 0; i < servers; ++i) {
                out += "[[topology.server]]\nname = \"m" + std::to_string(i) + "\"\nsite = \"" +
                       site + "\"\nrack = \"r\"\nservice = \"text\"\nkw = 1\n";
            }
        }
        return out;
    };
    CHECK(by_one_event(careless + drawn(30)));
    CHECK_FALSE(by_one_event(careless + drawn(37)));
    CHECK_FALSE(by_one_event(head + target("one", "pangyo", 1) + target("two", "bundang", 9) +
                             rule(gas, both)));  // as many as when bundang burns
    CHECK_FALSE(by_one_event(head + target("one", "pangyo", 25) + target("two", "pangyo", 25) +
                             rule(gas, both)));  // of one site nobody knows what else there is
}

TEST_CASE("last ready: services that share nothing but one alarm are asked about together",
          "[host][topology]") {
    const auto apart = target("one", "pangyo", 9, "edge", "service = \"a\"\n") +
                       target("two", "bundang", 9, "edge-2", "service = \"b\"\n");
    CHECK(says(complaints_of(head + apart + rule(gas, both)),
               "could put all that it knows of down at every site by one event"));
    CHECK_FALSE(by_one_event(head + apart + symmetric));
    // Of one that stands at both sites enough is kept, and so it is of all together.
    CHECK_FALSE(by_one_event(head + two + guard("min_elsewhere = 25") +
                             "[[target]]\nname = \"x\"\nsite = \"bundang\"\nhaproxy = {endpoint = "
                             "\"edge\", backend = \"x\", servers = [\"x1\", \"x2\"]}\n" +
                             rule(gas, both + ", \"x\"")));
}

TEST_CASE("emptied: a drill of all sites is refused, with its place", "[host][topology]") {
    const auto safe = head + two + symmetric;
    const auto complaints = complaints_of(safe + drill("targets = [" + both + "]"));
    INFO(complaints);
    CHECK(says(complaints,
               "policy.toml:27:1: the drill \"d\" could put service \"text\" down at every site: "
               "bundang, pangyo; min_ready = 1 keeps 1 of 50 servers, less than the 25 of its "
               "smallest site; keep more with min_elsewhere (so many) or max_tier_percent, or "
               "drill one site at a time"));
    CHECK(complaints_of(safe + drill("site = \"pangyo\"")).empty());
    CHECK(complaints_of(safe + drill("targets = [" + both + "]\nitems = [\"one-1\", \"two-1\"]"))
              .empty());
    CHECK(complaints_of(safe + guard("min_elsewhere = 25") + drill("targets = [" + both + "]"))
              .empty());
    // Without any guard it is what rules would be refused for; here no rule does it.
    const auto open = head + two + rule(pangyo, "\"one\"") + guard("min_ready = 0");
    CHECK(says(complaints_of(open + drill("targets = [" + both + "]")),
               "bundang, pangyo; keep some with min_ready, min_elsewhere or max_tier_percent, or "
               "drill one site at a time"));
}

TEST_CASE("emptied: a drill that sheds racks waits for what they wait for", "[host][topology]") {
    const auto racks = [](const std::string& name, const std::string& site) {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site +
               "\"\nservice = \"batch\"\noutlet = {agent = \"room\", outlets = [\"r\"], after = "
               "[\"one\"]}\n";
    };
    const auto text = head + target("one", "pangyo", 2) + racks("r1", "pangyo") +
                      racks("r2", "bundang") + rule(pangyo, "\"one\"") + guard("min_ready = 0");
    CHECK(complaints_of(text + drill("targets = [\"r1\", \"r2\"]\nposture = \"shed\"")).empty());
    const std::string all = "targets = [\"r1\", \"r2\", \"one\"]\n";
    CHECK(says(complaints_of(text + drill(all + "posture = \"shed\"")),
               "the drill \"d\" could put service \"batch\" down at every site"));
    CHECK(complaints_of(text + drill(all)).empty());  // a drain switches nothing off
}

TEST_CASE("emptied: by power all of a UPS's load goes where it has a stop", "[host][topology]") {
    const auto at = [](const std::string& site, const std::string& stop) {
        const auto n = site;
        return "[[target]]\nname = \"" + n + "\"\nsite = \"" + site +
               "\"\nservice = \"batch\"\noutlet = {agent = \"room\", outlets = [\"r-" + n +
               "\"]}\n[[ups]]\nname = \"u-" + n +
               "\"\nagent = \"room\"\nload = {device = \"d\", measure = \"ups.load\"}\nruntime = "
               "{device = \"d\", measure = \"battery.runtime\"}\non_battery = \"on-battery\"\n" +
               stop + "[[rule]]\nwhile = {site = \"" + site +
               "\", alarm = \"on-battery\"}\ntargets = [\"" + n +
               "\"]\nat_least = \"shed\"\nby_power = true\n";
    };
    const auto drawn = [](const std::string& site) {
        return "[[topology.ups]]\nname = \"u-" + site + "\"\nsite = \"" + site +
               "\"\nroom = \"b\"\nkw = 10\n[[topology.pdu]]\nname = \"p-" + site +
               "\"\nups = \"u-" + site + "\"\n[[topology.rack]]\nname = \"r-" + site +
               "\"\nsite = \"" + site + "\"\npdus = [\"p-" + site +
               "\"]\n[[topology.server]]\nname = \"s-" + site + "\"\nsite = \"" + site +
               "\"\nrack = \"r-" + site + "\"\nkw = 1\n";
    };
    const auto map = "[topology]\n" + drawn("pangyo") + drawn("bundang");
    const std::string stop = "stop = \"3m\"\n", hold = "hold = \"15m\"\n";
    CHECK(says(complaints_of(top + at("pangyo", stop) + at("bundang", stop) + map),
               "could put service \"batch\" down at every site: bundang by the rule at"));
    CHECK(complaints_of(top + at("pangyo", stop) + at("bundang", hold) + map).empty());
    CHECK(complaints_of(top + at("pangyo", hold) + at("bundang", hold) + map).empty());
    CHECK(complaints_of(top + at("pangyo", stop) + at("bundang", stop) +
                        guard("max_tier_percent = 50") + map)
              .empty());
}

}  // namespace firebreak
