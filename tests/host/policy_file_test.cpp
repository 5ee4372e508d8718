#include "host/policy_file.hpp"

#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string head = R"(site = "seoul"
host = "seoul-1"
[broker]
url = "mqtt://127.0.0.1:1883"
[[endpoint]]
name = "edge"
haproxy = "/run/haproxy/admin.sock"
)";
const std::string text = R"([[target]]
name = "text"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = ["pangyo-a", "pangyo-b"]}
)";
const std::string racks = R"([[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["a"], after = ["text"]}
)";
const std::string gas = R"([[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["text"]
at_least = "drain"
)";

PolicyPlan plan_of(const std::string& policy) {
    Complaints complaints;
    auto plan = read_policy(policy, complaints);
    INFO(complaints.text());
    CHECK(complaints.empty());
    return plan;
}

}  // namespace

TEST_CASE("policy file: the demo's policy is resolved as it was written", "[host][policy]") {
    Complaints complaints;
    const auto plan =
        load_policy(std::string(FIREBREAK_SOURCE_DIR) + "/sim/demo/policy.toml", complaints);
    CHECK(complaints.text().empty());
    CHECK(plan.site == "seoul");
    CHECK(plan.host == "seoul-1");
    CHECK(plan.armed);
    CHECK(plan.heartbeat == 1s);
    CHECK(plan.calm_for == 10s);
    CHECK(plan.guard.min_ready == 2);
    CHECK(plan.guard.max_steps_per_minute == 600);
    CHECK(plan.guard.evidence_max_age == 5s);
    REQUIRE(plan.endpoints.size() == 1);
    CHECK(plan.endpoints[0].timeout == 1s);
    REQUIRE(plan.targets.size() == 7);
    CHECK(plan.targets[0].kind == TargetKind::haproxy);
    CHECK(plan.targets[0].items == std::vector<std::string>{"pangyo-a", "pangyo-b"});
    CHECK(plan.targets[6].kind == TargetKind::outlet);
    CHECK(plan.targets[6].tier == 5);
    CHECK(plan.targets[6].agent == "battery-room");
    CHECK(plan.targets[6].after == std::vector<std::string>{"videos"});
    REQUIRE(plan.rules.size() == 6);
    CHECK(plan.rules[1].alarm == "gas-suppression-discharged");
    CHECK(plan.rules[1].at_least == Posture::drain);
    CHECK(plan.rules[5].silence);
    CHECK(plan.rules[5].agent == "battery-room");
    const auto told = describe(plan);
    CHECK(says(told, "armed: orders are carried out"));
    CHECK(says(told, "at least drain while pangyo/any/gas-suppression-discharged"));
    CHECK(
        says(told, "at least drain while pangyo/any/ups-on-battery (its outlets are to be shed)"));
}

TEST_CASE("policy file: rehearsing is the default", "[host][policy]") {
    Complaints complaints;
    const auto plan = read_policy(head + text + gas, complaints);
    CHECK(complaints.text().empty());
    CHECK_FALSE(plan.armed);
    CHECK(says(describe(plan), "rehearsing"));
}

TEST_CASE("policy file: a rule naming an unknown target is an error with its place and a hint",
          "[host][policy]") {
    const auto out = complaints_of(head + text + R"([[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["text", "tetx"]
at_least = "drain"
)");
    CHECK(says(out, "policy.toml:14:"));
    CHECK(says(out, "there is no target \"tetx\"; did you mean \"text\"?"));
}

TEST_CASE("policy file: an unknown endpoint, an empty backend or no servers are errors",
          "[host][policy]") {
    const auto out = complaints_of(head + R"([[target]]
name = "text"
site = "pangyo"
haproxy = {endpoint = "egde", backend = "", servers = []}
)" + gas);
    CHECK(says(out, "there is no endpoint \"egde\"; did you mean \"edge\"?"));
    CHECK(says(out, "must name a backend"));
    CHECK(says(out, "no servers"));
}

