// A policy that could empty every site is refused, with the rules that would do it.
#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

namespace firebreak {
namespace {

const std::string head = head_of("h") + R"([[endpoint]]
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
    CHECK(
        says(complaints,
             "policy.toml:10:1: the policy could put service \"text\" down at every site: bundang "
             "by the rule at policy.toml:22:1 (drain while bundang/any/gas), pangyo by the rule "
             "at policy.toml:18:1 (drain while pangyo/any/gas); keep some with min_ready, "
             "min_elsewhere or max_tier_percent"));
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
    CHECK(refused(text, "bundang by the rule at policy.toml:"));
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
    CHECK(refused(head + dark + map("\"one\", \"two\""), "bundang by the rule at policy.toml:"));
    // Loads and traffic of a tier are counted apart: half of each is one site of each.
    const auto percent = [&](const std::string& some) {
        return head + "[guard]\nmax_tier_percent = " + some + "\n" + dark + map("\"one\", \"two\"");
    };
    CHECK(refused(percent("50"), "bundang by the rule at policy.toml:"));
    CHECK(complaints_of(percent("49")).empty());
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
        "bundang by the rule at policy.toml:"));
}

TEST_CASE("emptied: another target of the same backend counts, named by the service or not",
          "[host][topology]") {
    const auto text = head + careless + two + target("other", "bundang", "s3");
    // As long as no rule puts it down its servers stay, and so does the service.
    CHECK(complaints_of(text + rule("pangyo", "one", "drain") + rule("bundang", "two", "drain") +
                        map("\"one\", \"two\""))
              .empty());
    CHECK(complaints_of(text + rule("pangyo", "one", "drain") + rule("bundang", "other", "drain") +
                        map("\"one\", \"two\""))
              .empty());
    CHECK(refused(text + rule("pangyo", "one", "drain") +
                      rule("bundang", "two\", \"other", "drain") + map("\"one\", \"two\""),
                  "bundang by the rule at policy.toml:"));
}

TEST_CASE("emptied: a topology that does not draw the service makes no policy safe",
          "[host][topology]") {
    const std::string site = "[topology]\nbroker_site = \"seoul\"\n";
    CHECK(refused(head + careless + both + site, "bundang by the rule at policy.toml:"));
    const std::string without_servers = site +
                                        "[[topology.service]]\nname = \"text\"\n"
                                        "targets = [\"one\", \"two\"]\n";
    CHECK(refused(head + careless + both + without_servers, "bundang by the rule at policy.toml:"));
    // One that is drawn does not hide another that is not.
    const auto login = [](const std::string& name, const std::string& where) {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"" + where +
               "\"\nhaproxy = {endpoint = \"edge\", backend = \"login\", servers = [\"x-" + name +
               "\"]}\n";
    };
    const auto logins = two + login("login-1", "pangyo") + login("login-2", "bundang") +
                        rule("pangyo", "one\", \"login-1", "drain") +
                        rule("bundang", "login-2", "drain") + map("\"one\", \"two\"");
    const auto complaints = complaints_of(head + careless + logins);
    CHECK(says(complaints, "could put service \"login\" down at every site"));
    CHECK(complaints.find("service \"text\"") == std::string::npos);
}

TEST_CASE("emptied: one HAProxy a site is one service by its backend's name, or by service",
          "[host][topology]") {
    const auto edges = head + R"([[endpoint]]
name = "edge-2"
haproxy = "10.0.0.2:9999"
)" + careless;
    const auto at = [](const std::string& name, const std::string& site, const std::string& edge,
                       const std::string& backend, const std::string& more) {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\n" + more +
               "haproxy = {endpoint = \"" + edge + "\", backend = \"" + backend +
               "\", servers = [\"s\"]}\n";
    };
    const auto rules = rule("pangyo", "one", "drain") + rule("bundang", "two", "drain");
    CHECK(refused(edges + at("one", "pangyo", "edge", "text", "") +
                      at("two", "bundang", "edge-2", "text", "") + rules,
                  "bundang by the rule at policy.toml:"));
    const std::string service = "service = \"text\"\n";
    const auto named = at("one", "pangyo", "edge", "text-p", service) +
                       at("two", "bundang", "edge-2", "text-b", service);
    CHECK(says(complaints_of(edges + named + rules), "could put service \"text\" down"));
    CHECK(complaints_of(edges + named + at("three", "busan", "edge-2", "text-c", service) + rules)
              .empty());  // busan stays
}

