#include "host/guard.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;

Step step(const std::string& item, Posture posture = Posture::drain) {
    return {"id-" + item, "text", item, "drain", posture, "pangyo/room/gas"};
}

TargetLedger read(const ItemStates& states) {
    TargetLedger ledger;
    ledger.read_back(states, t0);
    return ledger;
}

}  // namespace

TEST_CASE("guard: what cannot be told refuses", "[host][guard]") {
    CHECK(guard_min_ready(step("a"), std::nullopt, 0));
    CHECK(guard_after({{"photos", false, Posture::drain}}));
    CHECK(guard_fresh(step("a"), Posture::normal));
    CHECK(guard_all_clear("no word"));
    CHECK_FALSE(ready_servers({}));
    const TargetLedger never_read;
    const auto known = read({{"a", "ready"}});
    CHECK_FALSE(ready_servers({&known, &never_read}));
    auto failed = read({{"a", "ready"}});
    failed.failed("timeout", false, t0);
    CHECK_FALSE(ready_servers({&failed}));
}

TEST_CASE("guard: min_ready counts the other servers that are up and ready", "[host][guard]") {
    const ReadyServers ready = std::set<std::string>{"a", "b", "c"};
    CHECK_FALSE(guard_min_ready(step("a"), ready, 2));
    CHECK(guard_min_ready(step("a"), ready, 3));
    CHECK_FALSE(guard_min_ready(step("down"), ready, 3));  // costs nothing: it was not ready
    CHECK_FALSE(guard_min_ready(step("a"), std::set<std::string>{"a"}, 0));
    CHECK(guard_min_ready(step("a"), std::set<std::string>{"a"}, 1));
}

TEST_CASE("guard: a server is ready only if no target on its backend saw otherwise",
          "[host][guard]") {
    const auto older = read({{"a", "ready"}, {"b", "ready"}, {"c", "down"}});
    const auto newer = read({{"a", "drain"}, {"b", "ready"}, {"c", "ready"}});
    CHECK(*ready_servers({&older, &newer}) == std::set<std::string>{"b"});
}

TEST_CASE("guard: an order under way already counts as carried out", "[host][guard]") {
    auto ledger = read({{"a", "ready"}, {"b", "ready"}});
    ledger.ordered({step("a")}, t0);
    CHECK(*ready_servers({&ledger}) == std::set<std::string>{"b"});
    ledger.failed("timeout", true, t0);  // nobody knows now
    CHECK_FALSE(ready_servers({&ledger}));
}

TEST_CASE("guard: a step is admitted up to the rung that fresh evidence asked for",
          "[host][guard]") {
    CHECK_FALSE(guard_fresh(step("a", Posture::drain), Posture::drain));
    CHECK_FALSE(guard_fresh(step("a", Posture::drain), Posture::cut));
    CHECK(guard_fresh(step("a", Posture::cut), Posture::shed));
}

TEST_CASE("guard: an outlet waits until all it feeds is drained", "[host][guard]") {
    CHECK_FALSE(guard_after({}));
    CHECK_FALSE(guard_after({{"photos", true, Posture::drain}}));
    CHECK(guard_after({{"photos", true, Posture::drain}, {"videos", true, Posture::watch}}));
}

TEST_CASE("guard: traffic comes back only where power is back", "[host][guard]") {
    CHECK_FALSE(guard_power_back({}));
    CHECK(guard_power_back({"photos-a"})->find("photos-a") != std::string::npos);
}

TEST_CASE("guard: the pace is held over any minute, and says when it allows again",
          "[host][guard]") {
    Pace pace(3, "traffic");
    CHECK_FALSE(pace.guard(t0, 3));
    CHECK(pace.guard(t0, 4));
    pace.took(t0);
    pace.took(t0 + 10s);
    pace.took(t0 + 20s);
    CHECK(pace.guard(t0 + 30s) ==
          "max_steps_per_minute: 3 steps of traffic in the last minute; passes as it goes by");
    CHECK(pace.next_deadline() == t0 + 60s);
    CHECK(pace.guard(t0 + 59999ms));
    CHECK_FALSE(pace.guard(t0 + 60s));
    CHECK(pace.guard(t0 + 60s, 2));
    CHECK(pace.next_deadline() == never);
}

TEST_CASE("guard: too few fresh agents start nothing, but what was admitted may be finished",
          "[host][guard]") {
    CHECK_FALSE(guard_quorum(step("a"), Posture::normal, 2, 2));
    CHECK_FALSE(guard_quorum(step("a"), Posture::drain, 0, 2));
    const auto refused = guard_quorum(step("a"), Posture::watch, 1, 3);
    REQUIRE(refused);
    CHECK(*refused == "quorum: 1 agents are fresh, 3 must be; passes once 2 more are heard");
}

TEST_CASE("guard: spacing ends exactly when it says", "[host][guard]") {
    CHECK(guard_spacing(t0, t0 + 1s) == "spacing: a step of this target was taken; passes in 1s");
    CHECK_FALSE(guard_spacing(t0 + 1s, t0 + 1s));
}
