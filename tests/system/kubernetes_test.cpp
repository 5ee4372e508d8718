// The Kubernetes actuator against a double that follows the published API.
#include "host/actuate/kubernetes.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "tests/catch.hpp"
#include "tests/peers/kube_api.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using Names = std::vector<std::string>;

Step step(const std::string& item, const std::string& action) {
    return {"id", "shop", item, action, Posture::drain, "pangyo/room/gas"};
}

struct Cluster {
    KubeApiDouble api;
    TempDir folder;
    KubernetesEndpoint how;

    Cluster() {
        how.token_file = folder.write("token", std::string(KubeApiDouble::token) + '\n');
        api.add_node("n1");
        api.add_node("n2");
        api.add_pod({"web", "n1", 100});
        api.add_pod({"batch", "n1", -5});
        api.add_pod({"db", "n1", 1000});
        api.add_pod({"logs", "n1", 0, "", "DaemonSet"});
        api.add_pod({"static", "n1", 0, "", "Node", true});
        api.add_pod({"done", "n1", 0, "", "Job", false, "Succeeded"});
        api.add_pod({"far", "n2"});
    }
    [[nodiscard]] std::unique_ptr<Actuator> actuator(const std::string& host = "seoul/h1",
                                                     Duration timeout = 20s,
                                                     int stop_fd = -1) const {
        return make_kubernetes({"prod", api.url(), timeout, how}, {{"shop", {"n1", "n2"}}}, host,
                               stop_fd);
    }
    [[nodiscard]] Names evictions() const {
        Names names;
        for (const auto& line : api.asked()) {
            if (!line.ends_with("/eviction")) continue;
            const auto path = line.substr(0, line.rfind('/'));
            names.push_back(path.substr(path.rfind('/') + 1));
        }
        return names;
    }
    [[nodiscard]] bool node_says(const std::string& node, const std::string& what) const {
        return api.node(node).find(what) != std::string::npos;
    }
};

Error error_of(const Result<ItemStates>& result) {
    REQUIRE(!result);
    UNSCOPED_INFO(result.error().what);
    return result.error();
}

