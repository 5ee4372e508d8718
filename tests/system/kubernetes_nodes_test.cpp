// What cannot be read of one node keeps no other back, and costs an order a part of its time.
#include <algorithm>
#include <chrono>

#include "tests/system/kube_cluster.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr const char* get_n1 = "GET /api/v1/nodes/n1";

std::vector<Step> both() {
    return {kube_step("n1", "drain"), kube_step("n2", "drain")};
}

std::ptrdiff_t times_asked(const KubeCluster& cluster, const std::string& line) {
    const auto asked = cluster.api.asked();
    return std::count(asked.begin(), asked.end(), line);
}

}  // namespace

TEST_CASE("kubernetes: a node that cannot be read is told of, and keeps no other back",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    const auto [canned, why] = GENERATE(table<KubeApiDouble::Canned, std::string>(
        {{{500, "boom", ""}, "answered 500: boom"},
         {{403, R"({"kind":"Status","message":"not for you","code":403})", ""}, "not for you"},
         {{200, "<html>", ""}, ""}}));
    cluster.api.answer_next(get_n1, canned, 2);
    const auto states = ours->apply("shop", both());
    CHECK(kube_state(states, "n2") == "drain");
    CHECK(kube_state(states, "n1").starts_with("unknown@"));
    CHECK(contains(kube_state(states, "n1"), why));
    CHECK(cluster.api.pods("n2").empty());
    CHECK(cluster.api.pods("n1").size() == 6);
    const auto seen = ours->observe("shop");
    CHECK(kube_state(seen, "n2") == "drain");
    CHECK(kube_state(seen, "n1").starts_with("unknown@"));
    CHECK(kube_state(ours->observe("shop"), "n1") == "ready");
    // Of all nodes at once: that is about the API.
    cluster.api.answer_next("GET /api/v1/nodes", canned, 2);
    CHECK(contains(kube_error(ours->observe("shop")).what, why));
}

TEST_CASE("kubernetes: one node's lasting 503, or its silence, costs the others a part of the time",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator({"seoul/h1"}, 8s);
    const auto status = GENERATE(503, 0);
    cluster.api.answer_next(get_n1, {status, "", ""}, 1000);
    const auto start = std::chrono::steady_clock::now();
    const auto states = ours->apply("shop", both());
    CHECK(std::chrono::steady_clock::now() - start < 5s);
    CHECK(kube_state(states, "n2") == "drain");
    CHECK(kube_state(states, "n1").starts_with("unknown@"));
    if (status == 0) return;
    // Whoever had all patience in vain gets none the next time.
    const auto before = times_asked(cluster, get_n1);
    CHECK(kube_state(ours->observe("shop"), "n2") == "drain");
    CHECK(times_asked(cluster, get_n1) == before + 1);
}

TEST_CASE("kubernetes: a node that asks for more time than there is is not asked before",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    cluster.api.answer_next(get_n1, {429, "", "100"});
    const auto first = kube_state(ours->observe("shop"), "n1");
    CHECK(first.starts_with("unknown@answered 429; not asked before 20"));
    CHECK(kube_state(ours->apply("shop", both()), "n1") == first);
    CHECK(times_asked(cluster, get_n1) == 1);
    CHECK(kube_state(ours->observe("shop"), "n2") == "drain");
}

TEST_CASE("kubernetes: a node whose pods cannot be read is cordoned, and does not read as drained",
          "[system][kubernetes]") {
    KubeCluster cluster;
    const auto ours = cluster.actuator();
    cluster.api.answer_next("GET /api/v1/pods", {500, "boom", ""});  // of whichever comes first
    const auto states = ours->apply("shop", both());
    std::vector<std::string> seen = {kube_state(states, "n1"), kube_state(states, "n2")};
    std::sort(seen.begin(), seen.end());
    CHECK(seen[0] == "drain");
    CHECK(seen[1] == "draining@cannot tell its pods: answered 500: boom");
    CHECK(*ours->apply("shop", both()) == ItemStates{{"n1", "drain"}, {"n2", "drain"}});
    // What is known to be empty is not when it cannot be read again.
    cluster.api.answer_next("GET /api/v1/pods", {500, "boom", ""}, 2);
    CHECK(kube_state(ours->observe("shop"), "n1").starts_with("draining@cannot tell"));
    CHECK(kube_state(ours->observe("shop"), "n1") == "drain");
}
