#include "host/actuate/kubernetes_text.hpp"

#include "host/actuate/api_json.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const HostMarks us{"seoul/h1"};
const HostMarks with_peer{"seoul/h1", {"busan/h2"}};

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
    const bool shed = key == shed_taint;
    node.taints.push_back({std::string(key), shed ? "NoExecute" : "NoSchedule",
                           R"({"key":")" + std::string(key) + "\"}"});
    (shed ? node.shed_tainted_by : node.drain_tainted_by) = by;
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
    // A peer's is told apart, and what it shed is first for it to give back.
    CHECK(state_of(node(true, "busan/h2"), false, with_peer) == "drain-peer");
    CHECK(state_of(tainted(node(true, "seoul/h1"), shed_taint, "busan/h2"), false, with_peer) ==
          "maint-peer");
    CHECK(state_of(tainted(node(true, "busan/h2"), shed_taint, "seoul/h1"), true, with_peer) ==
          "draining");
    CHECK(state_of(tainted(node(), shed_taint, "busan/h2"), false, with_peer) == "draining-peer");
    // With another effect it is not the taint that ends pods.
    auto weak = tainted(node(true, "seoul/h1"), shed_taint, "seoul/h1");
    weak.taints[0].effect = "PreferNoSchedule";
    CHECK(state_of(weak, false, us) == "drain");
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
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/shed-tainted-by":)"
          R"("seoul/h1"}},"spec":{"taints":[{"key":"gpu"},)"
          R"({"key":"firebreak.dev/shed","effect":"NoExecute"}]}})");
    CHECK(
        node_patch(tainted(gpu, shed_taint, "seoul/h1"), "drain", us, false) ==
        R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/shed-tainted-by":null}},)"
        R"("spec":{"taints":[{"key":"gpu"}]}})");
    CHECK(
        node_patch(tainted(node(true), shed_taint, "seoul/h1"), "ready", us, true) ==
        R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/shed-tainted-by":null}},)"
        R"("spec":{"taints":null}})");
    CHECK_FALSE(node_patch(tainted(node(true), shed_taint, "busan/h2"), "ready", us, false));
    // Each taint has a mark of its own: what is put beside another's is taken back alone.
    auto both =
        tainted(tainted(node(true, "busan/h2"), drain_taint, "busan/h2"), shed_taint, "seoul/h1");
    CHECK(node_patch(both, "ready", us, true) ==
          R"({"metadata":{"resourceVersion":"7","annotations":)"
          R"({"firebreak.dev/shed-tainted-by":null}},)"
          R"("spec":{"taints":[{"key":"firebreak.dev/drain"}]}})");
    // Of a peer that is gone all is taken back.
    CHECK(node_patch(node(true, "busan/h2"), "ready", with_peer, false) ==
          R"({"metadata":{"resourceVersion":"7","annotations":{"firebreak.dev/cordoned-by":null}},)"
          R"("spec":{"unschedulable":null}})");
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

TEST_CASE("kubernetes text: a pod made after our cordon, which it tolerates, comes back",
          "[host][kubernetes]") {
    const auto pod = [](const std::string& toleration) {
        const auto page = parse_kube_pods(
            R"({"kind":"PodList","items":[{"metadata":{"name":"x","namespace":"s","uid":"u",)"
            R"("creationTimestamp":"2026-11-27T02:00:01Z"},"spec":{"nodeName":"n1","tolerations":[)" +
                toleration + "]}}]}",
            "n1");
        REQUIRE(page);
        return page->pods.at(0);
    };
    auto cordoned = node(true, "seoul/h1");
    cordoned.cordoned_at = "2026-11-27T02:00:00Z";
    const std::string key = R"("key":"node.kubernetes.io/unschedulable")";
    for (const auto& each :
         {std::string(R"({"operator":"Exists"})"), '{' + key + R"(,"operator":"Exists"})",
          '{' + key + R"(,"operator":"Exists","effect":"NoSchedule"})"}) {
        CHECK(comes_back(pod(each), cordoned));
    }
    for (const auto& each :
         {std::string(), std::string(R"({"operator":"Exists","effect":"NoExecute"})"),
          std::string(R"({"key":"gpu","operator":"Exists"})")}) {
        CHECK_FALSE(comes_back(pod(each), cordoned));
    }
    cordoned.cordoned_at = "2026-11-27T02:00:01Z";
    CHECK_FALSE(comes_back(pod(R"({"operator":"Exists"})"), cordoned));
    cordoned.cordoned_at = "2026-11-27T02:00:00Z";
    cordoned.cordoned_by = "";  // long before, by a person
    CHECK_FALSE(comes_back(pod(R"({"operator":"Exists"})"), cordoned));
}

TEST_CASE("kubernetes text: what stands in a path is escaped or refused", "[host][kubernetes]") {
    CHECK(node_path("n1") == "/api/v1/nodes/n1");
    CHECK(node_path("a:b") == "/api/v1/nodes/a%3Ab");
    CHECK(pods_path("n1", "a+/=") ==
          "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=250&continue=a%2B%2F%3D");
    CHECK(cached_pods_path("n1") ==
          "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&resourceVersion=0");
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
    CHECK(
        parse_kube_complaint(R"({"kind":"Status","message":"Operation cannot be fulfilled on pods )"
                             R"(\"web\": Precondition failed: UID in precondition: a, UID in )"
                             R"(object meta: b"})")
            .of_another);
    CHECK(parse_kube_complaint(R"({"kind":"Status","message":"forbidden","details":{"causes":[)"
                               R"({"reason":"NamespaceTerminating"}]}})")
              .passing);
}
