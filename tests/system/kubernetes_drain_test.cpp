// Emptying a node against the double: budgets, evictions that are slow or refused, and what comes
// last.
#include <algorithm>
#include <thread>

#include "tests/system/kube_cluster.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

const std::string web_eviction = "POST /api/v1/namespaces/shop/pods/web/eviction";

/// What it waits for.
std::string waits(const Result<ItemStates>& result) {
    const auto state = kube_state(result);
    CHECK(bare(state) == draining);
    return state.substr(bare(state).size());
}

}  // namespace

TEST_CASE("kubernetes: a disruption budget is honoured, said aloud, and asked again",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.set_budget("tight", 1);
    cluster.api.add_pod({"a", "n1", 1, "tight"});
    cluster.api.add_pod({"b", "n1", 2, "tight"});
    const auto ours = cluster.actuator();
    const auto said = waits(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(contains(said, "pods still to go: 1: shop/b: answered 429: Cannot evict"));
    CHECK(contains(said, "The disruption budget tight needs"));
    // A budget does not keep others back, and what is not empty does not read as drained.
    CHECK(cluster.api.pods("n1") == Names{"logs", "static", "done", "b"});
    CHECK(waits(ours->observe("shop")) == said);
    // Nothing is deleted against it, however late it is.
    cluster.how.evict_deadline = 1ns;
    waits(cluster.actuator()->apply("shop", {kube_step("n1", "drain")}));  // began just now
    cluster.api.set_budget("tight", 1);
    CHECK(ours->apply("shop", {kube_step("n1", "drain")})->at("n1") == "drain");
}

TEST_CASE("kubernetes: past its deadline a pod is deleted only by force", "[system][kubernetes]") {
    for (const bool force : {false, true}) {
        KubeCluster cluster;
        cluster.api.set_budget("shut", 0);
        cluster.api.add_pod({"a", "n1", 1, "shut"});
        cluster.how.evict_deadline = 1ns;
        cluster.how.force = force;
        const auto ours = cluster.actuator();
        waits(ours->apply("shop", {kube_step("n1", "drain")}));
        const auto then = ours->apply("shop", {kube_step("n1", "drain")});
        if (force) {
            CHECK(then->at("n1") == "drain");
            continue;
        }
        const auto error = kube_error(then);
        CHECK(error.fault == Fault::refused);
        CHECK(contains(error.what, "past evict_deadline"));
        CHECK(cluster.api.pods("n1").back() == "a");
    }
}

TEST_CASE("kubernetes: pods that are still ending are waited for, not told twice",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.keep_ending(true);
    const auto ours = cluster.actuator();
    CHECK(waits(ours->apply("shop", {kube_step("n1", "drain")})) == "@pods still to go: 3");
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(cluster.evictions().size() == 3);
    // In mid-drain it can be taken back.
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "ready")})) == "ready");
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    cluster.api.end_pods();
    CHECK(kube_state(ours->observe("shop")) == "drain");
}

TEST_CASE("kubernetes: evictions that are forbidden or fail are told, the others done",
          "[system][kubernetes]") {
    for (const int status : {403, 500, 503}) {
        KubeCluster cluster;
        cluster.api.answer_next(web_eviction, {status, "oh", ""}, 2);
        const auto ours = cluster.actuator();
        const auto why = "shop/web: answered " + std::to_string(status) + ": oh";
        CHECK(contains(waits(ours->apply("shop", {kube_step("n1", "drain")})), why));
        CHECK(cluster.api.pods("n1") == Names{"web", "logs", "static", "done"});
        // It is all that is left, and nothing moves any more.
        const auto error = kube_error(ours->apply("shop", {kube_step("n1", "drain")}));
        CHECK(error.fault == (status == 403 ? Fault::refused : Fault::busy));
        CHECK(contains(error.what, "prod: n1: pods still to go: 1: " + why));
        CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    }
}