bool contains(const std::string& text, const std::string& part) {
    UNSCOPED_INFO(text);
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("kubernetes: a node is cordoned, then emptied, the least important pod first",
          "[system][kubernetes]") {
    Cluster cluster;
    const auto ours = cluster.actuator();
    CHECK(*ours->observe("shop") == ItemStates{{"n1", "ready"}, {"n2", "ready"}});
    CHECK(*ours->apply("shop", {step("n1", "drain")}) ==
          ItemStates{{"n1", "drain"}, {"n2", "ready"}});
    CHECK(cluster.evictions() == Names{"batch", "web", "db"});
    CHECK(cluster.api.pods("n1") == Names{"logs", "static", "done"});
    CHECK(cluster.api.pods("n2") == Names{"far"});
    CHECK(cluster.node_says("n1", R"("firebreak.dev/cordoned-by":"seoul/h1")"));
    CHECK(cluster.api.connections() == 1);
    // Another host does not take it for its own, and gives nothing back.
    const auto other = cluster.actuator("busan/h2");
    CHECK(other->observe("shop")->at("n1") == "drain-other");
    CHECK(other->apply("shop", {step("n1", "ready")})->at("n1") == "drain-other");
    // A later life of this one does.
    CHECK(cluster.actuator()->apply("shop", {step("n1", "ready")})->at("n1") == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK_FALSE(cluster.node_says("n1", "unschedulable"));
}

TEST_CASE("kubernetes: all nodes are cordoned before the first pod is sent away",
          "[system][kubernetes]") {
    Cluster cluster;
    CHECK(cluster.actuator()->apply("shop", {step("n1", "drain"), step("n2", "drain")})->at("n2") ==
          "drain");
    const auto asked = cluster.api.asked();
    const auto last_patch = std::find(asked.rbegin(), asked.rend(), "PATCH /api/v1/nodes/n2");
    const auto first_eviction = std::find_if(
        asked.begin(), asked.end(), [](const auto& line) { return line.ends_with("/eviction"); });
    REQUIRE(last_patch != asked.rend());
    CHECK(last_patch.base() <= first_eviction);
}

TEST_CASE("kubernetes: shed taints NoExecute, and every rung back takes its own taint off",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.how.taint = true;
    cluster.api.edit_node(
        "n1", R"({"spec":{"taints":[{"key":"gpu","value":"yes","effect":"NoSchedule"}]}})");
    cluster.api.add_pod({"stubborn", "n1", 0, "", "ReplicaSet", false, "Running", true});
    const auto ours = cluster.actuator();
    CHECK(ours->apply("shop", {step("n1", "maint")})->at("n1") == "maint");
    CHECK(cluster.node_says("n1", R"({"effect":"NoExecute","key":"firebreak.dev/shed"})"));
    CHECK(cluster.node_says("n1", R"({"effect":"NoSchedule","key":"firebreak.dev/drain"})"));
    CHECK(ours->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
    CHECK_FALSE(cluster.node_says("n1", "NoExecute"));
    CHECK(cluster.node_says("n1", "firebreak.dev/drain"));
    CHECK(ours->apply("shop", {step("n1", "ready")})->at("n1") == "ready");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK(cluster.node_says("n1", R"({"effect":"NoSchedule","key":"gpu","value":"yes"})"));
}

TEST_CASE("kubernetes: what a person cordoned is emptied and stays cordoned",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":true}})");
    const auto ours = cluster.actuator();
    CHECK(ours->observe("shop")->at("n1") == "draining-other");
    CHECK(ours->apply("shop", {step("n1", "drain")})->at("n1") == "drain-other");
    CHECK(ours->apply("shop", {step("n1", "maint")})->at("n1") == "maint");
    CHECK(ours->apply("shop", {step("n1", "ready")})->at("n1") == "drain-other");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
    CHECK(cluster.node_says("n1", R"("unschedulable":true)"));
}

TEST_CASE("kubernetes: a person who uncordons and cordons anew is not taken for us",
          "[system][kubernetes]") {
    Cluster cluster;
    const auto ours = cluster.actuator();
    CHECK(ours->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":null}})");
    CHECK(ours->observe("shop")->at("n1") == "ready");
    cluster.api.edit_node("n1", R"({"spec":{"unschedulable":true}})");
    CHECK(cluster.actuator()->observe("shop")->at("n1") == "drain-other");
    CHECK(ours->apply("shop", {step("n1", "ready")})->at("n1") == "drain-other");
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev"));
}

TEST_CASE("kubernetes: a disruption budget is honoured, said aloud, and asked again",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.set_budget("tight", 1);
    cluster.api.add_pod({"a", "n1", 1, "tight"});
    cluster.api.add_pod({"b", "n1", 2, "tight"});
    const auto ours = cluster.actuator();
    const auto error = error_of(ours->apply("shop", {step("n1", "drain")}));
    CHECK(error.fault == Fault::busy);
    CHECK(contains(error.what, "prod: n1: pods still to go: 1: shop/b: answered 429: Cannot"));
    // A budget does not keep others back, and what is not empty does not read as drained.
    CHECK(cluster.api.pods("n1") == Names{"logs", "static", "done", "b"});
    CHECK(ours->observe("shop")->at("n1") == "draining");
    // Nothing is deleted against it, however late it is.
    cluster.how.evict_deadline = 1ns;
    const auto late = error_of(cluster.actuator()->apply("shop", {step("n1", "drain")}));
    CHECK(late.fault == Fault::busy);  // began just now
    cluster.api.set_budget("tight", 1);
    CHECK(ours->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
}

TEST_CASE("kubernetes: past its deadline a pod is deleted only by force", "[system][kubernetes]") {
    for (const bool force : {false, true}) {
        Cluster cluster;
        cluster.api.set_budget("shut", 0);
        cluster.api.add_pod({"a", "n1", 1, "shut"});
        cluster.how.evict_deadline = 1ns;
        cluster.how.force = force;
        const auto ours = cluster.actuator();
        CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::busy);
        const auto then = ours->apply("shop", {step("n1", "drain")});
        if (force) {
            CHECK(then->at("n1") == "drain");
            continue;
        }
        const auto error = error_of(then);
        CHECK(error.fault == Fault::refused);
        CHECK(contains(error.what, "past evict_deadline"));
        CHECK(cluster.api.pods("n1").back() == "a");
    }
}

TEST_CASE("kubernetes: pods that are still ending are waited for, not told twice",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.keep_ending(true);
    const auto ours = cluster.actuator();
    CHECK(
        contains(error_of(ours->apply("shop", {step("n1", "drain")})).what, "pods still to go: 3"));
    CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::busy);
    CHECK(cluster.evictions().size() == 3);
    // In mid-drain it can be taken back.
    CHECK(ours->apply("shop", {step("n1", "ready")})->at("n1") == "ready");
    CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::busy);
    cluster.api.end_pods();
    CHECK(ours->observe("shop")->at("n1") == "drain");
}

