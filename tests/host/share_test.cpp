#include "host/guard/share.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;

TargetPlan text() {
    TargetPlan target;
    target.name = "text";
    target.site = "pangyo";
    target.endpoint = "edge";
    target.backend = "text";
    target.items = {"a", "b"};
    return target;
}

TargetPlan racks() {
    TargetPlan target;
    target.name = "racks";
    target.kind = TargetKind::outlet;
    target.site = "pangyo";
    target.agent = "room";
    target.items = {"a", "b"};
    return target;
}

Step drain(const std::string& item) {
    return {"id", "text", item, "drain", Posture::drain, "pangyo/room/gas"};
}

TargetLedger read(const ItemStates& states) {
    TargetLedger ledger;
    ledger.read_back(states, t0);
    return ledger;
}

bool says(const Refusal& refusal, const std::string& what) {
    UNSCOPED_INFO(refusal.value_or("allowed"));
    return refusal && refusal->find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("share: what cannot be counted refuses", "[host][guard]") {
    TierShare share;
    CHECK_FALSE(add_share(share, text(), TargetLedger{}));
    CHECK(says(guard_tier_share(text(), drain("a"), std::nullopt, 99), "cannot tell"));
    CHECK_FALSE(guard_tier_share(text(), drain("a"), std::nullopt, 100));  // switched off
    CHECK(says(guard_elsewhere(text(), std::nullopt, 1), "cannot tell"));
    CHECK_FALSE(guard_elsewhere(text(), std::nullopt, 0));
}

TEST_CASE("share: no tier has more than its share down, however many it has", "[host][guard]") {
    for (int all = 1; all <= 12; ++all) {
        for (int percent = 1; percent <= 100; ++percent) {
            TierShare share;
            for (int i = 0; i < all; ++i) {
                share.items.insert(share_key(text(), std::to_string(i)));
            }
            std::optional<TierShare> counted = share;
            for (int i = 0; i < all; ++i) {
                const auto step = drain(std::to_string(i));
                if (guard_tier_share(text(), step, counted, percent)) continue;
                counted->down.insert(share_key(text(), step.item));
            }
            INFO(percent << " % of " << all);
            CHECK(counted->down.size() == static_cast<std::size_t>(all * percent / 100));
        }
    }
}

TEST_CASE("share: the whole backend counts, and a server once however many targets name it",
          "[host][guard]") {
    TierShare share;
    const auto states = ItemStates{{"a", "ready"}, {"b", "ready"}, {"c", "down"}, {"d", "maint"}};
    auto other = text();
    other.name = "text-too";
    other.items = {"c"};
    REQUIRE(add_share(share, text(), read(states)));
    REQUIRE(add_share(share, other, read(states)));
    CHECK(share.items.size() == 4);
    CHECK(share.down.size() == 2);
    CHECK(says(guard_tier_share(text(), drain("a"), share, 50),
               "2 of 4 items of tier 1 are down, 2 may be; passes once 1 are back"));
    CHECK_FALSE(guard_tier_share(text(), drain("a"), share, 75));
    CHECK_FALSE(guard_tier_share(text(), drain("d"), share, 50));  // costs nothing
}

TEST_CASE("share: what a program or a service invents makes no tier larger", "[host][guard]") {
    for (const auto kind : {TargetKind::exec, TargetKind::webhook}) {
        auto target = text();
        target.kind = kind;
        ItemStates states = {{"a", "ready"}, {"b", "ready"}, {"gone", "down"}};
        for (int i = 0; i < 100; ++i) states["invented-" + std::to_string(i)] = "ready";
        TierShare share;
        REQUIRE(add_share(share, target, read(states)));
        CHECK(share.items.size() == 2);
        CHECK(share.down.empty());
        CHECK_FALSE(guard_tier_share(target, drain("a"), share, 50));
        share.down.insert(share_key(target, "a"));
        CHECK(says(guard_tier_share(target, drain("b"), share, 50), "1 of 2 items"));
    }
}

TEST_CASE("share: an order under way already counts as carried out", "[host][guard]") {
    auto ledger = read({{"a", "ready"}, {"b", "ready"}});
    ledger.ordered({drain("a")}, t0);
    TierShare share;
    REQUIRE(add_share(share, text(), ledger));
    CHECK(share.down == std::set<std::string>{share_key(text(), "a")});
}

TEST_CASE("share: outlets count as on until an agent says that they are off", "[host][guard]") {
    TargetLedger ledger;
    TierShare share;
    REQUIRE(add_share(share, racks(), ledger));
    CHECK(share.items.size() == 2);
    CHECK(share.down.empty());
    ledger.item_is("a", "off", true);
    REQUIRE(add_share(share, racks(), ledger));
    CHECK(share.down.size() == 1);
    CHECK(says(guard_tier_share(racks(), drain("b"), share, 50), "1 of 2 items"));
}

TEST_CASE("share: the servers of the target's own site do not count as elsewhere",
          "[host][guard]") {
    const ReadyServers ready = std::set<std::string>{"a", "b", "seoul-a"};
    const std::set<std::string> local = {"a", "b"};
    const auto elsewhere = ready_elsewhere(ready, local);
    CHECK_FALSE(guard_elsewhere(text(), elsewhere, 1));
    CHECK(says(guard_elsewhere(text(), ready_elsewhere(std::nullopt, local), 1), "cannot tell"));
    CHECK(says(guard_elsewhere(text(), elsewhere, 3),
               "1 servers of text are ready outside pangyo, 3 must be; passes once 2 more are"));
}
