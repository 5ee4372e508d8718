#include "firmware/store/archive.hpp"

#include "firmware/outbox/journal.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

struct Desk {
    Archive archive{true};
    Journal journal{10};

    std::optional<StoreOrder> order(Duration at) { return archive.take_order(journal, t0 + at); }
    std::optional<std::string> report(const Result<void>& result, Duration at) {
        auto said = archive.take(result, t0 + at);
        journal.taken_is_safe();
        return said;
    }
    void append(const std::string& what) { journal.append({"e", what, false}, Weight::major); }
};

const Result<void> full = fail(Fault::busy, "disk is full");

}  // namespace

TEST_CASE("archive: nothing is written while nothing changes", "[firmware][store]") {
    Desk desk;
    CHECK_FALSE(desk.order(0s));
    CHECK(desk.archive.next_deadline() == never);
    CHECK_FALSE(desk.order(24h));
}

TEST_CASE("archive: one order at a time, with everything that came in between",
          "[firmware][store]") {
    Desk desk;
    desk.archive.keep("a", "1");
    REQUIRE(desk.order(0s));
    desk.archive.keep("a", "2");
    desk.archive.keep("a", "3");
    desk.append("x");
    CHECK_FALSE(desk.order(1s));
    CHECK_FALSE(desk.report({}, 2s));
    const auto next = desk.order(2s);
    REQUIRE(next);
    CHECK_FALSE(next->whole);
    CHECK(next->keep == std::vector<KeptText>{{"a", "3"}});
    CHECK(next->append.size() == 1);
}

TEST_CASE("archive: deletions alone wait ten seconds for company", "[firmware][store]") {
    Desk desk;
    desk.append("x");
    const auto order = desk.order(0s);
    REQUIRE(order);
    (void)desk.report({}, 0s);
    desk.journal.sent(order->append[0].id);
    desk.journal.delivered(order->append[0].id);
    CHECK_FALSE(desk.order(1s));
    CHECK(desk.archive.next_deadline() == t0 + 11s);
    CHECK_FALSE(desk.order(10s));
    const auto later = desk.order(11s);
    REQUIRE(later);
    CHECK(later->drop.size() == 1);
}

TEST_CASE("archive: while the disk fails records go out of memory, and it is said once",
          "[firmware][store]") {
    Desk desk;
    desk.archive.keep("a", "1");
    desk.append("x");
    REQUIRE(desk.order(0s));
    CHECK(desk.journal.front() == nullptr);
    CHECK(desk.report(full, 1s));
    CHECK(desk.journal.front() != nullptr);
    desk.append("y");
    desk.archive.keep("b", "2");
    CHECK_FALSE(desk.order(2s));
    desk.journal.sent(1);
    CHECK(desk.journal.front() != nullptr);  // y waits for no disk
    CHECK(desk.archive.next_deadline() == t0 + 31s);

    const auto again = desk.order(31s);
    REQUIRE(again);
    CHECK(again->whole);
    CHECK(again->keep.size() == 2);
    CHECK(again->append.size() == 2);
    CHECK_FALSE(desk.report(full, 32s));  // said before
    CHECK(desk.archive.failures() == 2);
    REQUIRE(desk.order(62s));
    CHECK(desk.report({}, 62s));  // well again
    CHECK_FALSE(desk.archive.is_behind());
    desk.archive.keep("a", "3");
    const auto usual = desk.order(63s);
    REQUIRE(usual);
    CHECK_FALSE(usual->whole);
}

TEST_CASE("archive: a file moved aside is followed by a whole order at once", "[firmware][store]") {
    Desk desk;
    desk.archive.keep("a", "1");
    REQUIRE(desk.order(0s));
    CHECK(desk.report(fail(Fault::corrupt, "moved aside"), 1s));
    const auto whole = desk.order(1s);
    REQUIRE(whole);
    CHECK(whole->whole);
    CHECK(whole->keep.size() == 1);
}

TEST_CASE("archive: after a start in trouble the first order is a whole one", "[firmware][store]") {
    Archive archive(false);
    Journal journal(10);
    archive.restore({{"a", "1"}});
    const auto order = archive.take_order(journal, t0);
    REQUIRE(order);
    CHECK(order->whole);
    CHECK(order->keep == std::vector<KeptText>{{"a", "1"}});
}