TEST_CASE("kubernetes: a write in between is no reason to overwrite it", "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.interfere(3);
    CHECK(cluster.actuator()->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
    cluster.api.interfere(1000);
    const auto error = error_of(cluster.actuator()->apply("shop", {step("n2", "drain")}));
    CHECK(error.fault == Fault::busy);
    CHECK(contains(error.what, "n2: others keep changing it"));
    CHECK(cluster.api.pods("n2") == Names{"far"});
}

TEST_CASE("kubernetes: pages are read to the end, and anew when they expire",
          "[system][kubernetes]") {
    Cluster cluster;
    for (int i = 0; i < 7; ++i) cluster.api.add_pod({"p" + std::to_string(i), "n1"});
    cluster.api.most_a_page(3);
    cluster.api.answer_next("GET /api/v1/pods",
                            {410,
                             R"({"kind":"Status","status":"Failure","reason":"Expired",)"
                             R"("message":"The provided continue parameter is too old"})",
                             ""});
    CHECK(cluster.actuator()->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
    CHECK(cluster.evictions().size() == 10);
    cluster.api.answer_next("GET /api/v1/pods", {410, "", ""}, 3);
    CHECK(error_of(cluster.actuator()->observe("shop")).fault == Fault::busy);
}

TEST_CASE("kubernetes: a refused node keeps no other back", "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.answer_next(
        "PATCH /api/v1/nodes/n1",
        {403,
         R"({"kind":"Status","status":"Failure","message":"nodes \"n1\" is forbidden: User)"
         R"( \"fb\" cannot patch resource","reason":"Forbidden","code":403})",
         ""});
    const auto error =
        error_of(cluster.actuator()->apply("shop", {step("n1", "drain"), step("n2", "drain")}));
    CHECK(error.fault == Fault::refused);
    CHECK(error.what.starts_with("prod: n1: answered 403: nodes \"n1\" is forbidden: User"));
    CHECK(cluster.api.pods("n2").empty());
    // Where new pods may come in, none was sent away.
    CHECK(cluster.api.pods("n1").size() == 6);
}

TEST_CASE("kubernetes: evictions that are forbidden or fail are told, the others done",
          "[system][kubernetes]") {
    const std::string path = "POST /api/v1/namespaces/shop/pods/web/eviction";
    for (const int status : {403, 500, 503}) {
        Cluster cluster;
        cluster.api.answer_next(path, {status, "oh", ""});
        const auto error = error_of(cluster.actuator()->apply("shop", {step("n1", "drain")}));
        CHECK(error.fault == (status == 403 ? Fault::refused : Fault::busy));
        CHECK(contains(error.what, "shop/web: answered " + std::to_string(status) + ": oh"));
        CHECK(cluster.api.pods("n1") == Names{"web", "logs", "static", "done"});
    }
    {
        Cluster cluster;  // as a server says it of a pod with two budgets
        cluster.api.answer_next(path,
                                {201,
                                 R"({"kind":"Status","status":"Failure","code":500,"message":)"
                                 R"("This pod has more than one PodDisruptionBudget"})",
                                 ""});
        const auto error = error_of(cluster.actuator()->apply("shop", {step("n1", "drain")}));
        CHECK(contains(error.what, "shop/web: answered 500: This pod has more than one"));
    }
    Cluster cluster;  // the API has too much to do: the rest waits, and as long as it says
    cluster.api.answer_next("POST",
                            {429, R"({"kind":"Status","message":"too many requests"})", "60"});
    const auto ours = cluster.actuator();
    CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::busy);
    CHECK(cluster.evictions() == Names{"batch"});
    CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::busy);
    CHECK(cluster.evictions() == Names{"batch", "web", "db"});
}

