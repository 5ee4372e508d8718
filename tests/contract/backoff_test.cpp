#include "contract/support/backoff.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("backoff: the wait doubles with each failure up to the most", "[contract][backoff]") {
    Backoff backoff(1s, 5s);
    CHECK_FALSE(backoff.failing());
    CHECK(backoff.failed() == 1s);
    CHECK(backoff.failed() == 2s);
    CHECK(backoff.failed() == 4s);
    CHECK(backoff.failed() == 5s);
    CHECK(backoff.failed() == 5s);
    CHECK(backoff.failing());
}

TEST_CASE("backoff: a success starts over", "[contract][backoff]") {
    Backoff backoff(100ms, 1min);
    for (int i = 0; i < 10; ++i) backoff.failed();
    backoff.succeeded();
    CHECK_FALSE(backoff.failing());
    CHECK(backoff.failed() == 100ms);
}

TEST_CASE("backoff: a first wait above the most is cut to the most", "[contract][backoff]") {
    Backoff backoff(10s, 3s);
    CHECK(backoff.failed() == 3s);
}

TEST_CASE("backoff: thousands of failures never overflow the wait", "[contract][backoff]") {
    Backoff backoff(1ms, Duration::max());
    Duration last{};
    for (int i = 0; i < 10'000; ++i) {
        const Duration next = backoff.failed();
        REQUIRE(next >= last);
        last = next;
    }
    CHECK(last == Duration::max());
}
