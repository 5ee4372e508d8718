// 24 simulated hours of every kind of fault on 32 devices of 4 buses at 1 Hz, through the agent's
// core and its poll schedules: what the heap holds after the twelfth hour and after the last, and
// how much of the simulated time the cores took.
#include <chrono>
#include <cstdio>

#include "tests/support/heap.hpp"
#include "tests/support/soak.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

int main() {
    const auto begin = std::chrono::steady_clock::now();
    Soak soak(4, 8, 1s);
    soak.run_until(12h);
    const auto heap = live_heap_bytes();
    const auto descriptors = open_descriptors();
    soak.run_until(24h);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto& counts = soak.counts();
    const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
    std::printf(
        "soak.reads %.0f in 24 h (well %.0f, timeout %.0f, corrupt %.0f, refused %.0f, "
        "busy %.0f, port lost %.0f, garbage %.0f, too short %.0f)\n",
        number(counts.reads), number(counts.good), number(counts.timeouts), number(counts.corrupt),
        number(counts.refused), number(counts.busy), number(counts.port_lost),
        number(counts.garbage), number(counts.too_short));
    const auto now = live_heap_bytes();
    std::printf(
        "soak.heap_growth %.1f KiB from the 12th to the 24th hour (of %.1f KiB; bound: "
        "1 %%, for numbers with more digits)\n",
        (number(now) - number(heap)) / 1024, number(heap) / 1024);
    std::printf("soak.descriptor_growth %.0f (bound: 0)\n",
                number(open_descriptors()) - number(descriptors));
    std::printf("soak.cpu %.3f %% of a core (of simulated time)\n", took.count() / 86'400 * 100);
    return 0;
}
