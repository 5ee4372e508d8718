#include "host/ledger.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;
using Names = std::vector<std::string>;

Step step(const std::string& item, const std::string& action) {
    return {"id-" + item, "text", item, action, Posture::drain, "pangyo/room/gas"};
}

}  // namespace

TEST_CASE("ledger: what carried traffic and reads as it was set is held", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}, {"b", "down"}, {"c", "drain"}}, t0);
    CHECK(ledger.held_items().empty());
    ledger.ordered({step("a", "drain"), step("b", "drain")}, t0);
    CHECK(ledger.under_way());
    CHECK(ledger.held_items().empty());  // not before it is read back
    ledger.read_back({{"a", "drain"}, {"b", "drain"}, {"c", "drain"}}, t0);
    CHECK(ledger.held_items() == Names{"a", "b"});
    CHECK_FALSE(ledger.under_way());
    ledger.ordered({step("a", "ready")}, t0);
    ledger.read_back({{"a", "ready"}, {"b", "drain"}, {"c", "drain"}}, t0);
    CHECK(ledger.held_items() == Names{"b"});
}

TEST_CASE("ledger: an order whose answer was lost is still ours when it turns out done",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}}, t0);
    ledger.ordered({step("a", "drain")}, t0);
    ledger.failed("timeout", true, t0);
    CHECK_FALSE(ledger.known());
    ledger.ordered({}, t0 + 1s);
    ledger.read_back({{"a", "drain"}}, t0 + 1s);
    CHECK(ledger.held_items() == Names{"a"});
}

TEST_CASE("ledger: of which nothing is known any more stays held, whether it bears marks or not",
          "[host][ledger]") {
    const bool marked = GENERATE(true, false);
    TargetLedger ledger;
    ledger.trust_marks(marked);
    ledger.read_back({{"a", "ready"}, {"b", "ready"}}, t0);
    ledger.ordered({step("a", "drain")}, t0);
    ledger.read_back({{"a", "drain"}, {"b", "ready"}}, t0);
    CHECK(ledger.read_back({{"a", "unknown@answered 503"}, {"b", "ready"}}, t0).empty());
    CHECK(ledger.held_items() == Names{"a"});
    CHECK(ledger.waits() == "a: cannot tell: answered 503");
    CHECK(ledger.read_back({{"a", "drain"}, {"b", "ready"}}, t0).empty());
    CHECK(ledger.read_back({{"a", "ready"}, {"b", "ready"}}, t0) == Names{"a"});
}

TEST_CASE("ledger: what a human drained before, and this host cut, is not held", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "drain"}}, t0);
    ledger.ordered({step("a", "maint")}, t0);
    ledger.read_back({{"a", "maint"}}, t0);
    CHECK(ledger.held_items().empty());
}

TEST_CASE("ledger: what others change is no longer held", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}, {"b", "ready"}, {"c", "ready"}, {"d", "ready"}}, t0);
    ledger.ordered({step("a", "drain"), step("b", "drain"), step("c", "drain"), step("d", "drain")},
                   t0);
    ledger.read_back({{"a", "drain"}, {"b", "drain"}, {"c", "drain"}, {"d", "drain"}}, t0);
    const auto lost = ledger.read_back({{"a", "maint"}, {"b", "ready"}, {"d", "drain"}}, t0 + 5s);
    CHECK(lost == Names{"a", "b", "c"});
    CHECK(ledger.held_items() == Names{"d"});
}

TEST_CASE("ledger: how much of an item was carried changes nothing about whose it is",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready@77"}, {"b", "down@5"}, {"c", "drain@9"}}, t0);
    ledger.ordered({step("a", "drain"), step("b", "drain")}, t0);
    CHECK(ledger.going_down() == Names{"a", "b"});
    ledger.read_back({{"a", "drain@77"}, {"b", "drain"}, {"c", "drain@9"}}, t0);
    CHECK(ledger.held_items() == Names{"a", "b"});
    CHECK(ledger.read_back({{"a", "drain"}, {"b", "drain@5"}, {"c", "drain"}}, t0 + 5s).empty());
    CHECK(ledger.read_back({{"a", "drain@77"}, {"b", "ready@50"}}, t0 + 9s) == Names{"b"});
    CHECK(ledger.read_back({{"a", "maint@77"}}, t0 + 12s) == Names{"a"});
    ledger.took_over({"c"}, "", Whose::ours);
    CHECK(ledger.read_back({{"c", "drain@9"}}, t0 + 15s).empty());
    CHECK(ledger.held().at("c") == "drain");
}

