// What the main job costs and how fast it is, on the demo's site with real processes: the agent's
// and the host's peak memory (floor: the same program answering --version), the time from the
// gas discharge to the last drained server, and how long SIGTERM takes.

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "bench/support/process_figures.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

double ms_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
        .count();
}

double wall_ms() {
    return std::chrono::duration<double, std::milli>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

double stop_ms(Process& process) {
    const auto start = std::chrono::steady_clock::now();
    if (process.stop(10s) != 0) std::fprintf(stderr, "demo: a program did not end with exit 0\n");
    return ms_since(start);
}

}  // namespace

int main() {
    Demo demo(R"(
[[change]]
at = "3s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
)");
    demo.start();
    // The room's log opens with the wall time of its story's begin, one second before t0.
    const double discharged_ms = std::stod(demo.world()) + 4000;
    if (!eventually([&] { return demo.all_drained(); }, 30s)) {
        std::fprintf(stderr, "demo: the servers were not drained\n");
        return 1;
    }
    std::printf("demo.gas_to_all_drained %.0f ms (floor: poll period 100 ms)\n",
                wall_ms() - discharged_ms);
    std::this_thread::sleep_for(5s);
    for (const auto& [name, process] :
         {std::pair("agent", demo.agent.get()), {"host", demo.host.get()}}) {
        const double floor = version_mib(name);
        const double peak = memory_mib(process->pid(), "VmHWM");
        std::printf("demo.%s_peak_memory %.1f MiB (floor: --version %.1f MiB, ratio %.2f)\n", name,
                    peak, floor, peak / floor);
        std::printf("demo.%s_sigterm_to_exit %.0f ms (bound: 2000 ms)\n", name, stop_ms(*process));
    }
    return 0;
}