TEST_CASE("policy file: a host that is armed, or may be, has a journal or is warned of",
          "[host][policy]") {
    const std::string journal = "[journal]\nfile = \"/var/lib/firebreak-host/journal\"\n";
    const std::string may_arm = "[operator]\nsocket = \"/run/host.sock\"\nmay_arm = true\n";
    const auto told = [](const std::string& policy) {
        const auto text = describe(plan_of(policy));
        return text.find("has no journal") != std::string::npos;
    };
    CHECK_FALSE(told(head + text + gas));  // it only rehearses
    CHECK(told("armed = true\n" + head + text + gas));
    CHECK(told(head + may_arm + text + gas));
    CHECK_FALSE(told("armed = true\n" + head + journal + text + gas));
    CHECK_FALSE(told(head + may_arm + journal + text + gas));
}

TEST_CASE(
    "policy file: one machine under two endpoint names has one owner an item, and one name "
    "a backend",
    "[host][policy]") {
    const auto endpoint = [](const std::string& name, const std::string& how) {
        return "[[endpoint]]\nname = \"" + name + "\"\n" + how + "\n";
    };
    const auto target = [](const std::string& name, const std::string& how) {
        return "[[target]]\nname = \"" + name + "\"\nsite = \"pangyo\"\n" + how + "\n";
    };
    const auto backend = [](const std::string& edge, const std::string& server) {
        return "haproxy = {endpoint = \"" + edge + "\", backend = \"text\", servers = [\"" +
               server + "\"]}";
    };
    const std::string twice =
        "policy.toml:15:1: \"pangyo-b\" belongs to target \"text\" "
        "(policy.toml:11:1) already: an item has one target; endpoints "
        "\"edge\" (policy.toml:5:1) and \"two\" (policy.toml:8:1) are the same";
    const auto other = [&](const std::string& how, const std::string& server) {
        return complaints_of(head + endpoint("two", how) + text +
                             target("other", backend("two", server)) + gas);
    };
    CHECK(says(other("haproxy = \"/run/haproxy/admin.sock\"", "pangyo-b"), twice));
    CHECK(says(other("haproxy = \"/run//haproxy/./admin.sock\"", "pangyo-b"), twice));
    CHECK(says(other("haproxy = \"/run/haproxy/admin.sock\"", "seoul-a"),
               "are the same, and what min_ready keeps of backend \"text\" would be counted twice: "
               "name one of them in target \"text\" (policy.toml:11:1), too"));
    CHECK(other("haproxy = \"/run/haproxy/other.sock\"", "pangyo-b").empty());
    CHECK(other("haproxy = \"10.0.0.1:9999\"", "pangyo-b").empty());
    const auto nodes = [](const std::string& edge) {
        return "kubernetes = {endpoint = \"" + edge + "\", nodes = [\"n1\"]}";
    };
    const auto clusters = [&](const std::string& one, const std::string& two) {
        const std::string token = "token_file = \"/t\"";
        return complaints_of(head + endpoint("one", one + token) + endpoint("two", two + token) +
                             text + target("a", nodes("one")) + target("b", nodes("two")) + gas);
    };
    const auto api = [](const std::string& url) { return "kubernetes = \"" + url + "\"\n"; };
    CHECK(says(clusters(api("https://10.0.0.1"), api("HTTPS://10.0.0.1:443/")),
               "must begin with https://"));
    CHECK(says(clusters(api("https://10.0.0.1"), api("https://10.0.0.1:443/")),
               "\"n1\" belongs to target \"a\""));
    CHECK(clusters(api("https://10.0.0.1"), api("https://10.0.0.1:6443")).empty());
    const auto slurm = [&](const std::string& conf) {
        const auto at = [](const std::string& edge) {
            return "slurm = {endpoint = \"" + edge + "\", nodes = [\"n1\"]}";
        };
        return complaints_of(head + endpoint("one", "slurm = \"/usr/bin\"") +
                             endpoint("two", "slurm = \"/usr/bin/\"\njobs = \"kill\"\n" + conf) +
                             text + target("a", at("one")) + target("b", at("two")) + gas);
    };
    CHECK(says(slurm(""), "\"n1\" belongs to target \"a\""));
    CHECK(slurm("conf = \"/etc/slurm/other.conf\"").empty());
}

