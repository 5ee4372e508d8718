// What `check` says of endpoints and targets of each kind: policy_file_test.cpp has the rest.
#include "host/endpoint_file.hpp"

#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// A policy whose one endpoint "e" and one target "t" have these lines.
std::string policy(const std::string& endpoint, const std::string& target) {
    return R"(site = "seoul"
host = "h"
[broker]
url = "mqtt://10.0.0.1:1883"
[[endpoint]]
name = "e"
)" + endpoint +
           "\n[[target]]\nname = \"t\"\nsite = \"pangyo\"\n" + target + R"(
[[rule]]
while = {site = "pangyo", alarm = "gas"}
targets = ["t"]
at_least = "shed"
)";
}

}  // namespace

TEST_CASE("endpoint file: a Kubernetes API is told who asks, and over TLS", "[host][policy]") {
    const std::string target =
        "kubernetes = {endpoint = \"e\", nodes = [\"n[1-3]\", \"gpu.example\"]}";
    const std::string url = "kubernetes = \"https://10.0.0.1:6443\"\n";
    const auto with = [&](const std::string& lines) {
        return complaints_of(policy(lines, target));
    };

    Complaints complaints;
    const auto plan =
        read_policy(policy(url + "token_file = \"/t\"\nca = \"/ca.pem\"\ntaint = true\n"
                                 "evict_deadline = \"2m\"\nforce = true\n"
                                 "silent_is_drained = true\n"
                                 "at = \"10.0.0.2\"\nalso_at = [\"10.0.0.3\"]",
                           target),
                    complaints);
    CHECK(complaints.text().empty());
    CHECK(plan.targets[0].items == std::vector<std::string>{"n1", "n2", "n3", "gpu.example"});
    CHECK(ladder_of(plan.targets[0]) == Ladder::nodes);
    const auto& how = std::get<KubernetesEndpoint>(plan.endpoints[0].how);
    CHECK(how.identity.ca == "/ca.pem");
    CHECK(how.evict_deadline == 2min);
    CHECK(says(describe(plan),
               "pods are evicted for 2m, then deleted against their budgets; "
               "drained nodes are tainted NoSchedule; a dead kubelet's ending pods are not waited "
               "for"));
    CHECK(says(describe(plan), " at 10.0.0.2 or 10.0.0.3, "));

    CHECK(with(url + "certificate = \"/c\"\nkey = \"/k\"").empty());
    CHECK(with("kubernetes = \"http://127.0.0.1:8001\"").empty());  // kubectl proxy
    CHECK(with("kubernetes = \"https://kubernetes.default.svc\"\nat = \"10.96.0.1\"\n"
               "token_file = \"/t\"")
              .empty());
    CHECK(says(with(url + "token_file = \"/t\"\nat = \"10.96.0.1\"\nalso_at = [\"api\"]"),
               "must be numeric addresses"));
    CHECK(says(with(url), "the API must be told who asks"));
    CHECK(says(with(url + "certificate = \"/c\""), "go together"));
    CHECK(says(with(url + "token_file = \"t\""), "must be an absolute path"));
    CHECK(says(with(url + "token_file = \"/t\"\nevict_deadline = \"0s\""), "above 0s"));
    CHECK(says(with("kubernetes = \"http://10.0.0.1:8080\"\ntoken_file = \"/t\""), "use https://"));
    CHECK(says(with("kubernetes = \"https://k8s.example\"\ntoken_file = \"/t\""), "is a name"));
    CHECK(says(with("kubernetes = \"https://10.0.0.1/?x\"\ntoken_file = \"/t\""), "a query"));
    CHECK(says(complaints_of(policy("webhook = \"http://10.0.0.1\"\nsecret_file = \"/s\"", target)),
               "\"e\" is an endpoint of another kind"));
}

TEST_CASE("endpoint file: a node of a cluster is known by a DNS name, as long as those may be",
          "[host][policy]") {
    const std::string api = "kubernetes = \"http://127.0.0.1:8001\"";
    const auto with = [&](const std::string& nodes) {
        return complaints_of(
            policy(api, "kubernetes = {endpoint = \"e\", nodes = [" + nodes + "]}"));
    };
    CHECK(with('"' + std::string(253, 'n') + '"').empty());
    CHECK(says(with('"' + std::string(254, 'n') + '"'), "is no name: use up to 253 of"));
    CHECK(says(with('"' + std::string(200, 'n') + "[100-399]\""), "too long to be told of"));
    CHECK(
        says(complaints_of(policy("slurm = \"/usr/bin\"", "slurm = {endpoint = \"e\", nodes = [\"" +
                                                              std::string(65, 'n') + "\"]}")),
             "use up to 64 of"));
}

