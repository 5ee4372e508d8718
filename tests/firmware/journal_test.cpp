#include "firmware/outbox/journal.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace firebreak {
namespace {

Message said(const std::string& what) {
    return {"event", what, false};
}

/// Gives all changes to a disk that takes them.
StoreOrder written(Journal& journal) {
    StoreOrder order;
    journal.take_changes(order);
    journal.taken_is_safe();
    return order;
}

std::vector<std::string> sent_all(Journal& journal) {
    std::vector<std::string> out;
    while (const Message* message = journal.front()) {
        out.push_back(message->payload);
        journal.sent(message->ticket);
    }
    return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("journal: a record is not offered before the disk has it", "[firmware][outbox]") {
    Journal journal(10);
    journal.append(said("a"), Weight::major);
    CHECK(journal.front() == nullptr);
    StoreOrder order;
    journal.take_changes(order);
    journal.append(said("b"), Weight::major);  // while the disk works
    CHECK(journal.front() == nullptr);
    journal.taken_is_safe();
    CHECK(sent_all(journal) == Texts{"a"});
    CHECK(written(journal).append.size() == 1);
    CHECK(sent_all(journal) == Texts{"b"});
}

TEST_CASE("journal: a record stays on the disk until it is delivered, and is offered once a life",
          "[firmware][outbox]") {
    Journal journal(10);
    for (const char* what : {"a", "b", "c"}) journal.append(said(what), Weight::major);
    const auto order = written(journal);
    REQUIRE(order.append.size() == 3);
    CHECK(sent_all(journal) == Texts{"a", "b", "c"});
    CHECK(sent_all(journal).empty());
    CHECK(journal.size() == 3);
    journal.delivered(order.append[1].id);
    journal.delivered(order.append[1].id);  // twice is no news
    journal.delivered(99);
    CHECK(written(journal).drop == std::vector<std::uint64_t>{order.append[1].id});

    Journal next(10);  // the process was killed here
    next.restore({order.append[0], order.append[2]});
    CHECK(sent_all(next) == Texts{"a", "c"});
    next.append(said("d"), Weight::major);
    const auto later = written(next);
    REQUIRE(later.append.size() == 1);
    CHECK(later.append[0].id > order.append[2].id);
    CHECK(sent_all(next) == Texts{"d"});
}

TEST_CASE("journal: when full the oldest minor record goes, and only then the oldest of all",
          "[firmware][outbox]") {
    Journal journal(4);
    journal.append(said("fires"), Weight::major);
    journal.append(said("pends"), Weight::minor);
    journal.append(said("burns"), Weight::major);
    journal.append(said("clears"), Weight::minor);
    const auto first = written(journal);
    journal.append(said("e"), Weight::major);
    journal.append(said("f"), Weight::major);
    CHECK(journal.thinned() == 2);
    const auto second = written(journal);
    CHECK(second.drop == std::vector<std::uint64_t>{first.append[1].id, first.append[3].id});
    CHECK(second.append.size() == 2);
    journal.append(said("g"), Weight::major);
    CHECK(journal.thinned() == 3);
    written(journal);
    CHECK(sent_all(journal) == Texts{"burns", "e", "f", "g"});
}

TEST_CASE("journal: what was thinned before the disk heard of it is never written",
          "[firmware][outbox]") {
    Journal journal(1);
    journal.append(said("a"), Weight::major);
    journal.append(said("b"), Weight::major);
    const auto order = written(journal);
    REQUIRE(order.append.size() == 1);
    CHECK(order.append[0].message.payload == "b");
    CHECK(order.drop.empty());
}

TEST_CASE("journal: deletions alone wait for many", "[firmware][outbox]") {
    Journal journal(100);
    for (int i = 0; i < 64; ++i) journal.append(said("x"), Weight::major);
    const auto order = written(journal);
    for (int i = 0; i < 63; ++i) journal.delivered(order.append[static_cast<std::size_t>(i)].id);
    CHECK_FALSE(journal.has_news());
    CHECK(journal.has_changes());
    journal.delivered(order.append[63].id);
    CHECK(journal.has_news());
}

TEST_CASE("journal: without a disk a record goes once it is sent", "[firmware][outbox]") {
    Journal journal(10, Until::sent);
    journal.append(said("a"), Weight::major);
    CHECK(sent_all(journal) == Texts{"a"});
    CHECK(journal.size() == 0);
    CHECK_FALSE(journal.has_changes());
}

TEST_CASE("journal: a disk that knows nothing is told everything that is still wanted",
          "[firmware][outbox]") {
    Journal journal(10);
    for (const char* what : {"a", "b", "c"}) journal.append(said(what), Weight::major);
    const auto order = written(journal);
    sent_all(journal);
    journal.delivered(order.append[0].id);
    StoreOrder all;
    journal.take_all(all);
    CHECK(all.append.size() == 2);
    CHECK_FALSE(journal.has_changes());
}

}  // namespace firebreak
