// The Kubernetes actuator against a double that follows the published API: nodes, whose they are,
// and answers that are none. kubernetes_drain_test.cpp has the emptying.
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tests/system/kube_cluster.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST_CASE("kubernetes: a node is cordoned, then emptied, the least important pod first",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    CHECK(*ours->observe("shop") == ItemStates{{"n1", "ready"}, {"n2", "ready"}});
    CHECK(*ours->apply("shop", {kube_step("n1", "drain")}) ==
          ItemStates{{"n1", "drain"}, {"n2", "ready"}});
    CHECK(cluster.evictions() == Names{"batch", "web", "db"});
    CHECK(cluster.api.pods("n1") == Names{"logs", "static", "done"});
    CHECK(cluster.api.pods("n2") == Names{"far"});
    CHECK(cluster.node_says("n1", R"("firebreak.dev/cordoned-by":"seoul/h1")"));
    CHECK(cluster.api.connections() <= 2);  // one for each of what is asked at once
    // Another host does not take it for its own, and gives nothing back.
    const auto other = cluster.actuator({"busan/h2"});
    CHECK(other->observe("shop")->at("n1") == "drain-other");
    CHECK(other->apply("shop", {kube_step("n1", "ready")})->at("n1") == "drain-other");
    // A later life of this one does.
    CHECK(cluster.actuator()->apply("shop", {kube_step("n1", "ready")})->at("n1") == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK_FALSE(cluster.node_says("n1", "unschedulable"));
}

TEST_CASE("kubernetes: all nodes are cordoned before the first pod is sent away",
          "[system][kubernetes]") {
    KubeCluster cluster;
    CHECK(cluster.actuator()
              ->apply("shop", {kube_step("n1", "drain"), kube_step("n2", "drain")})
              ->at("n2") == "drain");
    const auto asked = cluster.api.asked();
    const auto last_patch = std::find(asked.rbegin(), asked.rend(), "PATCH /api/v1/nodes/n2");
    const auto first_eviction = std::find_if(
        asked.begin(), asked.end(), [](const auto& line) { return line.ends_with("/eviction"); });
    REQUIRE(last_patch != asked.rend());
    CHECK(last_patch.base() <= first_eviction);
}

TEST_CASE("kubernetes: shed taints NoExecute, and every rung back takes its own taint off",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.taint = true;
    cluster.api.edit_node(
        "n1", R"({"spec":{"taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"}]}})");
    cluster.api.add_pod({"stubborn", "n1", 0, "", "ReplicaSet", false, "Running", true});
    const auto ours = cluster.actuator();
    CHECK(ours->apply("shop", {kube_step("n1", "maint")})->at("n1") == "maint");
    CHECK(cluster.node_says("n1", R"({"effect":"NoExecute","key":"firebreak.dev/shed"})"));
    CHECK(cluster.node_says("n1", R"({"effect":"NoSchedule","key":"firebreak.dev/drain"})"));
    CHECK(ours->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain");
    CHECK_FALSE(cluster.node_says("n1", "NoExecute"));
    CHECK(cluster.node_says("n1", "firebreak.dev/drain"));
    CHECK(ours->apply("shop", {kube_step("n1", "ready")})->at("n1") == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK(cluster.node_says("n1", R"({"effect":"NoSchedule","key":"gpu","value":"yes"})"));
}

TEST_CASE("kubernetes: what a person cordoned is emptied and stays cordoned",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":true}})");
    const auto ours = cluster.actuator();
    CHECK(ours->observe("shop")->at("n1") == "draining-other");
    CHECK(ours->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain-other");
    CHECK(ours->apply("shop", {kube_step("n1", "maint")})->at("n1") == "maint");
    CHECK(ours->apply("shop", {kube_step("n1", "ready")})->at("n1") == "drain-other");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK(cluster.node_says("n1", R"("unschedulable":true)"));
}

TEST_CASE("kubernetes: a person who uncordons and cordons anew is not taken for us",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    CHECK(ours->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain");
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":null}})");
    CHECK(ours->observe("shop")->at("n1") == "ready");
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":true}})");
    CHECK(cluster.actuator()->observe("shop")->at("n1") == "drain-other");
    CHECK(ours->apply("shop", {kube_step("n1", "ready")})->at("n1") == "drain-other");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
}

TEST_CASE("kubernetes: a write in between is no reason to overwrite it", "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.interfere(3);
    CHECK(cluster.actuator()->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain");
    cluster.api.interfere(1000);
    const auto error = kube_error(cluster.actuator()->apply("shop", {kube_step("n2", "drain")}));
    CHECK(error.fault == Fault::busy);
    CHECK(contains(error.what, "n2: others keep changing it"));
    CHECK(cluster.api.pods("n2") == Names{"far"});
}

TEST_CASE("kubernetes: that none is left is read of the store, page by page, and not of a cache",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.add_node("n3");
    cluster.api.freeze_cache(true);  // which never hears of the pods of n3
    for (int i = 0; i < 7; ++i) cluster.api.add_pod({"p" + std::to_string(i), "n3"});
    cluster.api.most_a_page(3);
    const auto ours = cluster.actuator({"seoul/h1"}, 20s, -1, {"n3"});
    SECTION("once they are read") {}
    SECTION("anew when they expire") {
        cluster.api.expire_pages(2);
    }
    CHECK(kube_state(ours->apply("shop", {kube_step("n3", "drain")}), "n3") == "drain");
    CHECK(cluster.evictions().size() == 7);
    // Once that is known the cache is enough: nothing new comes to a cordoned node.
    const auto lists = cluster.api.consistent_lists();
    CHECK(kube_state(ours->observe("shop"), "n3") == "drain");
    CHECK(cluster.api.consistent_lists() == lists);
}

TEST_CASE("kubernetes: pages that expire faster than they are read are told",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.most_a_page(1);
    cluster.api.expire_pages(1000);
    CHECK(kube_error(cluster.actuator()->apply("shop", {kube_step("n1", "drain")})).fault ==
          Fault::busy);
}

TEST_CASE("kubernetes: a refused node keeps no other back", "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.answer_next(
        "PATCH /api/v1/nodes/n1",
        {403,
         R"({"kind":"Status","status":"Failure","message":"nodes \"n1\" is forbidden: User)"
         R"( \"fb\" cannot patch resource","reason":"Forbidden","code":403})",
         ""},
        2);
    const auto ours = cluster.actuator();
    // While others get emptier, that is told.
    CHECK(*ours->apply("shop", {kube_step("n1", "drain"), kube_step("n2", "drain")}) ==
          ItemStates{{"n1", "ready"}, {"n2", "drain"}});
    const auto error = kube_error(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(error.fault == Fault::refused);
    CHECK(error.what.starts_with("prod: n1: answered 403: nodes \"n1\" is forbidden: User"));
    CHECK(cluster.api.pods("n2").empty());
    // Where new pods may come in, none was sent away.
    CHECK(cluster.api.pods("n1").size() == 6);
}

TEST_CASE("kubernetes: patience that is asked for is had within the timeout",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.answer_next("GET /api/v1/nodes/n1", {429, "", "0"}, 2);
    cluster.api.answer_next("PATCH", {503, "", ""});
    CHECK(cluster.actuator()->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain");
    cluster.api.answer_next("GET", {429, "", "3600"}, 2);
    CHECK(kube_error(cluster.actuator()->observe("shop")).fault == Fault::busy);
    cluster.api.answer_next("GET", {500, "", ""}, 2);
    CHECK(kube_error(cluster.actuator()->observe("shop")).fault == Fault::busy);
}

TEST_CASE("kubernetes: one that lies or talks nonsense is not believed", "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.lie(true);
    CHECK(cluster.actuator()->apply("shop", {kube_step("n1", "drain")})->at("n1") == "ready");
    cluster.api.lie(false);
    const auto before = cluster.evictions().size();
    const auto ours = cluster.actuator();
    for (const std::string text :
         {"", "null", "[]", "{}", "<html>", R"({"kind":"Node"})",
          R"({"kind":"Node","metadata":{"name":"n2","resourceVersion":"1"},"spec":{}})",
          R"({"kind":"Node","metadata":{"name":"n1"},"spec":{}})",
          R"({"kind":"Node","metadata":{"name":"n1","resourceVersion":7},"spec":{}})"}) {
        cluster.api.answer_next("GET /api/v1/nodes/n1", {200, text, ""});
        CHECK(kube_state(ours->observe("shop")).starts_with("unknown@"));
    }
    const std::string meta = R"("metadata":{"name":"x","namespace":"s","uid":"u"})";
    for (const std::string& text :
         {std::string("{}"), std::string(R"({"kind":"PodList","items":{}})"),
          R"({"kind":"PodList","items":[{)" + meta + R"(,"spec":{"nodeName":"n2"}}]})",
          std::string(R"({"kind":"PodList","items":[{"metadata":{"name":"../../x"}}]})"),
          R"({"kind":"PodList","items":[)" + std::string(100000, '[')}) {
        cluster.api.answer_next("GET /api/v1/pods", {200, text, ""});
        CHECK(kube_error(ours->apply("shop", {kube_step("n1", "drain")})).fault == Fault::corrupt);
    }
    CHECK(cluster.evictions().size() == before);
    // A wrong URL answers 404, too: that is no node that is absent.
    cluster.api.answer_next("GET /api/v1/nodes/n1", {404, "404 page not found", ""});
    CHECK(kube_state(ours->observe("shop")).starts_with("unknown@"));
}

TEST_CASE("kubernetes: an absent node reads as absent, a silent kubelet as down",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.add_node("n3", false);
    const auto ours = make_kubernetes({"prod", cluster.api.url(), 20s, cluster.how},
                                      {{"shop", {"n3", "n4"}}}, {"seoul/h1"}, -1);
    CHECK(*ours->observe("shop") == ItemStates{{"n3", "down"}});
    CHECK(*ours->apply("shop", {kube_step("n4", "drain")}) == ItemStates{{"n3", "down"}});
}

TEST_CASE("kubernetes: the token is read at every order", "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    cluster.folder.write("token", "old\n");
    CHECK(kube_error(ours->observe("shop")).what == "prod: answered 401: Unauthorized");
    cluster.folder.write("token", KubeApiDouble::token);
    CHECK(ours->observe("shop"));
    for (const char* bad : {"", "\n", "a b", "a\r\nX-Injected: 1"}) {
        cluster.folder.write("token", bad);
        CHECK(kube_error(ours->observe("shop")).fault == Fault::config);
    }
    std::filesystem::remove(cluster.how.token_file);
    CHECK(kube_error(ours->observe("shop")).fault == Fault::config);
}

TEST_CASE("kubernetes: one who never answers costs the timeout, and a stop ends it",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.answer_next("GET", {}, 2);
    CHECK(kube_error(cluster.actuator({"seoul/h1"}, 300ms)->observe("shop")).fault ==
          Fault::timeout);
    const int stop = ::eventfd(1, EFD_CLOEXEC);
    cluster.api.answer_next("GET", {}, 2);
    CHECK(kube_error(cluster.actuator({"seoul/h1"}, 1h, stop)->observe("shop")).fault ==
          Fault::timeout);
    ::close(stop);
}

TEST_CASE(
    "kubernetes: what a peer cordoned is the peer's, and ours to give back once it was read so",
    "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.taint = true;
    const auto theirs = cluster.actuator({"busan/h2"});
    CHECK(kube_state(theirs->apply("shop", {kube_step("n1", "maint")})) == "maint");
    const auto ours = cluster.actuator({"seoul/h1", {"busan/h2"}});
    // Nothing is taken from one whose mark we did not expect.
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "ready")})) == "maint-peer");
    // The core orders this only where it has taken over.
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain-peer");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev/shed"));
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "ready")})) == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK_FALSE(cluster.node_says("n1", "unschedulable"));
}