TEST_CASE("endpoint file: upsd has a numeric address and a login", "[host][policy]") {
    const std::string target = R"(nut = {endpoint = "e", items = ["room", "rack:2"]})";
    const std::string upsd = "nut = \"10.0.0.1:3493\"\nlogin_file = \"/etc/firebreak/nut\"";
    const auto with = [&](const std::string& lines) {
        return complaints_of(policy(lines, target));
    };
    Complaints complaints;
    const auto plan = read_policy(policy(upsd, target), complaints);
    CHECK(complaints.text().empty());
    CHECK(ladder_of(plan.targets[0]) == Ladder::outlets);
    CHECK(says(describe(plan), "upsd at 10.0.0.1:3493, as the user in /etc/firebreak/nut"));
    CHECK(says(with("nut = \"10.0.0.1:3493\""), "\"login_file\" is missing"));
    CHECK(says(with("nut = \"10.0.0.1:3493\"\nlogin_file = \"x\""), "must be an absolute path"));
    CHECK(says(with("nut = \"ups.example:3493\"\nlogin_file = \"/x\""), "names are not looked up"));
    CHECK(says(with("nut = \"/run/nut\"\nlogin_file = \"/x\""), "reached over TCP"));
    CHECK(says(complaints_of(policy(upsd, R"(nut = {endpoint = "e", items = ["rack:x"]})")),
               "\"rack:x\" is neither a UPS"));
}

TEST_CASE("endpoint file: a forced shutdown must be asked for twice", "[host][policy]") {
    const auto with = [](const std::string& keys) {
        return policy("nut = \"10.0.0.1:3493\"\nlogin_file = \"/x\"",
                      "nut = {endpoint = \"e\", " + keys + "}");
    };
    const std::string agreed = ", fsd_cannot_be_undone = true";
    const auto ladder = [&](const std::string& keys) {
        Complaints complaints;
        const auto plan = read_policy(with(keys), complaints);
        UNSCOPED_INFO(complaints.text());
        REQUIRE(complaints.text().empty());
        return ladder_of(plan.targets[0]);
    };
    CHECK(ladder("items = [\"room\"], cut = \"off\"") == Ladder::outlets);
    CHECK(ladder("items = [\"room\"], cut = \"fsd\"" + agreed) == Ladder::outlets_fsd);
    CHECK(ladder("items = [\"room\"], shed = \"on\", cut = \"fsd\"" + agreed) == Ladder::fsd_only);
    CHECK(says(complaints_of(with("items = [\"room\"], cut = \"fsd\"")),
               "say fsd_cannot_be_undone = true, too"));
    CHECK(says(complaints_of(with("items = [\"room\"]" + agreed)), "belongs to cut = \"fsd\""));
    CHECK(says(complaints_of(with("items = [\"room\"], shed = \"on\"")), "belongs to cut"));
    CHECK(says(complaints_of(with("items = [\"room:1\"], cut = \"fsd\"" + agreed)),
               "for a whole UPS"));
}

TEST_CASE("endpoint file: what is told over MQTT needs no endpoint, but somebody who answers",
          "[host][policy]") {
    const auto with = [](const std::string& keys) {
        return policy("haproxy = \"/s\"", "mqtt = {" + keys + "}");
    };
    Complaints complaints;
    const auto plan = read_policy(
        with(R"(agent = "door", items = ["east"], as = "outlets", answer_within = "5s")"),
        complaints);
    CHECK(complaints.text().empty());
    CHECK(by_message(plan.targets[0]));
    CHECK(is_load(plan.targets[0]));
    CHECK(plan.targets[0].answer_within == 5s);
    CHECK(says(describe(plan), "told over MQTT, answered by door within 5s: east"));
    CHECK(says(complaints_of(with(R"(agent = "door", items = ["east"])")), "\"as\" is missing"));
    CHECK(says(complaints_of(with(R"(items = ["east"], as = "servers")")), "\"agent\" is missing"));
    CHECK(says(complaints_of(with(R"(agent = "a/b", items = ["x"], as = "servers")")), "agent"));
    CHECK(says(
        complaints_of(with(R"(agent = "d", items = ["x"], as = "servers", answer_within = "0s")")),
        "from 1s to 1h"));
}