TEST_CASE("ledger: cut items stay held on their way back through drain", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}}, t0);
    ledger.ordered({step("a", "maint")}, t0);
    ledger.read_back({{"a", "maint"}}, t0);
    ledger.ordered({step("a", "drain")}, t0);
    CHECK(ledger.read_back({{"a", "drain"}}, t0).empty());
    CHECK(ledger.held().at("a") == "drain");
}

TEST_CASE("ledger: observations that fail wait 0.5 s, 1 s … 30 s", "[host][ledger]") {
    TargetLedger ledger;
    CHECK(ledger.must_observe(t0));
    auto now = t0;
    for (const auto wait : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16000ms, 30000ms, 30000ms}) {
        ledger.ordered({}, now);
        CHECK_FALSE(ledger.must_observe(now));
        ledger.failed("port_lost", false, now);
        CHECK(ledger.fault() == "port_lost");
        CHECK_FALSE(ledger.must_observe(now + wait - 1ms));
        CHECK(ledger.next_deadline(now) == now + wait);
        now += wait;
        CHECK(ledger.must_observe(now));
    }
    ledger.endpoint_answers(now - 29s);
    CHECK(ledger.must_observe(now - 29s));
    ledger.read_back({{"a", "ready"}}, now);
    CHECK(ledger.fault().empty());
    CHECK_FALSE(ledger.must_observe(now + 4999ms));
    CHECK(ledger.must_observe(now + 5s));
}

TEST_CASE("ledger: a step refused again and again is not retried in a loop", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}}, t0);
    auto now = t0;
    Duration longest{};
    for (int i = 0; i < 12; ++i) {
        REQUIRE(ledger.may_step(now));
        ledger.ordered({step("a", "drain")}, now);
        ledger.failed("refused: Permission denied", true, now);
        // The endpoint answers observations all the while.
        const auto failed_at = now;
        while (!ledger.may_step(now)) {
            now += 100ms;
            REQUIRE(now - failed_at < 31s);
            if (!ledger.must_observe(now)) continue;
            ledger.ordered({}, now);
            ledger.read_back({{"a", "ready"}}, now);
        }
        longest = now - failed_at;
    }
    CHECK(longest >= 29s);
    CHECK(ledger.fault() == "refused: Permission denied");
    ledger.ordered({step("a", "drain")}, now);
    ledger.read_back({{"a", "drain"}}, now);
    CHECK(ledger.fault().empty());
    CHECK(ledger.may_step(now));
}

TEST_CASE("ledger: a step that does not read back as set is a failure", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}}, t0);
    ledger.ordered({step("a", "drain")}, t0);
    ledger.read_back({{"a", "ready"}}, t0);
    CHECK(ledger.fault() == "not read back as set: a");
    CHECK_FALSE(ledger.may_step(t0));
    CHECK(ledger.may_step(t0 + 500ms));
    CHECK(ledger.next_deadline(t0) == t0 + 500ms);
    CHECK(ledger.next_deadline(t0 + 500ms) == t0 + 5s);  // a wait that is over is no deadline
    ledger.settled();
    CHECK(ledger.fault().empty());
}

TEST_CASE("ledger: after an outage failed steps need not wait", "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "ready"}}, t0);
    auto now = t0;
    for (int i = 0; i < 8; ++i) {
        ledger.ordered({step("a", "drain")}, now);
        ledger.failed("timeout", true, now);
    }
    ledger.ordered({}, now);
    ledger.failed("port_lost", false, now);
    ledger.ordered({}, now + 1s);
    ledger.read_back({{"a", "ready"}}, now + 1s);
    CHECK(ledger.may_step(now + 1s));
}

TEST_CASE("ledger: an answer that never comes is given up", "[host][ledger]") {
    TargetLedger ledger;
    ledger.ordered({}, t0);
    CHECK(ledger.next_deadline(t0) == t0 + TargetLedger::lost_after);
    CHECK_FALSE(ledger.lost(t0 + TargetLedger::lost_after - 1ms));
    CHECK(ledger.lost(t0 + TargetLedger::lost_after));
}