TEST_CASE("policy file: what could break out of a command line is no name", "[host][policy]") {
    for (const char* name : {"a b", "a;shutdown sessions server x", "a\\n", "a/b", ""}) {
        const auto out = complaints_of(head + R"([[target]]
name = "text"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = [")" +
                                       name + "\"]}\n" + gas);
        CHECK(says(out, "is no name"));
    }
}

TEST_CASE("policy file: names stand once, and an item has one target", "[host][policy]") {
    CHECK(says(complaints_of(head + text + text + gas), "there is a target \"text\" already"));
    CHECK(says(complaints_of(head + R"([[endpoint]]
name = "edge"
haproxy = "127.0.0.1:9999"
)" + text + gas),
               "there is an endpoint \"edge\" already"));
    CHECK(says(complaints_of(head + text + R"([[target]]
name = "other"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = ["pangyo-b"]}
)" + gas),
               "\"pangyo-b\" belongs to target \"text\" (policy.toml:8:1) already"));
    CHECK(says(complaints_of(head + R"([[target]]
name = "text"
site = "pangyo"
haproxy = {endpoint = "edge", backend = "text", servers = ["a", "a"]}
)" + gas),
               "\"a\" stands twice"));
}

TEST_CASE("policy file: a rule needs an alarm or a silence, and not both", "[host][policy]") {
    const auto with = [](const std::string& condition) {
        return complaints_of(head + text + "[[rule]]\nwhile = " + condition +
                             "\ntargets = [\"text\"]\nat_least = \"watch\"\n");
    };
    CHECK(says(with("{site = \"pangyo\"}"), "a rule needs one of alarm"));
    CHECK(says(with("{site = \"pangyo\", alarm = \"gas\", silent = true}"),
               "a rule needs one of alarm"));
    CHECK(with("{site = \"pangyo\", silent = true}").empty());
    CHECK(with("{site = \"pangyo\", silent = true, for = \"30s\"}").empty());
    CHECK(says(with("{site = \"pangyo\", alarm = \"gas\", for = \"30s\"}"),
               "\"for\" belongs to silent = true"));
    CHECK(says(with("{site = \"pangyo\", silent = true, for = \"2h\"}"), "a fire does not wait"));
}

TEST_CASE("policy file: silence may be one of several signs", "[host][policy]") {
    const auto rule = [](const std::string& condition) {
        return head + text + "[[rule]]\nwhile = {site = \"pangyo\", " + condition +
               "}\ntargets = [\"text\"]\nat_least = \"drain\"\n";
    };
    Complaints complaints;
    const auto all =
        read_policy(rule(R"(all = ["smoke"], silent = true, for = "20s")"), complaints);
    REQUIRE(all.rules.size() == 1);
    CHECK(all.rules[0].signs == 2);
    CHECK(all.rules[0].silence);
    CHECK(all.rules[0].silent_for == 20s);
    CHECK(says(describe(all), "while 2 of pangyo/any/…: smoke, silent for 20s"));
    const auto any = read_policy(
        rule(R"(any = ["smoke", "gas"], silent = true, at_least_signs = 3)"), complaints);
    CHECK(any.rules[0].signs == 3);
    CHECK(complaints.text().empty());
    CHECK(says(complaints_of(rule(R"(all = ["smoke", "silent"])")),
               "silence is no alarm: say silent = true beside \"all\""));
}

TEST_CASE("policy file: a silence that a quorum keeps from starting anything is warned of",
          "[host][policy]") {
    const auto warned = [](const std::string& quorum, const std::string& rules) {
        const auto plan = plan_of(head + text + rules + "[guard]\nquorum = " + quorum + "\n");
        return plan.warnings.empty() ? "" : plan.warnings.front();
    };
    const auto rule = [](const std::string& condition) {
        return "[[rule]]\nwhile = {site = \"pangyo\", " + condition +
               "}\ntargets = [\"text\"]\nat_least = \"drain\"\n";
    };
    const auto silence = rule("agent = \"room\", silent = true");
    CHECK(warned("0", silence).empty());
    CHECK(
        says(warned("1", silence), "starts nothing for text ever, as its rules listen to 1 only"));
    const auto roof = rule("agent = \"roof\", alarm = \"smoke\"");
    CHECK(warned("1", silence + roof).empty());
    CHECK(says(warned("2", silence + roof), "listen to 2 only"));
    CHECK(says(warned("1", silence + rule("alarm = \"gas\"")),
               "starts nothing for text while fewer than 1 others are heard"));
    CHECK(warned("1", rule("alarm = \"gas\"")).empty());
}