TEST_CASE("kubernetes: only budgets are overruled by force, not what is broken behind the API",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.evict_deadline = 1ns;
    cluster.how.force = true;
    const auto ours = cluster.actuator();
    cluster.api.answer_next(
        web_eviction,
        {500,
         R"({"kind":"Status","status":"Failure","code":500,"message":"Internal error occurred: )"
         R"(failed calling webhook"})",
         ""},
        2);
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(kube_error(ours->apply("shop", {kube_step("n1", "drain")})).fault == Fault::refused);
    CHECK_FALSE(cluster.was_asked("DELETE"));
    // As a server says it of a pod with two budgets.
    cluster.api.answer_next(web_eviction,
                            {201,
                             R"({"kind":"Status","status":"Failure","code":500,"message":)"
                             R"("This pod has more than one PodDisruptionBudget"})",
                             ""});
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    CHECK(cluster.was_asked("DELETE"));
}

TEST_CASE("kubernetes: an API with too much to do is left alone as long as it says, then all go on",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.answer_next("POST",
                            {429, R"({"kind":"Status","message":"too many requests"})", "1"});
    const auto ours = cluster.actuator();
    CHECK(contains(waits(ours->apply("shop", {kube_step("n1", "drain")})), "too many requests"));
    CHECK(cluster.evictions() == Names{"batch"});
    CHECK(contains(waits(ours->apply("shop", {kube_step("n1", "drain")})), "too many requests"));
    CHECK(cluster.evictions() == Names{"batch"});
    std::this_thread::sleep_for(1100ms);
    // The least important is first again.
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    CHECK(cluster.evictions() == Names{"batch", "batch", "web", "db"});
}

TEST_CASE("kubernetes: a slow eviction keeps no other back, and no order", "[system][kubernetes]") {
    KubeCluster cluster;
    SECTION("one is slow") {
        cluster.api.slow_eviction("batch", 3500ms);
        const auto ours = cluster.actuator();
        CHECK(contains(waits(ours->apply("shop", {kube_step("n1", "drain")})), "shop/batch: "));
        CHECK(cluster.evictions() == Names{"batch", "web", "db"});
        std::this_thread::sleep_for(1s);
        CHECK(kube_state(ours->observe("shop")) == "drain");
    }
    SECTION("the order's time is nearly all it takes") {
        cluster.api.slow_eviction("batch", 10s);
        waits(cluster.actuator({"seoul/h1"}, 2s)->apply("shop", {kube_step("n1", "drain")}));
    }
    SECTION("two in a row are not answered: no third is asked") {
        cluster.api.answer_next("POST", {}, 2);
        const auto ours = cluster.actuator();
        waits(ours->apply("shop", {kube_step("n1", "drain")}));
        CHECK(cluster.evictions() == Names{"batch", "web"});
        waits(ours->apply("shop", {kube_step("n1", "drain")}));
        CHECK(cluster.evictions() == Names{"batch", "web", "db"});  // those two wait a while
    }
}

TEST_CASE("kubernetes: a drain that gets on is not forced, however long it takes",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.how.evict_deadline = 2s;
    cluster.how.force = true;
    for (const auto* name : {"a", "b", "c", "d"}) cluster.api.add_pod({name, "n2", 0, "tight"});
    cluster.api.set_budget("tight", 0);
    const auto ours = cluster.actuator();
    kube_state(ours->apply("shop", {kube_step("n2", "drain")}), "n2");
    for (int i = 0; i < 4; ++i) {
        std::this_thread::sleep_for(1s);
        cluster.api.set_budget("tight", 1);
        kube_state(ours->apply("shop", {kube_step("n2", "drain")}), "n2");
    }
    CHECK_FALSE(cluster.was_asked("DELETE"));
    CHECK(cluster.api.pods("n2").empty());
}