TEST_CASE("ledger: an earlier life's items are kept if they still are as it left them",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.took_over({"a", "b", "c"}, "drain", Whose::ours);
    const auto lost = ledger.read_back({{"a", "drain"}, {"b", "maint"}, {"c", "ready"}}, t0);
    CHECK(lost == Names{"b", "c"});
    CHECK(ledger.held_items() == Names{"a"});

    TargetLedger cut;  // on the way to a cut it may have been in either state
    cut.took_over({"a", "b", "c"}, "", Whose::ours);
    cut.read_back({{"a", "drain"}, {"b", "maint"}, {"c", "ready"}}, t0);
    CHECK(cut.held_items() == Names{"a", "b"});
    CHECK(cut.held().at("b") == "maint");
}

TEST_CASE("ledger: where marks are read back, what bears ours is held and nothing else",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.read_back({{"a", "drain"}, {"b", "drain-other"}, {"c", "ready"}}, t0);
    CHECK(ledger.held_items() == Names{"a"});  // of an earlier life: its mark says so
    ledger.ordered({{"1", "text", "c", "maint", Posture::shed, "x"}}, t0);
    ledger.read_back({{"a", "drain"}, {"b", "drain-other"}, {"c", "drain"}}, t0);
    CHECK(ledger.held().at("c") == "drain");  // half way, and ours all the same
    CHECK(ledger.fault() == "not read back as set: c");
    CHECK(ledger.read_back({{"a", "drain-other"}, {"c", "maint"}}, t0) == Names{"a"});
    CHECK(ledger.held().at("c") == "maint");
}

TEST_CASE("ledger: what cannot be told at present stays held, and is not where it was set",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.read_back({{"a", "on"}, {"b", "on"}}, t0);
    ledger.ordered({step("a", "off"), step("b", "off")}, t0);
    ledger.read_back({{"a", "off"}, {"b", "unknown"}}, t0);
    CHECK(ledger.fault() == "not read back as set: b");
    CHECK(ledger.read_back({{"a", "unknown"}, {"b", "off"}}, t0).empty());
    CHECK(ledger.held_items() == Names{"a"});
    CHECK(ledger.read_back({{"a", "off"}}, t0).empty());
    CHECK(ledger.read_back({{"a", "on"}}, t0) == Names{"a"});
}

TEST_CASE("ledger: what is still draining is not drained, and is held to be brought back",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.read_back({{"a", "ready"}, {"b", "draining-other"}}, t0);
    ledger.ordered({step("a", "drain")}, t0);
    ledger.read_back({{"a", "draining"}, {"b", "draining-other"}}, t0);
    CHECK(ledger.fault().empty());
    CHECK(ledger.held_items() == Names{"a"});
    ledger.ordered({step("a", "ready")}, t0);
    ledger.read_back({{"a", "draining"}}, t0);
    CHECK(ledger.fault() == "not read back as set: a");
    CHECK(ledger.held_items() == Names{"a"});
    ledger.ordered({step("a", "ready")}, t0);
    CHECK(ledger.read_back({{"a", "ready"}}, t0).empty());
    CHECK(ledger.held_items().empty());
}

TEST_CASE(
    "ledger: what is draining is asked for again at a steady pace, and says what it waits for",
    "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.read_back({{"a", "ready"}, {"b", "ready"}, {"c", "draining-other@x"}}, t0);
    CHECK(ledger.waits().empty());
    auto now = t0;
    for (int i = 0; i < 20; ++i, now += 5s) {
        REQUIRE(ledger.may_step(now));
        ledger.ordered({step("a", "drain")}, now);
        ledger.read_back({{"a", "draining@pods still to go: 3"}}, now);
        CHECK(ledger.fault().empty());
        CHECK(ledger.waits() == "a: pods still to go: 3");
        CHECK_FALSE(ledger.may_step(now + 4s));
    }
    // One that is refused beside it does not slow it down.
    for (int i = 0; i < 10; ++i, now += 5s) {
        REQUIRE(ledger.may_step(now));
        ledger.ordered({step("a", "drain"), step("b", "drain")}, now);
        ledger.read_back({{"a", "draining@2"}, {"b", "ready"}}, now);
        CHECK(ledger.fault() == "not read back as set: b");
    }
}