TEST_CASE("policy file: a host that drains its own site is warned of, with what to do",
          "[host][policy]") {
    const auto warned = [](const std::string& site, const std::string& at_least,
                           const std::string& more = "") {
        const auto plan =
            plan_of(head + text + more + "[[rule]]\nwhile = {" + site +
                    "alarm = \"gas\"}\ntargets = [\"text\"]\nat_least = \"" + at_least + "\"\n");
        return plan.warnings.empty() ? "" : plan.warnings.front();
    };
    CHECK(says(warned("site = \"seoul\", ", "drain"), "run it elsewhere, or add a [[peer]]"));
    CHECK(warned("site = \"seoul\", ", "watch").empty());
    CHECK(warned("site = \"pangyo\", ", "drain").empty());
    CHECK(says(warned("", "drain"), "any site's domain"));
    CHECK(warned("", "watch").empty());
    CHECK(says(
        warned("site = \"seoul\", ", "drain", "[[peer]]\nsite = \"busan\"\nhost = \"busan-1\"\n"),
        "gives way to its peers elsewhere"));
}

TEST_CASE("policy file: a peer is another host, named once", "[host][policy]") {
    const auto with = [](const std::string& peers) { return complaints_of(head + text + peers); };
    CHECK(says(with("[[peer]]\nsite = \"seoul\"\nhost = \"seoul-1\"\n"), "the host itself"));
    const std::string busan = "[[peer]]\nsite = \"busan\"\nhost = \"busan-1\"\n";
    CHECK(says(with(busan + busan), "stands twice"));
    CHECK(says(complaints_of("yield_for = \"1h\"\n" + head + text), "a fire does not wait"));
}

TEST_CASE("policy file: an outlet comes after targets that exist and can be drained",
          "[host][policy]") {
    CHECK(complaints_of(head + text + racks + gas).empty());
    CHECK(says(complaints_of(head + R"([[target]]
name = "racks"
site = "pangyo"
outlet = {agent = "room", outlets = ["a"], after = ["tex"]}
)" + text + gas),
               "there is no target \"tex\" to be drained; did you mean \"text\"?"));
}

TEST_CASE("policy file: a target is either haproxy or outlet", "[host][policy]") {
    CHECK(says(complaints_of(head + "[[target]]\nname = \"text\"\nsite = \"pangyo\"\n" + gas),
               "needs exactly one of"));
}

TEST_CASE("policy file: an endpoint is a socket, within bounds of patience", "[host][policy]") {
    const auto with = [](const std::string& lines) {
        return complaints_of(
            "site = \"seoul\"\nhost = \"h\"\n[broker]\nurl = \"mqtt://x:1\"\n"
            "[[endpoint]]\nname = \"edge\"\n" +
            lines + text + gas);
    };
    CHECK(with("haproxy = \"10.0.0.1:9999\"\n").empty());
    CHECK(says(with("haproxy = \"edge.example.com:9999\"\n"), "not a socket"));
    CHECK(says(with("haproxy = \"/s\"\ntimeout = \"0s\"\n"), "at most 30s"));
    CHECK(says(with("haproxy = \"/s\"\ntimeout = \"5m\"\n"), "at most 30s"));
    CHECK(says(with(""), "haproxy"));
}

TEST_CASE("policy file: an unknown key and a wrong word are errors, all of them at once",
          "[host][policy]") {
    const auto out = complaints_of("amred = true\nheartbeat = \"1ms\"\n" + head + text + R"([[rule]]
while = {site = "pangyo", alram = "gas"}
targets = ["text"]
at_least = "drian"
[guard]
min_ready = -1
max_steps_per_minute = 0
evidence_max_age = "0s"
)");
    for (const char* what : {"amred", "alram", "drian", "heartbeat", "min_ready",
                             "max_steps_per_minute", "evidence_max_age"}) {
        CHECK(says(out, what));
    }
}

TEST_CASE("policy file: a file that is not whole TOML is an error with its place",
          "[host][policy]") {
    const auto whole = head + text + gas;
    const auto out = complaints_of(whole.substr(0, whole.size() - 8));
    CHECK(says(out, "policy.toml:"));
    Complaints complaints;
    static_cast<void>(load_policy("/nowhere/policy.toml", complaints));
    CHECK(complaints.size() == 1);
}

