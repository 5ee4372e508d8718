#include "host/outlet_orders.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0 = Instant{} + 1h;

Step step(const std::string& item, const std::string& action, const std::string& id) {
    return {id, "racks", item, action, Posture::shed, "pangyo/room/on-battery"};
}

Ack ack(const std::string& id, Outcome outcome) {
    Ack out;
    out.about = "racks";
    out.id = id;
    out.outcome = outcome;
    return out;
}

}  // namespace

TEST_CASE(
    "outlet orders: a command that is not wanted any more is not repeated, and its late answer "
    "counts",
    "[host][shed]") {
    OutletOrders orders;
    CHECK(orders.want({step("a", "off", "1"), step("b", "off", "2")}).size() == 2);
    CHECK(orders.take_due(t0).size() == 2);
    CHECK(orders.want({}).empty());
    CHECK(orders.empty());
    CHECK(orders.take_due(t0 + 1h).empty());
    const auto settled = orders.acked(ack("1", Outcome::done));
    REQUIRE(settled);
    CHECK(settled->step.item == "a");
    CHECK(settled->ours);
    CHECK_FALSE(orders.acked(ack("1", Outcome::done)));
    CHECK_FALSE(orders.acked(ack("2", Outcome::already))->ours);
}

TEST_CASE("outlet orders: what was never sent has no answer", "[host][shed]") {
    OutletOrders orders;
    orders.want({step("a", "off", "1")});
    orders.want({});
    CHECK_FALSE(orders.acked(ack("1", Outcome::done)));
}

TEST_CASE("outlet orders: wanted again a command has the id it had, and is sent at once",
          "[host][shed]") {
    OutletOrders orders;
    orders.want({step("a", "off", "1")});
    CHECK(orders.take_due(t0).size() == 1);
    orders.want({});
    CHECK(orders.want({step("a", "off", "7")}).at(0).id == "1");
    SECTION("answered before it is sent, it need not be") {
        CHECK(orders.acked(ack("1", Outcome::done))->ours);
        CHECK(orders.take_due(t0 + 1ms).empty());
    }
    SECTION("answered after it") {
        CHECK(orders.take_due(t0 + 1ms).at(0).id == "1");
        CHECK(orders.acked(ack("1", Outcome::done))->ours);
        CHECK_FALSE(orders.acked(ack("1", Outcome::done)));
    }
    CHECK(orders.empty());
}

TEST_CASE("outlet orders: what is settled later puts an end to what was commanded before",
          "[host][shed]") {
    OutletOrders orders;
    orders.want({step("a", "off", "1")});
    CHECK(orders.take_due(t0).size() == 1);
    CHECK(orders.want({step("a", "on", "2")}).size() == 1);
    CHECK(orders.take_due(t0 + 1s).at(0).action == "on");
    SECTION("the first is answered in time") {
        CHECK(orders.acked(ack("1", Outcome::done))->step.action == "off");
        CHECK_FALSE(orders.empty());
    }
    SECTION("refused it may still be carried out") {
        CHECK(orders.acked(ack("1", Outcome::refused))->outcome == Outcome::refused);
        CHECK_FALSE(orders.rejection());  // of what is wanted
        CHECK(orders.acked(ack("1", Outcome::done))->ours);
    }
    CHECK(orders.acked(ack("2", Outcome::done))->step.action == "on");
    CHECK_FALSE(orders.acked(ack("1", Outcome::done)));
}
