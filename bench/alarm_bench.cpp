// How many readings a second go through history, conditions and step on one core, and whether
// anything is allocated on the way. The floor is a plain ring and a threshold over the same
// readings.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <new>
#include <random>
#include <vector>

#include "firmware/alarm/book.hpp"

namespace {

std::atomic<std::uint64_t> allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
    ++allocations;
    if (void* memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace firebreak {
namespace {

using Clock = std::chrono::steady_clock;
const Instant t0{std::chrono::hours(1000)};
constexpr std::size_t cells_a_device = 100;
constexpr std::size_t rounds_measured = 4096;
constexpr std::size_t most_points = 10'000;

PointId cell(std::size_t i) {
    return {fmt::format("bms{}", i / cells_a_device),
            fmt::format("cell.{}.temperature", i % cells_a_device)};
}

ConditionPlan on(const PointId& point, Quantity quantity, double limit) {
    const bool time = std::holds_alternative<TimeTo>(quantity);
    ConditionPlan condition{point, time ? Compare::below : Compare::above, limit, 0};
    condition.quantity = std::move(quantity);
    condition.belief = {20, -40, 1000};
    return condition;
}

AlarmPlan alarm(std::size_t number, ConditionPlan condition) {
    AlarmPlan plan;
    plan.name = fmt::format("rule-{}", number);
    plan.conditions.push_back(std::move(condition));
    plan.on_delay = std::chrono::seconds(1);
    return plan;
}

/// `rules` alarms over `points`, five kinds in turn; the points in a string of 100 are peers.
std::vector<AlarmPlan> rules_for(std::size_t points, std::size_t rules) {
    std::vector<Group> strings;
    for (std::size_t i = 0; i < points; ++i) {
        if (i % cells_a_device == 0) strings.push_back(nullptr);
        auto group = strings.back() ? std::make_shared<GroupPlan>(*strings.back())
                                    : std::make_shared<GroupPlan>();
        group->members.push_back(cell(i));
        strings.back() = std::move(group);
    }
    std::vector<AlarmPlan> plans;
    for (std::size_t rule = 0; rule < rules; ++rule) {
        const std::size_t point = rule * points / rules;
        const auto& peers = strings[point / cells_a_device];
        const std::vector<std::pair<Quantity, double>> kinds = {
            {Present{}, 60},
            {Rate{std::chrono::seconds(60), nullptr}, 0.05},
            {Rate{std::chrono::seconds(3), nullptr}, 0.5},
            {Deviation{peers, false, false}, 5},
            {TimeTo{60, std::chrono::seconds(120), false}, 600},
        };
        const auto& [quantity, limit] = kinds[rule % kinds.size()];
        plans.push_back(alarm(rule, on(cell(point), quantity, limit)));
    }
    return plans;
}

/// Readings as sensors give them: rounded to 0.1, noisy, wandering. As many whatever the points, or
/// the processor knows those of a few by heart and guesses every branch right.
std::vector<double> readings() {
    std::mt19937 random(1);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<double> values(most_points * 64);
    for (auto& value : values) value = std::round((25 + noise(random)) * 10) / 10;
    return values;
}

struct Outcome {
    double readings_a_second = 0;
    std::uint64_t allocated = 0;
};

Outcome through_alarms(std::size_t points, std::size_t rules, const std::vector<double>& values) {
    History history(t0);
    std::vector<std::string> devices;
    std::vector<PointIndex> index;
    for (std::size_t i = 0; i < points; ++i) {
        const auto point = cell(i);
        if (devices.empty() || devices.back() != point.device) {
            devices.push_back(point.device);
            history.expect(point.device, std::chrono::seconds(10));
        }
        index.push_back(history.resolve(point));
    }
    AlarmBook book(rules_for(points, rules), t0);
    const auto round = [&](std::size_t number) {
        const Instant now = t0 + std::chrono::seconds(number);
        const double* value = &values[number % (values.size() / points) * points];
        std::size_t changed = 0;
        for (std::size_t d = 0, i = 0; d < devices.size(); ++d) {
            const auto end = std::min(points, i + cells_a_device);
            for (; i < end; ++i) history.add(index[i], value[i], now);
            changed += book.look(devices[d], history, now).size();
            changed += book.tick(history, now).size();
        }
        return changed;
    };
    std::size_t number = 1;
    for (; number < 300; ++number) round(number);  // windows are full, phases known
    const std::size_t rounds = std::max<std::size_t>(64, rounds_measured * 100 / points);
    const auto before = allocations.load();
    const auto begin = Clock::now();
    std::size_t changed = 0;
    for (std::size_t i = 0; i < rounds; ++i) changed += round(number++);
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    const auto allocated = allocations.load() - before;
    if (changed != 0) fmt::print(stderr, "alarm_bench: {} false alarms\n", changed);
    return {static_cast<double>(rounds * points) / took, allocated};
}

/// The floor: a ring of 64 a point, and whether the newest is above a limit.
double through_rings(std::size_t points, const std::vector<double>& values) {
    std::vector<double> rings(points * 64);
    const std::size_t rounds = std::max<std::size_t>(64, rounds_measured * 100 / points) * 16;
    std::size_t hot = 0;
    const auto begin = Clock::now();
    for (std::size_t round = 0; round < rounds; ++round) {
        const double* value = &values[round % (values.size() / points) * points];
        for (std::size_t i = 0; i < points; ++i) {
            rings[i * 64 + round % 64] = value[i];
            if (value[i] > 60) ++hot;
        }
    }
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    if (hot != 0) fmt::print(stderr, "alarm_bench: the floor saw heat\n");
    return static_cast<double>(rounds * points) / took;
}

template <class Run>
double median_of_five(Run run) {
    std::vector<double> runs;
    for (int i = 0; i < 5; ++i) runs.push_back(run());
    std::sort(runs.begin(), runs.end());
    return runs[2];
}

/// Gives the readings a second.
double report(const char* what, std::size_t points, std::size_t rules) {
    const auto values = readings();
    std::uint64_t allocated = 0;
    const double alarms = median_of_five([&] {
        const auto outcome = through_alarms(points, rules, values);
        allocated = std::max(allocated, outcome.allocated);
        return outcome.readings_a_second;
    });
    const double rings = median_of_five([&] { return through_rings(points, values); });
    fmt::print("alarm.{}_points_{} {:.2f} million readings/s (floor {:.1f}, {} rules)\n", what,
               points, alarms / 1e6, rings / 1e6, rules);
    fmt::print("alarm.{}_points_{}_allocations {} (floor 0)\n", what, points, allocated);
    return alarms;
}

/// What a reading costs among many points over what it costs among 100: 1 is linear.
void report_growth(const char* what, std::size_t rules_for_ten) {
    double among_100 = 0;
    for (const std::size_t points : {100UL, 1000UL, 10000UL}) {
        const double speed = report(what, points, points * rules_for_ten / 10);
        if (points == 100) among_100 = speed;
        fmt::print("alarm.{}_points_{}_cost_of_a_reading {:.2f} times (floor 1, among 100)\n", what,
                   points, among_100 / speed);
    }
}

}  // namespace
}  // namespace firebreak

int main() {
    firebreak::report("50_rules", 100, 50);
    firebreak::report_growth("half_a_rule_a_point", 5);
    firebreak::report_growth("five_rules_a_point", 50);
}