TEST_CASE("policy file: an empty policy would do nothing, and says so", "[host][policy]") {
    const auto out = complaints_of("");
    for (const char* what : {"site", "host", "broker", "no target", "no rule"}) {
        CHECK(says(out, what));
    }
}

TEST_CASE("policy file: slurm's nodes are expanded, and what is wrong with them is said",
          "[host][policy]") {
    const auto with = [](const std::string& endpoint, const std::string& target) {
        return head + "[[endpoint]]\nname = \"hpc\"\n" + endpoint +
               "[[target]]\nname = \"batch\"\nsite = \"pangyo\"\nslurm = {" + target + "}\n" +
               text + gas;
    };
    Complaints complaints;
    const auto plan =
        read_policy(with("slurm = \"/usr/bin\"\njobs = \"signal\"\ngrace = \"1m\"\n",
                         "endpoint = \"hpc\", nodes = [\"n[1-3]\"], power_down = true"),
                    complaints);
    CHECK(complaints.text().empty());
    CHECK(plan.targets[0].items == std::vector<std::string>{"n1", "n2", "n3"});
    CHECK(plan.targets[0].ladder == Ladder::nodes_power_off);
    CHECK(std::get<SlurmEndpoint>(plan.endpoints[1].how).grace == 1min);
    CHECK(says(describe(plan), "sent TERM, then given 1m"));

    const auto good = std::string("slurm = \"/usr/bin\"\n");
    CHECK(says(complaints_of(with(good, "endpoint = \"hpc\", nodes = [\"n[3-1]\"]")),
               "a range ends before it begins"));
    CHECK(says(complaints_of(with(good, "endpoint = \"hpc\", nodes = [\"n[1-600]\"]")),
               "more than 512"));
    CHECK(says(complaints_of(with(good, "endpoint = \"edge\", nodes = [\"n1\"]")),
               "policy.toml:14:10: \"edge\" is an endpoint of another kind"));
    CHECK(says(complaints_of(with("slurm = \"bin\"\n", "endpoint = \"hpc\", nodes = [\"n1\"]")),
               "must be an absolute path"));
    CHECK(says(
        complaints_of(with(good + "haproxy = \"/s\"\n", "endpoint = \"hpc\", nodes = [\"n1\"]")),
        "exactly one of"));
    CHECK(
        says(complaints_of(with(good + "grace = \"1m\"\n", "endpoint = \"hpc\", nodes = [\"n1\"]")),
             "belong to jobs = \"signal\""));
}

TEST_CASE("policy file: a program's items say what they are, and it stands at an absolute path",
          "[host][policy]") {
    const auto with = [](const std::string& endpoint, const std::string& target) {
        return head + "[[endpoint]]\nname = \"lamp\"\n" + endpoint +
               "[[target]]\nname = \"lamps\"\nsite = \"pangyo\"\nexec = {" + target + "}\n" + text +
               gas;
    };
    const std::string good = "exec = \"/opt/lamp\"\narguments = [\"-v\"]\ninput = \"json\"\n";
    Complaints complaints;
    const auto plan = read_policy(
        with(good, "endpoint = \"lamp\", items = [\"a\"], as = \"outlets\", after = [\"text\"]"),
        complaints);
    CHECK(complaints.text().empty());
    CHECK(plan.targets[0].ladder == Ladder::outlets);
    CHECK(plan.targets[0].after == std::vector<std::string>{"text"});
    CHECK(says(describe(plan), "exec /opt/lamp -v, told by JSON on stdin"));
    CHECK(says(complaints_of(with(good, "endpoint = \"lamp\", items = [\"a\"]")),
               "\"as\" is missing"));
    CHECK(says(complaints_of(with("exec = \"lamp\"\n",
                                  "endpoint = \"lamp\", items = [\"a\"], as = \"servers\"")),
               "must be an absolute path"));
    CHECK(says(complaints_of(with(good,
                                  "endpoint = \"lamp\", items = [\"a\"], as = \"servers\", "
                                  "after = [\"text\"]")),
               "after"));
}