TEST_CASE("kubernetes: shed taints NoExecute only where nothing is left to go, or by force",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.set_budget("shut", 0);
    cluster.api.add_pod({"a", "n1", 1, "shut"});
    const auto ours = cluster.actuator();
    waits(ours->apply("shop", {kube_step("n1", "maint")}));
    waits(ours->apply("shop", {kube_step("n1", "maint")}));
    CHECK_FALSE(cluster.node_says("n1", "firebreak.dev/shed"));
    CHECK(cluster.api.pods("n1") == Names{"logs", "static", "done", "a"});
    CHECK(cluster.evictions().front() == "batch");
    SECTION("nothing is left") {
        cluster.api.set_budget("shut", 1);
        CHECK(kube_state(ours->apply("shop", {kube_step("n1", "maint")})) == "maint");
        CHECK(cluster.node_says("n1", R"("firebreak.dev/shed-tainted-by":"seoul/h1")"));
    }
    SECTION("by force, what the API would not delete") {
        cluster.how.force = true;
        cluster.how.evict_deadline = 1ns;
        const auto forced = cluster.actuator();
        waits(forced->apply("shop", {kube_step("n1", "maint")}));
        cluster.api.answer_next("DELETE", {403, "", ""});
        CHECK(kube_error(forced->apply("shop", {kube_step("n1", "maint")})).fault ==
              Fault::refused);
        CHECK(cluster.node_says("n1", "firebreak.dev/shed"));
        CHECK(kube_state(forced->apply("shop", {kube_step("n1", "maint")})) == "maint");
    }
}

TEST_CASE("kubernetes: a budget that is still being processed is asked when it says",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.set_budget("new", KubeApiDouble::being_processed);
    cluster.api.add_pod({"a", "n1", 1, "new"});
    const auto ours = cluster.actuator();
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    const auto asked = cluster.evictions().size();
    CHECK(contains(waits(ours->apply("shop", {kube_step("n1", "drain")})), "being processed"));
    CHECK(cluster.evictions().size() == asked);  // not for 10 s
}

TEST_CASE("kubernetes: another pod of the same name is not sent away for it",
          "[system][kubernetes]") {
    KubeCluster cluster;
    SECTION("in its place since it was read") {
        cluster.api.replace_at_eviction("web");
        const auto ours = cluster.actuator();
        CHECK(waits(ours->apply("shop", {kube_step("n1", "drain")})) == "@pods still to go: 1");
        CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
    }
    SECTION("in another namespace") {
        DoublePod far{"web", "n2"};
        far.space = "bank";
        cluster.api.add_pod(far);
        CHECK(kube_state(cluster.actuator()->apply("shop", {kube_step("n1", "drain")})) == "drain");
        CHECK(cluster.api.pods("n2") == Names{"far", "web"});
    }
}

TEST_CASE("kubernetes: a pod that a cordon does not keep away is told of, not evicted without end",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.make_anew(true);
    cluster.api.add_pod({"stubborn", "n1", 0, "", "ReplicaSet", false, "Running", true});
    const auto ours = cluster.actuator();
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    const auto error = kube_error(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(contains(error.what, "shop/stubborn: tolerates the cordon and has come back"));
    const auto evictions = cluster.evictions();
    CHECK(std::count(evictions.begin(), evictions.end(), "stubborn") == 1);
}

TEST_CASE(
    "kubernetes: a kubelet that is silent is named, and waited for unless the policy says not",
    "[system][kubernetes]") {
    for (const bool drained : {false, true}) {
        KubeCluster cluster;
        cluster.how.silent_is_drained = drained;
        cluster.api.add_node("n1", false);
        cluster.api.keep_ending(true);
        const auto state =
            kube_state(cluster.actuator()->apply("shop", {kube_step("n1", "drain")}));
        if (drained) {
            CHECK(state == "drain");
        } else {
            CHECK(contains(state, "pods still to go: 3, kubelet of n1 silent since 2026-11-27T"));
        }
    }
}

TEST_CASE("kubernetes: a namespace that is being taken down is no refusal",
          "[system][kubernetes]") {
    KubeCluster cluster;
    cluster.api.answer_next(
        web_eviction,
        {403,
         R"({"kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":"no",)"
         R"("details":{"causes":[{"reason":"NamespaceTerminating"}]}})",
         ""},
        2);
    const auto ours = cluster.actuator();
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    waits(ours->apply("shop", {kube_step("n1", "drain")}));
    CHECK(kube_state(ours->apply("shop", {kube_step("n1", "drain")})) == "drain");
}
