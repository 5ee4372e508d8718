#include "contract/link/turns.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

}  // namespace

TEST_CASE("turns: the next broker has its turn at once, and a wait comes after a whole round",
          "[contract][turns]") {
    Turns turns(3, "one");
    CHECK(turns.broker() == 0);
    for (const std::size_t next : {1U, 2U}) {
        CHECK(turns.failed(t0) - t0 < 100ms);
        CHECK(turns.broker() == next);
    }
    CHECK(turns.failed(t0) - t0 >= 250ms);
    CHECK(turns.broker() == 0);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 2; ++i) CHECK(turns.failed(t0) - t0 < 100ms);
        const auto wait = turns.failed(t0) - t0;
        CHECK(wait >= 250ms);
        CHECK(wait <= 19s);
    }
    CHECK(turns.failed(t0) - t0 < 100ms);
}

TEST_CASE("turns: only a connection that lived long enough ends the back-off",
          "[contract][turns]") {
    Turns turns(1, "one");
    Duration wait{};
    for (int i = 0; i < 10; ++i) {
        CHECK(turns.stays_up(t0) == t0 + Turns::good_connection);
        wait = turns.failed(t0) - t0;  // thrown out at once, again and again
    }
    CHECK(wait >= 15s);
    CHECK(turns.stays_up(t0) == t0 + Turns::good_connection);
    CHECK(turns.stays_up(t0 + 1s) == t0 + Turns::good_connection);
    CHECK(turns.stays_up(t0 + Turns::good_connection) == never);
    CHECK(turns.failed(t0) - t0 < 400ms);
}

TEST_CASE("turns: programs that lost one broker at one moment do not come back at one moment",
          "[contract][turns]") {
    Turns a(1, "firebreak-agent-pangyo-room-1");
    Turns b(1, "firebreak-agent-pangyo-room-2");
    CHECK(a.failed(t0) != b.failed(t0));
}
