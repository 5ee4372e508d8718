#include "firmware/outbox/newest.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

using Points = std::vector<std::uint32_t>;

Stamp stamp(std::uint64_t seq) {
    return {"boot", seq, WallTime(std::chrono::milliseconds(seq))};
}

/// What is offered until nothing is left.
Points drain(NewestReadings& newest) {
    Points points;
    while (const auto point = newest.front()) {
        points.push_back(*point);
        newest.sent();
    }
    return points;
}

}  // namespace

TEST_CASE("newest: a point is said once with what it was last, in the order of the first word",
          "[firmware][outbox]") {
    NewestReadings newest;
    newest.put(2, 1.5, "", stamp(1));
    newest.put(0, 2.5, "", stamp(2));
    newest.put(2, 3.5, "", stamp(3));
    CHECK_FALSE(newest.front());  // the link is down
    newest.link_up();
    REQUIRE(newest.front() == 2);
    CHECK(newest.notice(2).value == 3.5);
    CHECK(newest.notice(2).stamp.seq == 3);
    CHECK(drain(newest) == Points{2, 0});
    CHECK(drain(newest).empty());
}

TEST_CASE("newest: every link is told everything that was ever put, and nothing else",
          "[firmware][outbox]") {
    NewestReadings newest;
    newest.link_up();
    newest.put(3, 1, "", stamp(1));
    newest.put(1, 2, "", stamp(2));
    CHECK(drain(newest) == Points{3, 1});
    newest.link_down();
    newest.put(1, 4, "", stamp(3));
    CHECK_FALSE(newest.front());
    newest.link_up();
    newest.link_up();  // twice without a LinkDown, as after a quick reconnect
    CHECK(drain(newest) == Points{1, 3});
    CHECK(newest.seq(0) == 0);
    CHECK(newest.seq(1) == 3);
    CHECK(newest.seq(77) == 0);
}

TEST_CASE("newest: what is replaced after it was offered is said again", "[firmware][outbox]") {
    NewestReadings newest;
    newest.link_up();
    newest.put(0, 1, "", stamp(1));
    newest.put(1, 1, "", stamp(2));
    REQUIRE(newest.front() == 0);
    newest.put(1, 2, "", stamp(3));  // another point's
    newest.put(0, 2, "", stamp(4));
    newest.sent();
    REQUIRE(newest.front() == 0);
    CHECK(newest.notice(0).stamp.seq == 4);
    CHECK(drain(newest) == Points{0, 1});
}

TEST_CASE("newest: labels and the reasons of what is missing stay with their reading",
          "[firmware][outbox]") {
    NewestReadings newest;
    newest.put(0, 7, "on battery", stamp(1));
    newest.put(1, fail(Fault::refused, "outside 0 to 100"), "", stamp(2));
    newest.put(2, fail(Fault::stale, "a text"), "FB7", stamp(3));
    CHECK(newest.notice(0).label == "on battery");
    CHECK(newest.notice(0).value == 7);
    REQUIRE_FALSE(newest.notice(1).value);
    CHECK(newest.notice(1).value.error() == Error{Fault::refused, "outside 0 to 100", 0});
    CHECK(newest.notice(2).label == "FB7");
    newest.put(1, 50, "", stamp(4));
    CHECK(newest.notice(1).value == 50);
    CHECK(newest.notice(1).label.empty());
}
