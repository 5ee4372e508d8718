#include "host/actuate/kubernetes_text.hpp"

#include "host/actuate/api_json.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

constexpr std::string_view us = "seoul/h1";

KubeNode node(bool unschedulable = false, const std::string& cordoned_by = "") {
    KubeNode node;
    node.name = "n1";
    node.resource_version = "7";
    node.ready = true;
    node.unschedulable = unschedulable;
    node.cordoned_by = cordoned_by;
    return node;
}

KubeNode tainted(KubeNode node, std::string_view key, const std::string& by) {
    node.taints.push_back({std::string(key), R"({"key":")" + std::string(key) + "\"}"});
    node.tainted_by = by;
    return node;
}

}  // namespace

TEST_CASE("kubernetes text: a node is drained when cordoned and empty, and by whom is told",
          "[host][kubernetes]") {
    CHECK(state_of(node(), true, us) == "ready");
    CHECK(state_of(node(true, "seoul/h1"), true, us) == "draining");
    CHECK(state_of(node(true, "seoul/h1"), false, us) == "drain");
    CHECK(state_of(node(true), true, us) == "draining-other");
    CHECK(state_of(node(true, "busan/h2"), false, us) == "drain-other");
    auto others = node(true, "seoul/h1");
    others.cordon_of_others = true;
    CHECK(state_of(others, false, us) == "drain-other");
    CHECK(state_of(tainted(node(true), shed_taint, "seoul/h1"), false, us) == "maint");
    CHECK(state_of(tainted(node(true), shed_taint, "busan/h2"), false, us) == "maint-other");
    // Uncordoned by somebody who left our taint: not ready, and ours to end.
    CHECK(state_of(tainted(node(), shed_taint, "seoul/h1"), false, us) == "draining");
    auto silent = node();
    silent.ready = false;
    CHECK(state_of(silent, false, us) == "down");
}

TEST_CASE("kubernetes text: a patch says what is to change, and of which version",
          "[host][kubernetes]") {
    CHECK(node_patch(node(), "drain", us, false) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/cordoned-by":)"
          R"("seoul/h1"}},"spec":{"unschedulable":true}})");
    CHECK_FALSE(node_patch(node(true, "seoul/h1"), "drain", us, false));
    CHECK_FALSE(node_patch(node(true), "drain", us, false));
    CHECK_FALSE(node_patch(node(true), "ready", us, false));
    CHECK_FALSE(node_patch(node(true, "busan/h2"), "ready", us, false));
    CHECK_FALSE(node_patch(node(), "ready", us, false));
    CHECK(node_patch(node(true, "seoul/h1"), "ready", us, false) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/cordoned-by":null}},)"
          R"("spec":{"unschedulable":null}})");
    // A mark that outlived its cordon goes alone.
    CHECK(
        node_patch(node(false, "seoul/h1"), "ready", us, false) ==
        R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/cordoned-by":null}}})");
    const auto gpu = tainted(node(true), "gpu", "");
    CHECK(node_patch(gpu, "maint", us, false) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/tainted-by":)"
          R"("seoul/h1"}},"spec":{"taints":[{"key":"gpu"},)"
          R"({"key":"firebreak.dev/shed","effect":"NoExecute"}]}})");
    CHECK(node_patch(tainted(gpu, shed_taint, "seoul/h1"), "drain", us, false) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/tainted-by":null}},)"
          R"("spec":{"taints":[{"key":"gpu"}]}})");
    CHECK(node_patch(tainted(node(true), shed_taint, "seoul/h1"), "ready", us, true) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/tainted-by":null}},)"
          R"("spec":{"taints":null}})");
    CHECK_FALSE(node_patch(tainted(node(true), shed_taint, "busan/h2"), "ready", us, false));
}

TEST_CASE("kubernetes text: pods go by priority, and only those that must and have not been told",
          "[host][kubernetes]") {
    const auto pod = [](const char* name, std::int64_t priority) {
        KubePod made;
        made.name = name;
        made.priority = priority;
        return made;
    };
    std::vector<KubePod> pods = {pod("c", 2000000000), pod("b", 0),    pod("a", -10),
                                 pod("daemon", 0),     pod("done", 0), pod("ending", 0)};
    pods[3].stays = true;
    pods[4].finished = true;
    pods[5].ending = true;
    CHECK(must_go(pods[5]));
    std::string order;
    for (const auto& each : evictable(pods)) order += each.name;
    CHECK(order == "abc");
}

TEST_CASE("kubernetes text: what stands in a path is escaped or refused", "[host][kubernetes]") {
    CHECK(node_path("n1") == "/api/v1/nodes/n1");
    CHECK(node_path("a:b") == "/api/v1/nodes/a%3Ab");
    CHECK(pods_path("n1", "a+/=") ==
          "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=250&continue=a%2B%2F%3D");
    for (const char* bad : {"", ".", "..", "a/b", "A", "a b", "a\"", "a%2e"}) {
        CHECK_FALSE(is_kube_name(bad));
    }
    CHECK(is_kube_name("web-0.x"));
}

TEST_CASE("kubernetes text: a budget's refusal is told from an API that is too busy",
          "[host][kubernetes]") {
    CHECK(parse_kube_complaint(R"({"kind":"Status","message":"m","details":{"causes":[)"
                               R"({"reason":"DisruptionBudget"}]}})")
              .budget);
    // As servers before 1.22 say it.
    CHECK(parse_kube_complaint(R"({"kind":"Status","message":"Cannot evict pod as it would )"
                               R"(violate the pod's disruption budget."})")
              .budget);
    CHECK_FALSE(parse_kube_complaint(R"({"kind":"Status","message":"too many requests"})").budget);
    CHECK(parse_kube_complaint("nonsense").message.empty());
}
