#include "contract/link/slots.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

TEST_CASE("slots: an answer to an earlier time of sending ends nothing", "[contract][link]") {
    Slots slots;
    auto* slot = slots.take({"a", "1", false, 7}, Instant{});
    REQUIRE(slot != nullptr);
    const auto first = slots.begin_sending(*slot);
    CHECK(slots.of_sending(first) == slot);
    slots.fail_sent();
    CHECK(slots.of_sending(first) == nullptr);  // its connection has died

    const auto again = slots.begin_sending(*slot);
    CHECK(slots.of_sending(first) == nullptr);
    REQUIRE(slots.of_sending(again) == slot);
    slot->stage = Slot::had;
    CHECK(slots.take_tickets() == std::vector<std::uint64_t>{7});

    auto* next = slots.take({"b", "2", false, 8}, Instant{});
    while (next != nullptr && next != slot) next = slots.take({"b", "2", false, 8}, Instant{});
    REQUIRE(next == slot);
    const auto other = slots.begin_sending(*next);
    CHECK(slots.of_sending(again) == nullptr);  // was another message
    CHECK(slots.of_sending(other) == next);
    CHECK(slots.in_flight() == 1);
}

TEST_CASE("slots: no more messages than there are places, the earliest failed goes first",
          "[contract][link]") {
    Slots slots;
    Slot* last = nullptr;
    for (std::size_t i = 0; i < Slots::most; ++i) {
        last = slots.take({std::to_string(i), "", false}, Instant{});
        REQUIRE(last != nullptr);
        static_cast<void>(slots.begin_sending(*last));
    }
    CHECK(slots.take({"one more", "", false}, Instant{}) == nullptr);
    slots.fail_sent();
    REQUIRE(slots.failed() != nullptr);
    CHECK(slots.failed()->message.topic == "0");
}