TEST_CASE("emptied: nodes, programs and loads that bear a service are asked as servers are",
          "[host][topology]") {
    const auto start = head + R"([[endpoint]]
name = "batch"
slurm = "/usr/bin"
[[endpoint]]
name = "own"
exec = "/usr/local/bin/own"
)";
    const auto at = [](const std::string& name, const std::string& site, const std::string& how,
                       const std::string& more = "") {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site + "\"\n" + more + how + "\n";
    };
    const std::string service = "service = \"batch\"\n";
    const auto nodes = [](const std::string& some) {
        return "slurm = {endpoint = \"batch\", nodes = [\"" + some + "\"]}";
    };
    const auto rules = rule("pangyo", "one", "shed") + rule("bundang", "two", "shed");
    // min_ready guards none of these. Nodes of one cluster take each other's work.
    const auto cluster = at("one", "pangyo", nodes("n1")) + at("two", "bundang", nodes("n2"));
    CHECK(says(complaints_of(start + cluster + rules),
               "could put the nodes of \"batch\" down at every site: bundang by the rule at"));
    CHECK(says(complaints_of(start + cluster + rules),
               "keep some with max_tier_percent (min_ready and min_elsewhere guard servers of a "
               "backend only)"));
    CHECK(complaints_of(start + "[guard]\nmax_tier_percent = 50\n" + cluster + rules).empty());
    CHECK(complaints_of(start + cluster + at("three", "busan", nodes("n3")) + rules).empty());
    const auto program = [&](const std::string& item) {
        return "exec = {endpoint = \"own\", items = [\"" + item + "\"], as = \"servers\"}";
    };
    const auto programs =
        at("one", "pangyo", program("a"), service) + at("two", "bundang", program("b"), service);
    CHECK(complaints_of(start + programs + rules).empty());  // min_ready keeps one of each
    CHECK(says(complaints_of(start + careless + programs + rules), "service \"batch\" down"));
    const std::string racks = "outlet = {agent = \"room\", outlets = [\"r\"]}";
    const auto loads = at("one", "pangyo", racks, service) + at("two", "bundang", racks, service);
    CHECK(says(complaints_of(start + loads + rules), "service \"batch\" down at every site"));
    CHECK(complaints_of(start + loads + rule("pangyo", "one", "shed") +
                        rule("bundang", "two", "drain"))
              .empty());  // a drain switches nothing off
    // Of different services: then at least not all that there is.
    const auto apart = at("one", "pangyo", nodes("n1"), "service = \"a\"\n") +
                       at("two", "bundang", nodes("n2"), "service = \"b\"\n");
    CHECK(says(complaints_of(start + apart + rules), "could put all that it knows of down"));
    CHECK(complaints_of(start + apart + target("web", "busan", "s") + rules).empty());
}

TEST_CASE("emptied: max_tier_percent keeps some only where it lets fewer go than there are",
          "[host][topology]") {
    std::string many;
    for (int i = 0; i < 98; ++i) many += (i == 0 ? "x" : "\", \"x") + std::to_string(i);
    const auto login =
        "[[target]]\nname = \"login\"\nsite = \"pangyo\"\nhaproxy = {endpoint = "
        "\"edge\", backend = \"login\", servers = [\"" +
        many + "\"]}\n";
    const auto with = [&](const std::string& percent, const std::string& more) {
        return complaints_of(head + "[guard]\nmin_ready = 0\nmax_tier_percent = " + percent + "\n" +
                             both + more);
    };
    CHECK(with("50", "").empty());  // one of the two
    CHECK(says(with("50", login),
               "max_tier_percent = 50 lets 50 items of tier 1 go, and these are 2"));
    CHECK(says(with("2", login), "service \"text\" down at every site"));
    CHECK(with("1", login).empty());
    auto other_tier = login;
    other_tier.insert(other_tier.find("site"), "tier = 2\n");
    CHECK(with("50", other_tier).empty());
}

TEST_CASE("emptied: what gives up its room for another site's traffic goes on top",
          "[host][topology]") {
    const auto bears = [](const std::string& name, const std::string& site, int tier,
                          const std::string& backend, const std::string& servers) {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"" + site +
               "\"\ntier = " + std::to_string(tier) +
               "\nload = 100\nhaproxy = {endpoint = \"edge\", backend = \"" + backend +
               "\", servers = [" + servers + "]}\n";
    };
    const auto text =
        bears("one", "pangyo", 1, "text", "\"s1\"") + bears("two", "bundang", 1, "text", "\"s2\"");
    const auto videos = bears("videos-1", "pangyo", 5, "videos", "\"v1\", \"v2\"") +
                        bears("videos-2", "bundang", 5, "videos", "\"v3\", \"v4\"");
    const auto holds = [](const std::string& what) {
        return "[[capacity]]\nsite = \"bundang\"\nholds = " + what + "\n";
    };
    const auto gas = rule("pangyo", "one\", \"videos-1", "drain");
    const auto none = head + careless + text + videos + gas + holds("0");
    CHECK(refused(none, "bundang to make room by the capacity at policy.toml:"));
    CHECK(says(complaints_of(none), ", pangyo by the rule at policy.toml:"));
    CHECK(complaints_of(head + text + videos + gas + holds("0")).empty());  // min_ready keeps one
    // Text fits, videos do not: half of their servers stay, or none.
    CHECK(complaints_of(head + careless + text + videos + gas + holds("300")).empty());
    const auto tight = complaints_of(head + careless + text + videos + gas + holds("200"));
    CHECK(says(tight, "service \"videos\" down at every site: bundang to make room"));
    CHECK(tight.find("service \"text\"") == std::string::npos);
    CHECK(complaints_of(head + careless + text + videos + gas + holds("400")).empty());
}

TEST_CASE("emptied: the policies that come with it are let through", "[host][topology]") {
    for (const char* file : {"/packaging/policy.toml", "/sim/demo/policy.toml"}) {
        Complaints complaints;
        static_cast<void>(load_policy(std::string(FIREBREAK_SOURCE_DIR) + file, complaints));
        CHECK(complaints.text().empty());
    }
}

}  // namespace firebreak
