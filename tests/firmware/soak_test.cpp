// A day of faults in simulated time. The bench of the same name lives it with more devices.
#include "tests/support/soak.hpp"

#include "tests/catch.hpp"
#include "tests/support/heap.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

TEST_CASE("agent: a day of every kind of fault leaves no more behind than half of it",
          "[firmware][agent][soak]") {
    Soak soak(2, 4, 30s);
    soak.run_until(12h);
    const auto heap = live_heap_bytes();
    const auto descriptors = open_descriptors();
    const auto early = soak.counts();
    for (const auto kind :
         {early.good, early.timeouts, early.corrupt, early.refused, early.busy, early.port_lost,
          early.garbage, early.too_short, early.orders, early.writes, early.messages}) {
        REQUIRE(kind > 0);
    }
    soak.run_until(24h);
    CHECK(soak.counts().reads > early.reads * 3 / 2);
    // Not exactly as much: numbers in the messages that are kept have more digits now.
    CHECK(live_heap_bytes() <= heap + heap / 100);
    CHECK(open_descriptors() == descriptors);
}
