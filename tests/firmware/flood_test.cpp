#include "firmware/alarm/flood.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
using Alarms = std::vector<std::size_t>;

/// `count` alarms, one a second.
void come(Flood& flood, std::size_t first, std::size_t count, Instant from) {
    for (std::size_t i = 0; i < count; ++i) {
        flood.came(first + i, from + std::chrono::seconds(i));
    }
}

}  // namespace

TEST_CASE("flood: ten new alarms in ten minutes are none, the eleventh begins it",
          "[firmware][alarm]") {
    Flood flood(20);
    come(flood, 0, 10, t0);
    CHECK_FALSE(flood.tick(t0 + 10s));
    CHECK_FALSE(flood.is_on());
    flood.came(10, t0 + 11s);
    CHECK(flood.tick(t0 + 11s));
    CHECK(flood.is_on());
    CHECK_FALSE(flood.tick(t0 + 12s));  // said once
}

TEST_CASE("flood: eleven spread over more than ten minutes are none", "[firmware][alarm]") {
    Flood flood(20);
    for (std::size_t i = 0; i < 20; ++i) {
        const auto at = t0 + 60s * i;
        flood.came(i, at);
        CHECK_FALSE(flood.tick(at));
    }
    CHECK(flood.recent() == 10);
}

TEST_CASE("flood: it ends when fewer than five are left in the window, at the time it said",
          "[firmware][alarm]") {
    Flood flood(20);
    come(flood, 0, 11, t0);
    CHECK(flood.tick(t0 + 11s));
    const Instant ends = flood.next_deadline();
    CHECK(ends == t0 + 6s + 10min);  // five are left after the sixth went, four after the seventh
    CHECK_FALSE(flood.tick(ends - 1ns));
    CHECK(flood.is_on());
    CHECK(flood.tick(ends));
    CHECK_FALSE(flood.is_on());
    CHECK(flood.recent() == 4);
    CHECK(flood.next_deadline() == never);
}

TEST_CASE("flood: the first cause stays on top, whatever comes later and however often",
          "[firmware][alarm]") {
    Flood flood(20);
    flood.came(19, t0);
    flood.went(19);  // came and went: no cause of what follows
    come(flood, 5, 10, t0 + 1s);
    CHECK(flood.tick(t0 + 11s));
    CHECK(flood.alarms() == Alarms{5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 19});
    flood.went(5);
    flood.came(3, t0 + 20s);
    flood.came(5, t0 + 21s);
    CHECK(flood.tick(t0 + 21s));
    CHECK(flood.alarms().front() == 5);
    CHECK(flood.alarms().back() == 3);
    CHECK(flood.alarms().size() == 12);
}

TEST_CASE("flood: a new flood begins with its own first cause", "[firmware][alarm]") {
    Flood flood(40);
    come(flood, 0, 11, t0);
    CHECK(flood.tick(t0 + 11s));
    CHECK(flood.tick(t0 + 1h));
    come(flood, 20, 11, t0 + 2h);
    CHECK(flood.tick(t0 + 2h + 11s));
    CHECK(flood.alarms().front() == 20);
    CHECK(flood.alarms().size() == 11);
}

TEST_CASE("flood: ten thousand alarms in a second are bounded", "[firmware][alarm]") {
    Flood flood(3);
    for (int i = 0; i < 10'000; ++i) flood.came(static_cast<std::size_t>(i % 3), t0);
    CHECK(flood.tick(t0));
    CHECK(flood.recent() == 1000);
    CHECK(flood.alarms() == Alarms{0, 1, 2});
}

TEST_CASE("flood: begins, ends and forgets by the site's own numbers", "[firmware][alarm]") {
    Flood flood(20, {3, 2, 1min});
    come(flood, 0, 3, t0);
    CHECK_FALSE(flood.tick(t0 + 3s));
    flood.came(3, t0 + 3s);
    CHECK(flood.tick(t0 + 3s));
    CHECK(flood.is_on());
    CHECK(flood.next_deadline() == t0 + 62s);  // two are left until then
    CHECK_FALSE(flood.tick(t0 + 61s));
    CHECK(flood.tick(t0 + 62s));
    CHECK_FALSE(flood.is_on());
}