TEST_CASE("ledger: a peer's mark counts as ours once it was taken over, a person's never",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    const ItemStates states = {{"a", "drain-peer"}, {"b", "draining-peer@x"}, {"c", "drain-other"}};
    ledger.read_back(states, t0);
    CHECK(ledger.held_items().empty());
    ledger.took_over({"a", "b", "c"}, "drain", Whose::peers);
    CHECK(ledger.read_back(states, t0) == Names{"c"});
    CHECK(ledger.held_items() == Names{"a", "b"});
    // Half way back it still is.
    ledger.read_back({{"a", "drain"}, {"b", "ready"}}, t0);
    ledger.read_back({{"a", "drain-peer"}, {"b", "drain-peer"}}, t0);
    CHECK(ledger.held_items() == Names{"a"});
    CHECK(ledger.read_back({{"a", "drain-other"}}, t0) == Names{"a"});
}

TEST_CASE("ledger: what a living peer put further down is not this host's after its restart",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.took_over({"a", "b"}, "drain", Whose::ours);
    CHECK(ledger.read_back({{"a", "drain"}, {"b", "maint-peer"}}, t0) == Names{"b"});
    CHECK(ledger.held_items() == Names{"a"});
    // Nor later: a peer's mark is a peer's.
    ledger.read_back({{"a", "drain-peer"}, {"b", "drain-peer"}}, t0 + 5s);
    CHECK(ledger.held_items().empty());
}

TEST_CASE("ledger: what a peer puts further down is still known to be this host's below",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.read_back({{"a", "drain"}, {"b", "drain-peer"}}, t0);
    CHECK(ledger.below_peer().empty());
    CHECK(ledger.read_back({{"a", "maint-peer"}, {"b", "maint-peer"}}, t0) == Names{"a"});
    CHECK(ledger.held_items().empty());
    CHECK(ledger.below_peer() == std::set<std::string>{"a"});
    CHECK(ledger.read_back({{"a", "unknown"}}, t0).empty());
    CHECK(ledger.below_peer().size() == 1);
    // The peer took its part off.
    ledger.read_back({{"a", "drain"}}, t0);
    CHECK(ledger.held_items() == Names{"a"});
    CHECK(ledger.below_peer().empty());
    ledger.read_back({{"a", "maint-peer"}}, t0);
    ledger.read_back({{"a", "ready"}}, t0);
    CHECK(ledger.below_peer().empty());

    TargetLedger peers;  // which takes its own part off after the first has died
    peers.trust_marks(true);
    peers.read_back({{"a", "maint"}}, t0);
    peers.took_over({"a"}, "drain", Whose::peers);
    CHECK(peers.read_back({{"a", "drain-peer"}}, t0).empty());
    CHECK(peers.held_items() == Names{"a"});
}

TEST_CASE("ledger: what a killed life had not come to mark is still its next life's",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_marks(true);
    ledger.took_over({"a", "b"}, "drain", Whose::ours);
    CHECK(ledger.read_back({{"a", "drain-other@unmarked"}, {"b", "drain-other"}}, t0) ==
          Names{"b"});
    CHECK(ledger.held_items() == Names{"a"});
    // Once it has been marked its mark is what counts.
    CHECK(ledger.read_back({{"a", "drain"}, {"b", "drain-other"}}, t0).empty());
    CHECK(ledger.read_back({{"a", "drain-other@unmarked"}}, t0) == Names{"a"});
    CHECK(ledger.held_items().empty());
    // And nobody else's drain without a word is taken for ours.
    ledger.read_back({{"a", "ready"}}, t0);
    ledger.read_back({{"a", "drain-other@unmarked"}}, t0);
    CHECK(ledger.held_items().empty());
}

TEST_CASE("ledger: what stays below what people set is held until it is up again",
          "[host][ledger]") {
    TargetLedger ledger;
    ledger.trust_to_stay_below(true);
    ledger.read_back({{"a", "ready@30"}, {"b", "ready@30"}}, t0);
    ledger.ordered({step("a", "drain"), step("b", "maint")}, t0);
    ledger.read_back({{"a", "drain@30"}, {"b", "maint@30"}}, t0);
    CHECK(ledger.read_back({{"a", "maint@30"}, {"b", "drain@30"}}, t0).empty());
    CHECK(ledger.held().at("a") == "drain");
    CHECK(ledger.held().at("b") == "drain");
    CHECK(ledger.read_back({{"a", "drain-other@30"}, {"b", "ready@30"}}, t0) == Names{"a", "b"});
}