TEST_CASE("policy file: a rule may need several signs", "[host][policy]") {
    const auto rule = [](const std::string& signs) {
        return head + text + "[[rule]]\nwhile = {site = \"pangyo\", " + signs +
               "}\ntargets = [\"text\"]\nat_least = \"drain\"\n";
    };
    Complaints complaints;
    const auto all = read_policy(rule(R"(all = ["gas", "smoke"])"), complaints);
    REQUIRE(all.rules.size() == 1);
    CHECK(all.rules[0].signs == 2);
    CHECK(says(describe(all), "at least drain while 2 of pangyo/any/…: gas smoke"));
    const auto any =
        read_policy(rule(R"(any = ["gas", "smoke", "hot"], at_least_signs = 2)"), complaints);
    CHECK(any.rules[0].signs == 2);
    CHECK(read_policy(rule(R"(any = ["gas", "smoke"])"), complaints).rules[0].signs == 1);
    CHECK(complaints.text().empty());

    CHECK(
        says(complaints_of(rule(R"(any = ["gas", "smoke"], at_least_signs = 3)")), "policy.toml:"));
    CHECK(says(complaints_of(rule(R"(all = ["gas", "gas"])")), "an alarm stands twice"));
    CHECK(says(complaints_of(rule(R"(all = [])")), "no alarms"));
    CHECK(says(complaints_of(rule(R"(all = ["Gas!"])")), "is no name of an alarm"));
    CHECK(says(complaints_of(rule(R"(all = ["a"], any = ["b"])")), "either \"all\" or \"any\""));
    CHECK(says(complaints_of(rule(R"(all = ["a"], alarm = "b")")), "a rule needs one of"));
    CHECK(says(complaints_of(rule(R"(alarm = "b", at_least_signs = 2)")), "at_least_signs"));
}

TEST_CASE("policy file: every guard has a number, and is told of once it is on", "[host][policy]") {
    Complaints complaints;
    const auto plan =
        read_policy(head +
                        "[guard]\nmin_elsewhere = 3\nmax_tier_percent = 50\nquorum = 2\n"
                        "spacing = \"2s\"\nexpires_after = \"4h\"\n" +
                        text + gas,
                    complaints);
    CHECK(complaints.text().empty());
    CHECK(plan.guard.min_elsewhere == 3);
    CHECK(plan.guard.max_tier_percent == 50);
    CHECK(plan.guard.quorum == 2);
    CHECK(plan.guard.spacing == 2s);
    CHECK(plan.guard.expires_after == 4h);
    CHECK(says(describe(plan),
               ", 3 ready elsewhere, 50 % of a tier down at once, 2 agents fresh, "
               "2s between steps of a target, told of after 4h without a vote"));
    const auto with = [](const std::string& guard) {
        return complaints_of(head + "[guard]\n" + guard + "\n" + text + gas);
    };
    CHECK(says(with("max_tier_percent = 0"), "max_tier_percent"));
    CHECK(says(with("spacing = \"11m\""), "a fire does not wait"));
    CHECK(says(with("expires_after = \"1m\""), "longer than \"calm_for\""));
}

TEST_CASE("policy file: a maintenance window is whole, ends, and names what there is",
          "[host][policy]") {
    const auto window = [](const std::string& rows) {
        return head + text + gas + "[[maintenance]]\n" + rows;
    };
    const std::string whole =
        "targets = [\"text\"]\nfrom = \"2026-12-01T22:00:00Z\"\n"
        "until = \"2026-12-02T04:00:00.000Z\"\nwhy = \"new switches\"\n";
    Complaints complaints;
    const auto plan = read_policy(window(whole), complaints);
    CHECK(complaints.text().empty());
    REQUIRE(plan.maintenance.size() == 1);
    CHECK(plan.maintenance[0].until - plan.maintenance[0].from == 6h);
    CHECK(says(describe(plan), "maintenance of text from 2026-12-01T22:00:00.000Z"));
    CHECK(says(complaints_of(window("targets = [\"tex\"]\nfrom = \"soon\"\n")),
               "did you mean \"text\"?"));
    CHECK(says(complaints_of(window("targets = []\nfrom = \"soon\"\nuntil = \"\"\n")),
               "must be a time in UTC"));
    CHECK(says(complaints_of(window("targets = [\"text\"]\nfrom = \"2026-12-02T22:00:00Z\"\n"
                                    "until = \"2026-12-01T22:00:00Z\"\n")),
               "must be after"));
    CHECK(says(complaints_of(window("targets = [\"text\"]\nfrom = \"2026-12-02T22:00:00Z\"\n"
                                    "until = \"2027-12-01T22:00:00Z\"\n")),
               "at most 7d"));
}

