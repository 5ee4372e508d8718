#include "sim/load.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <thread>
#include <utility>

#include "contract/support/inbox.hpp"
#include "contract/support/log.hpp"
#include "contract/support/program.hpp"

namespace firebreak {

namespace {

// A person gives up after this long.
constexpr auto patience = std::chrono::seconds(2);
// Enough that answers of up to 0.4 s do not delay the next request at 40 a second.
constexpr int workers_per_service = 16;

struct Outcome {
    std::size_t service = 0;
    WallTime at;
    bool ok = false;
    std::string status;  ///< HTTP status, or why there is none
    double latency_ms = 0;
};

/// What the workers share: the plan, the clock's start, and who sends which request.
struct Shared {
    const LoadPlan& plan;
    Instant start;
    Inbox<Outcome> outcomes{65536};
    std::vector<std::atomic<std::uint64_t>> sent;
    std::atomic<bool> stop = false;

    explicit Shared(const LoadPlan& load)
        : plan(load), start(std::chrono::steady_clock::now()), sent(load.services.size()) {}
};

Outcome request(httplib::Client& client, const std::string& path, std::size_t service) {
    Outcome outcome{service,
                    std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()),
                    false, "", 0};
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = client.Get(path.c_str());
    outcome.latency_ms = seconds(std::chrono::steady_clock::now() - begin) * 1000;
    outcome.ok = answer && answer->status == 200;
    outcome.status = answer ? std::to_string(answer->status) : httplib::to_string(answer.error());
    return outcome;
}

void work(Shared& shared, std::size_t service) {
    httplib::Client client(shared.plan.url);
    client.set_keep_alive(true);
    client.set_connection_timeout(patience);
    client.set_read_timeout(patience);
    client.set_write_timeout(patience);
    const auto& load = shared.plan.services[service];
    const std::string path = "/" + load.name;
    while (true) {
        const auto number = shared.sent[service].fetch_add(1);
        const auto due =
            shared.start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
                               static_cast<double>(number) / load.rate));
        // In short naps, so that a slow service also stops promptly.
        while (!shared.stop && std::chrono::steady_clock::now() < due) {
            const auto nap = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
            std::this_thread::sleep_until(std::min(due, nap));
        }
        if (shared.stop) return;
        shared.outcomes.post(request(client, path, service));
    }
}

void write(std::ofstream& csv, const LoadPlan& plan, const Outcome& outcome) {
    csv << fmt::format("{},{},{},{},{:.1f}\n", outcome.at.time_since_epoch().count(),
                       plan.services[outcome.service].name, outcome.ok ? 1 : 0, outcome.status,
                       outcome.latency_ms);
}

}  // namespace

Result<void> run_load(const LoadPlan& plan) {
    std::ofstream csv(plan.csv, std::ios::trunc);
    if (!csv) return fail(Fault::config, "cannot write " + plan.csv);
    Shared shared(plan);
    const StopSignal signal([&shared] { shared.stop = true; });

    std::vector<std::thread> workers;
    for (std::size_t service = 0; service < plan.services.size(); ++service) {
        for (int i = 0; i < workers_per_service; ++i) {
            workers.emplace_back([&shared, service] { work(shared, service); });
        }
    }
    log(LogLevel::info, "ready", {{"url", plan.url}, {"workers", workers.size()}});

    const Instant end = plan.lasts ? shared.start + *plan.lasts : never;
    while (!shared.stop) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= end) shared.stop = true;
        if (const auto outcome = shared.outcomes.take(now + std::chrono::milliseconds(100))) {
            write(csv, plan, *outcome);
        }
    }
    for (auto& worker : workers) worker.join();
    while (const auto outcome = shared.outcomes.take_now()) write(csv, plan, *outcome);
    csv.flush();
    if (!csv) return fail(Fault::refused, "could not write all of " + plan.csv);
    log(LogLevel::info, "done", {{"dropped", shared.outcomes.dropped()}});
    return {};
}

}  // namespace firebreak