TEST_CASE("kubernetes: of two hosts each takes off what it put on itself", "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.taint = true;
    const auto first = cluster.actuator({"seoul/h1", {"busan/h2"}});
    const auto second = cluster.actuator({"busan/h2", {"seoul/h1"}});
    CHECK(kube_state(first->apply("shop", {kube_step("n1", "drain")})) == "drain");
    CHECK(kube_state(second->observe("shop")) == "drain-peer");
    CHECK(kube_state(second->apply("shop", {kube_step("n1", "maint")})) == "maint");
    CHECK(kube_state(first->observe("shop")) == "maint-peer");
    CHECK(kube_state(second->apply("shop", {kube_step("n1", "ready")})) == "drain-peer");
    CHECK(cluster.node_says("n1", R"("firebreak.dev/cordoned-by":"seoul/h1")"));
    CHECK(cluster.node_says("n1", R"("firebreak.dev/drain-tainted-by":"seoul/h1")"));
    CHECK(cluster.node_says("n1", R"({"effect":"NoSchedule","key":"firebreak.dev/drain"})"));
    CHECK(kube_state(first->apply("shop", {kube_step("n1", "ready")})) == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
}

TEST_CASE("kubernetes: 512 nodes are marked, emptied and read back in few rounds",
          "[system][kubernetes]") {
    KubeCluster cluster;
    Names nodes;
    std::vector<Step> steps;
    for (int i = 0; i < 512; ++i) {
        nodes.push_back("w" + std::to_string(i));
        cluster.api.add_node(nodes.back());
        steps.push_back(kube_step(nodes.back(), "drain"));
    }
    cluster.api.delay(10ms);  // one after the other: over 10 s for each of what is asked of them
    const auto ours = cluster.actuator({"seoul/h1"}, 30s, -1, nodes);
    const auto start = std::chrono::steady_clock::now();
    const auto states = ours->apply("shop", steps);
    REQUIRE(states);
    CHECK(std::all_of(states->begin(), states->end(),
                      [](const auto& entry) { return entry.second == "drain"; }));
    const auto marked = std::chrono::steady_clock::now();
    CHECK(ours->observe("shop"));
    const auto seen = std::chrono::steady_clock::now();
    INFO(std::chrono::duration<double>(marked - start).count());
    INFO(std::chrono::duration<double>(seen - marked).count());
    CHECK(marked - start < 13s);
    CHECK(seen - marked < 5s);
    CHECK(cluster.api.connections() <= 16);
}

TEST_CASE("kubernetes: a token that was renewed in between costs no order",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    CHECK(ours->observe("shop"));
    const auto before = cluster.api.connections();
    // As a front answers whoever comes on a connection of before.
    cluster.api.answer_next("GET /api/v1/nodes/n1", {401, "", ""});
    CHECK(ours->observe("shop"));
    CHECK(cluster.api.connections() > before);
    cluster.api.answer_next("GET /api/v1/nodes/n1", {401, "", ""}, 2);
    CHECK(kube_error(ours->observe("shop")).fault == Fault::refused);
}

TEST_CASE("kubernetes: of several addresses the next is asked where one is lost or silent",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.identity.at = {"127.0.0.2", "127.0.0.1"};  // it listens on the second only
    const auto ours = cluster.actuator({"seoul/h1"}, 1s);
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    cluster.api.answer_next("GET /api/v1/nodes/n1", {});
    CHECK(kube_state(ours->observe("shop")).starts_with("unknown@"));
    CHECK(kube_state(ours->observe("shop")) == "drain");
}