TEST_CASE("policy file: a webhook is where a numeric address says, and signs", "[host][policy]") {
    const auto hook = [](const std::string& keys) {
        return head + "[[endpoint]]\nname = \"lamp\"\n" + keys + text + gas +
               "[[target]]\nname = \"lamps\"\nsite = \"pangyo\"\n"
               "webhook = {endpoint = \"lamp\", items = [\"a\"], as = \"outlets\"}\n";
    };
    const std::string secret = "secret_file = \"/etc/firebreak/lamp\"\n";
    CHECK(complaints_of(hook("webhook = \"https://10.0.0.9/x\"\n" + secret)).empty());
    CHECK(complaints_of(hook("webhook = \"http://[::1]:8080/x?a=b\"\n" + secret)).empty());
    CHECK(complaints_of(hook("webhook = \"https://lamp.test/x\"\nat = \"10.0.0.9\"\n" + secret))
              .empty());
    CHECK(says(complaints_of(hook("webhook = \"https://lamp.test/x\"\n" + secret)),
               "policy.toml:10:1: \"lamp.test\" is a name"));
    CHECK(says(complaints_of(hook("webhook = \"https://lamp.test/x\"\nat = \"lamp\"\n" + secret)),
               "must be numeric addresses"));
    CHECK(says(complaints_of(hook("webhook = \"ftp://10.0.0.9/\"\n" + secret)), "must begin with"));
    CHECK(says(complaints_of(hook("webhook = \"https://kim:pw@10.0.0.9/\"\n" + secret)),
               "must not hold a password"));
    CHECK(says(complaints_of(hook("webhook = \"https://10.0.0.9/\"\n")), "secret_file"));
    CHECK(says(complaints_of(hook("webhook = \"https://10.0.0.9/\"\nsecret_file = \"lamp\"\n")),
               "\"secret_file\" must be an absolute path"));
    CHECK(says(complaints_of(hook("webhook = \"https://10.0.0.9/\"\nkey = \"/k\"\n" + secret)),
               "go together"));
}

TEST_CASE("policy file: [pace] is for all HAProxy targets, a target's own for itself",
          "[host][policy]") {
    const std::string pace = "[pace]\nmax_queue = 20\nstep_percent = 10\n";
    auto own = text;
    own.replace(own.find("name = \"text\""), 13, "name = \"text\"\npace = {max_error_percent = 2}");
    CHECK_FALSE(plan_of(head + text + gas).targets[0].pace);
    const auto plan = plan_of(head + pace + own + racks + gas);
    REQUIRE(plan.targets[0].pace);
    CHECK(plan.targets[0].pace->max_queue == 20);
    CHECK(plan.targets[0].pace->max_error_percent == 2.0);
    CHECK(plan.targets[0].pace->step_percent == 10);
    CHECK_FALSE(plan.targets[1].pace);
    CHECK(says(describe(plan),
               "in steps: 10 % at once, the next after 2s while at most 20 requests "
               "wait and at most 2 % fail, on again at 80 % of that; not at cut"));
}

TEST_CASE("policy file: a pace that nothing paces, or that a fire would outrun, is refused",
          "[host][policy]") {
    CHECK(says(complaints_of(head + "[pace]\nstep_percent = 10\n" + text + gas),
               "nothing to pace by"));
    CHECK(says(complaints_of(head + "[pace]\nmax_queue = 1\nsettle = \"10ms\"\n" + text + gas),
               "at least 1s"));
    CHECK(says(complaints_of(head + "[pace]\nmax_queue = 1\nsettle = \"1m\"\nstep_percent = 5\n" +
                             text + gas),
               "20 steps of 1m are more than 10m"));
    CHECK(says(complaints_of(head + text + racks + "pace = {max_queue = 1}\n" + gas),
               "only a HAProxy tells"));
    CHECK(says(complaints_of(head + "[pace]\nmax_queue = -1\n" + text + gas), "max_queue"));
}