TEST_CASE("kubernetes: patience that is asked for is had within the timeout",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.answer_next("GET /api/v1/nodes/n1", {429, "", "0"}, 2);
    cluster.api.answer_next("PATCH", {503, "", ""});
    CHECK(cluster.actuator()->apply("shop", {step("n1", "drain")})->at("n1") == "drain");
    cluster.api.answer_next("GET", {429, "", "3600"});
    CHECK(error_of(cluster.actuator()->observe("shop")).fault == Fault::busy);
    cluster.api.answer_next("GET", {500, "", ""});
    CHECK(error_of(cluster.actuator()->observe("shop")).fault == Fault::busy);
}

TEST_CASE("kubernetes: one that lies or talks nonsense is not believed", "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.lie(true);
    CHECK(cluster.actuator()->apply("shop", {step("n1", "drain")})->at("n1") == "ready");
    CHECK(cluster.evictions().empty());
    cluster.api.lie(false);
    const auto ours = cluster.actuator();
    for (const std::string text :
         {"", "null", "[]", "{}", "<html>", R"({"kind":"Node"})",
          R"({"kind":"Node","metadata":{"name":"n2","resourceVersion":"1"},"spec":{}})",
          R"({"kind":"Node","metadata":{"name":"n1"},"spec":{}})",
          R"({"kind":"Node","metadata":{"name":"n1","resourceVersion":7},"spec":{}})"}) {
        cluster.api.answer_next("GET", {200, text, ""});
        CHECK(error_of(ours->observe("shop")).fault == Fault::corrupt);
    }
    const std::string meta = R"("metadata":{"name":"x","namespace":"s","uid":"u"})";
    for (const std::string& text :
         {std::string("{}"), std::string(R"({"kind":"PodList","items":{}})"),
          R"({"kind":"PodList","items":[{)" + meta + R"(,"spec":{"nodeName":"n2"}}]})",
          std::string(R"({"kind":"PodList","items":[{"metadata":{"name":"../../x"}}]})"),
          R"({"kind":"PodList","items":[)" + std::string(100000, '[')}) {
        cluster.api.answer_next("GET /api/v1/pods", {200, text, ""});
        CHECK(error_of(ours->apply("shop", {step("n1", "drain")})).fault == Fault::corrupt);
    }
    CHECK(cluster.evictions().empty());
    // A wrong URL answers 404, too: that is no node that is absent.
    cluster.api.answer_next("GET", {404, "404 page not found", ""});
    CHECK(error_of(ours->observe("shop")).fault == Fault::refused);
}

TEST_CASE("kubernetes: an absent node reads as absent, a silent kubelet as down",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.add_node("n3", false);
    const auto ours = make_kubernetes({"prod", cluster.api.url(), 20s, cluster.how},
                                      {{"shop", {"n3", "n4"}}}, "seoul/h1", -1);
    CHECK(*ours->observe("shop") == ItemStates{{"n3", "down"}});
    CHECK(*ours->apply("shop", {step("n4", "drain")}) == ItemStates{{"n3", "down"}});
}

TEST_CASE("kubernetes: the token is read at every order", "[system][kubernetes]") {
    Cluster cluster;
    const auto ours = cluster.actuator();
    cluster.folder.write("token", "old\n");
    CHECK(error_of(ours->observe("shop")).what == "prod: answered 401: Unauthorized");
    cluster.folder.write("token", KubeApiDouble::token);
    CHECK(ours->observe("shop"));
    for (const char* bad : {"", "\n", "a b", "a\r\nX-Injected: 1"}) {
        cluster.folder.write("token", bad);
        CHECK(error_of(ours->observe("shop")).fault == Fault::config);
    }
    std::filesystem::remove(cluster.how.token_file);
    CHECK(error_of(ours->observe("shop")).fault == Fault::config);
}

TEST_CASE("kubernetes: one who never answers costs the timeout, and a stop ends it",
          "[system][kubernetes]") {
    Cluster cluster;
    cluster.api.answer_next("GET", {});
    CHECK(error_of(cluster.actuator("seoul/h1", 300ms)->observe("shop")).fault == Fault::timeout);
    cluster.api.answer_next("POST", {});
    CHECK(error_of(cluster.actuator("seoul/h1", 2s)->apply("shop", {step("n1", "drain")})).fault ==
          Fault::timeout);
    const int stop = ::eventfd(1, EFD_CLOEXEC);
    cluster.api.answer_next("GET", {});
    CHECK(error_of(cluster.actuator("seoul/h1", 1h, stop)->observe("shop")).fault ==
          Fault::timeout);
    ::close(stop);
}
