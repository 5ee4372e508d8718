#include "firmware/outbox/outbox.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

Message state(const std::string& topic, const std::string& payload) {
    return {topic, payload, true};
}
Message record(const std::string& payload) {
    return {"event", payload, false};
}

std::vector<std::string> drain(Outbox& outbox) {
    std::vector<std::string> sent;
    while (const Message* message = outbox.front()) {
        sent.push_back(message->payload);
        outbox.sent();
    }
    return sent;
}

using Sent = std::vector<std::string>;

}  // namespace

TEST_CASE("outbox: nothing is offered while the link is down", "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.put(state("a", "1"), Rank::urgent);
    outbox.queue(record("e"));
    CHECK(outbox.front() == nullptr);
    outbox.link_up();
    CHECK(outbox.front() != nullptr);
    outbox.link_down();
    CHECK(outbox.front() == nullptr);
}

TEST_CASE("outbox: the newest message of a topic replaces the older ones", "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.put(state("a", "1"), Rank::ordinary);
    outbox.put(state("a", "2"), Rank::ordinary);
    outbox.link_up();
    CHECK(drain(outbox) == Sent{"2"});
    CHECK(drain(outbox).empty());
}

TEST_CASE("outbox: urgent state goes first, then records in order, then the rest",
          "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.link_up();
    outbox.put(state("reading", "r"), Rank::ordinary);
    outbox.queue(record("e1"));
    outbox.queue(record("e2"));
    outbox.put(state("alarm", "a"), Rank::urgent);
    CHECK(drain(outbox) == Sent{"a", "e1", "e2", "r"});
}

TEST_CASE("outbox: a message that was not taken is offered again", "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.link_up();
    outbox.queue(record("e"));
    CHECK(outbox.front()->payload == "e");
    CHECK(outbox.front()->payload == "e");
    outbox.sent();
    outbox.sent();  // once too often must lose nothing
    outbox.put(state("a", "1"), Rank::urgent);
    outbox.sent();  // nothing was offered since
    CHECK(drain(outbox) == Sent{"1"});
}

TEST_CASE("outbox: what was replaced while it was being sent is sent again", "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.link_up();
    outbox.put(state("a", "old"), Rank::urgent);
    REQUIRE(outbox.front() != nullptr);
    outbox.put(state("a", "new"), Rank::urgent);
    outbox.sent();
    CHECK(drain(outbox) == Sent{"new"});
}

TEST_CASE("outbox: all state is offered again after every LinkUp, records are not",
          "[firmware][outbox]") {
    Outbox outbox(10, 10);
    outbox.link_up();
    outbox.put(state("a", "1"), Rank::urgent);
    outbox.put(state("b", "2"), Rank::ordinary);
    outbox.queue(record("e"));
    drain(outbox);
    outbox.link_down();
    outbox.link_up();
    CHECK(drain(outbox) == Sent{"1", "2"});
    outbox.link_up();  // twice without a LinkDown, as after a quick reconnect
    outbox.link_up();
    CHECK(drain(outbox) == Sent{"1", "2"});
}

TEST_CASE("outbox: of too many records the oldest are dropped and counted", "[firmware][outbox]") {
    Outbox outbox(10, 3);
    for (int i = 0; i < 5; ++i) outbox.queue(record(std::to_string(i)));
    CHECK(outbox.dropped() == 2);
    outbox.link_up();
    REQUIRE(outbox.front()->payload == "2");
    outbox.queue(record("5"));  // drops the one being offered
    outbox.sent();
    CHECK(drain(outbox) == Sent{"3", "4", "5"});
}

TEST_CASE("outbox: it holds no more topics than provided for", "[firmware][outbox]") {
    Outbox outbox(2, 3);
    for (int i = 0; i < 100; ++i) outbox.put(state(std::to_string(i), "x"), Rank::urgent);
    CHECK(outbox.waiting() == 2);
    CHECK(outbox.dropped() == 98);
    outbox.put(state("1", "y"), Rank::urgent);
    CHECK(outbox.dropped() == 98);
}
