// Its clock alone; tests/system has the emptying.
#include "host/actuate/kubernetes_drain.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;

struct Emptying {
    KubernetesEndpoint how = [] {
        KubernetesEndpoint out;
        out.force = true;
        out.evict_deadline = 10min;
        return out;
    }();
    KubeApi api{{"k8s", "https://127.0.0.1:6443", 1s, how}, -1};
    KubeDrain drain{how, api};
    KubeNode node = [] {
        KubeNode out;
        out.name = "worker-1";
        out.ready = true;
        return out;
    }();
    std::vector<KubePod> pods = [] {
        KubePod pod;
        pod.name = "db-0";
        pod.node = "worker-1";
        return std::vector{pod};
    }();

    /// One order: the node is wanted empty, and its pod is still there.
    void order(Instant at) {
        drain.begin(at);
        drain.wants(node.name);
        drain.read(node, pods, true);
    }
};

}  // namespace

TEST_CASE("kubernetes drain: the deadline of a drain that was called off is not that of the next",
          "[host][kubernetes]") {
    Emptying emptying;
    emptying.order(t0);
    CHECK_FALSE(emptying.drain.is_over("worker-1"));
    const auto later = t0 + 7 * 24h;
    emptying.order(later);
    CHECK_FALSE(emptying.drain.is_over("worker-1"));
    emptying.drain.begin(later + 9min);
    CHECK_FALSE(emptying.drain.is_over("worker-1"));
}

TEST_CASE("kubernetes drain: while it is asked for again and again its clock runs on",
          "[host][kubernetes]") {
    Emptying emptying;
    for (auto passed = 0s; passed < 10min; passed += 30s) {
        emptying.order(t0 + passed);
        CHECK_FALSE(emptying.drain.is_over("worker-1"));
    }
    emptying.order(t0 + 10min);
    CHECK(emptying.drain.is_over("worker-1"));
}
