#include "firmware/alarm/watch.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <random>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};

Duration in(double s) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

PointId cell(int i) {
    return {"bms1", "cell." + std::to_string(i) + ".temperature"};
}

Group cells(int count) {
    auto group = std::make_shared<GroupPlan>();
    group->name = "cells";
    for (int i = 0; i < count; ++i) group->members.push_back(cell(i));
    return group;
}

ConditionPlan about(Quantity quantity, double limit, Compare compare = Compare::above) {
    ConditionPlan condition{cell(0), compare, limit, 0};
    condition.quantity = std::move(quantity);
    return condition;
}

/// Plays temperatures into one condition; each column a cell.
struct Play {
    History history{t0};
    Watch watch{t0};
    std::uint32_t condition;
    double now = 0;
    Verdict verdict = Verdict::no_evidence;

    explicit Play(const ConditionPlan& plan) : condition(watch.add(plan)) {
        history.expect("bms1", 100s);
    }
    Verdict see(double t, const std::vector<double>& values) {
        for (std::size_t i = 0; i < values.size(); ++i) {
            Reading reading{cell(static_cast<int>(i)), values[i], "", Unit::celsius, t0 + in(t)};
            history.add(std::move(reading));
        }
        now = t;
        watch.hear("bms1", history, t0 + in(t));
        return verdict = watch.judge(condition, history, t0 + in(t));
    }
    std::string words() { return watch.explain(condition, history, t0 + in(now), verdict); }

    /// The first time it is met, or -1.
    double first_met(double from, double to, double step,
                     const std::function<std::vector<double>(double)>& at) {
        for (double t = from; t <= to; t += step) {
            if (see(t, at(t)) == Verdict::met) return t;
        }
        return -1;
    }
};

double rounded(double value, double quantum) {
    return std::round(value / quantum) * quantum;
}

}  // namespace

TEST_CASE("watch: a slow rise is seen at any sampling and rounding, and its half is not",
          "[firmware][alarm]") {
    std::mt19937 random(7);
    for (const double period : {0.1, 0.5, 1.0, 5.0, 10.0, 30.0}) {
        for (const double quantum : {0.01, 0.1, 1.0}) {
            INFO("period " << period << " quantum " << quantum);
            std::normal_distribution<double> noise(0, 0.05);
            const auto rise = [&](double slope) {
                return [&, slope](double t) {
                    const double heat = t > 600 ? slope * (t - 600) : 0;
                    return std::vector{rounded(25 + heat + noise(random), quantum)};
                };
            };
            Play seen(about(Rate{60s, nullptr}, 0.05));
            const double at = seen.first_met(0, 1200, period, rise(0.1));
            CHECK(at > 600);
            CHECK(at < 600 + std::max(75.0, 6 * period));
            Play unseen(about(Rate{60s, nullptr}, 0.05));
            CHECK(unseen.first_met(0, 1200, period, rise(0.02)) == -1);
        }
    }
}

TEST_CASE("watch: a fast rise is seen within its first seconds", "[firmware][alarm]") {
    Play play(about(Rate{3s, nullptr}, 0.5));
    const double at = play.first_met(
        0, 200, 1, [](double t) { return std::vector{t > 100 ? 25 + 2 * (t - 100) : 25.0}; });
    CHECK(at > 100);
    CHECK(at <= 106);
    CHECK(play.words().find("rising 2 Cel/s over 3s") != std::string::npos);
}

TEST_CASE("watch: a step, a spike and noise are no rate", "[firmware][alarm]") {
    std::mt19937 random(3);
    std::normal_distribution<double> noise(0, 0.3);
    const std::map<std::string, std::function<double(double)>> faults = {
        {"step", [](double t) { return t < 300 ? 25.0 : 40.0; }},
        {"steps down and up", [](double t) { return t > 300 && t < 320 ? 0.0 : 25.0; }},
        {"spikes", [](double t) { return std::fmod(t, 50) < 1 ? 85.0 : 25.0; }},
        {"flips", [](double t) { return std::fmod(t, 20) < 10 ? 85.0 : 25.0; }},
        {"open", [](double t) { return t < 300 ? 25.0 : 1372.0; }},
        {"noise", [&](double) { return 25 + noise(random); }},
        {"rounding", [](double t) { return rounded(25.5 + 0.01 * std::sin(t), 1); }},
    };
    for (const auto& [name, fault] : faults) {
        for (const auto window : {Duration(3s), Duration(60s)}) {
            INFO(name << " over " << format_duration(window));
            Play play(about(Rate{window, nullptr}, window == 3s ? 0.5 : 0.05));
            const auto at = fault;
            CHECK(play.first_met(0, 20000, 1, [&](double t) { return std::vector{at(t)}; }) == -1);
        }
    }
}

TEST_CASE("watch: a sensor that jumps is not believed, a fire that outruns its samples is",
          "[firmware][alarm]") {
    auto plan = about(Present{}, 60);
    plan.belief = {20, -40, 1000};
    plan.samples = 2;
    const auto met = [&](double step, const std::function<double(double)>& at) {
        return Play(plan).first_met(0, 4000, step, [&](double t) { return std::vector{at(t)}; });
    };
    CHECK(met(1, [](double t) { return t < 300 ? 25.0 : 85.0; }) == -1);
    CHECK(met(1, [](double t) { return t < 300 ? 25.0 : 1372.0; }) == -1);
    CHECK(met(1, [](double t) { return t < 300 ? 25.0 : -200.0; }) == -1);
    CHECK(met(1, [](double t) { return std::fmod(t, 20) < 10 ? 25.0 : 85.0; }) == -1);
    CHECK(met(1, [](double t) { return std::fmod(t, 7) < 6 ? 25.0 : 85.0; }) == -1);
    // 100 Cel/s for five seconds, a nail in a cell: not behind two plain samples above the limit.
    const auto nail = [](double t) {
        return t < 300 ? 25.0 : std::min(600.0, 25 + 100 * (t - 300));
    };
    CHECK(met(1, nail) == 302);
    CHECK(met(0.1, nail) > 300);
    CHECK(met(0.1, nail) < 301);
}

TEST_CASE("watch: a sensor that came back from jumps must stay away longer than it ever did",
          "[firmware][alarm]") {
    auto plan = about(Present{}, 60);
    plan.belief = {20, -40, 1000};
    plan.samples = 2;
    const auto met = [&](const std::function<double(double)>& at) {
        return Play(plan).first_met(0, 4000, 1, [&](double t) { return std::vector{at(t)}; });
    };
    // It spikes each 100 s; at 650 s two spikes in a row go the same way, as a fire would.
    const auto spiking = [](double t, double first, double second) {
        if (t == 650) return first;
        if (t == 651) return second;
        return std::fmod(t, 100) == 50 ? 90.0 : 25.0;
    };
    CHECK(met([&](double t) { return spiking(t, 80, 164); }) == -1);
    CHECK(met([&](double t) { return spiking(t, -20, -80); }) == -1);
    // The same sensor in a fire: 200 Cel/s, seen when it has stayed longer than any spike.
    CHECK(met([&](double t) { return t < 650 ? spiking(t, 0, 0) : 25 + 200 * (t - 650); }) == 653);
}

TEST_CASE("watch: what comes between doubted readings is no course", "[firmware][alarm]") {
    // An open thermocouple that tells the truth once in ten readings, in a string on load.
    const auto open = [](double t) {
        const double truth = t < 300 ? 25.0 : 25 + 0.1 * std::min(t - 300, 300.0);
        return std::fmod(t, 10) < 1 ? truth : 1372.0;
    };
    for (const Quantity& quantity : {Quantity(Rate{60s, nullptr}), Quantity(Change{60s, false})}) {
        auto plan = about(quantity, 0.04);
        plan.belief = {20, -40, 1000};
        Play play(plan);
        CHECK(play.first_met(0, 1000, 1, [&](double t) { return std::vector{open(t)}; }) == -1);
        CHECK(play.verdict == Verdict::no_evidence);
    }
}

TEST_CASE("watch: an intermittent sensor is missing once, not each time it falls silent",
          "[firmware][alarm]") {
    auto plan = about(Missing{}, 60);
    plan.belief = {20, -40, 1000};
    Play play(plan);
    const auto flips = [](double t) {
        const bool whole = t < 300 || t > 3000;
        return std::vector{whole || std::fmod(t, 10) < 1 ? 25.0 : 1372.0};
    };
    const double began = play.first_met(0, 3000, 1, flips);
    CHECK(began > 360);
    CHECK(began < 420);
    for (double t = began + 1; t <= 3000; ++t) REQUIRE(play.see(t, flips(t)) == Verdict::met);
    CHECK(play.words().find("intermittent for") != std::string::npos);
    for (double t = 3001; t <= 3030; ++t) play.see(t, flips(t));
    CHECK(play.verdict == Verdict::unmet);
}

TEST_CASE("watch: a cell is measured against the median of its live peers", "[firmware][alarm]") {
    const auto group = cells(8);
    Play play(about(Deviation{group, false, false}, 5));
    std::vector<double> values(8, 25);
    CHECK(play.see(1, values) == Verdict::unmet);
    values[3] = 200;  // two lie
    values[4] = -40;
    CHECK(play.see(2, values) == Verdict::unmet);
    values[0] = 31;
    CHECK(play.see(3, values) == Verdict::met);
    CHECK(play.words() ==
          "bms1 cell.0.temperature 31 Cel, 6 Cel over the median 25 of its 7 peers, above 5, "
          "0 s old; clears at 5");
    for (auto& value : values) value = 60;  // all warm together: that is the load, not a fault
    CHECK(play.see(4, values) == Verdict::unmet);
}

TEST_CASE("watch: a group that is missing is no evidence", "[firmware][alarm]") {
    Play play(about(Deviation{cells(8), false, false}, 5));
    CHECK(play.see(1, {31}) == Verdict::no_evidence);
    CHECK(play.see(2, {31, 25, 25}) == Verdict::no_evidence);
    CHECK(play.see(3, {31, 25, 25, 25}) == Verdict::met);
    CHECK(play.see(4, {31, 25, 25, std::nan("")}) == Verdict::no_evidence);
}

TEST_CASE("watch: a rate that all share is nobody's", "[firmware][alarm]") {
    Play play(about(Rate{60s, cells(6)}, 0.03));
    const auto at = play.first_met(0, 2000, 1, [](double t) {
        std::vector<double> values(6, 25 + 0.1 * t);
        if (t > 1000) values[0] += 0.08 * (t - 1000);
        return values;
    });
    CHECK(at > 1000);
    CHECK(at < 1080);
}

TEST_CASE("watch: a forecast is met only when its slow edge is within the time",
          "[firmware][alarm]") {
    std::mt19937 random(5);
    std::normal_distribution<double> noise(0, 0.1);
    Play play(about(TimeTo{60, 300s, false}, 600, Compare::below));
    const double at = play.first_met(0, 3000, 1, [&](double t) {
        return std::vector{25 + 0.02 * t + noise(random)};  // 60 at 1750 s
    });
    CHECK(at > 1150);
    CHECK(at < 1250);
    Play falling(about(TimeTo{10, 300s, true}, 600, Compare::below));
    CHECK(falling.first_met(0, 3000, 1, [&](double t) {
        return std::vector{45 - 0.02 * t + noise(random)};
    }) > 1150);
    Play flat(about(TimeTo{60, 300s, false}, 600, Compare::below));
    CHECK(flat.first_met(0, 9000, 1, [&](double) { return std::vector{55 + noise(random)}; }) ==
          -1);
}

TEST_CASE("watch: a sensor that stands still while its peers move is stuck", "[firmware][alarm]") {
    Play play(about(Stuck{cells(5), 2.0}, 600));
    const double at = play.first_met(0, 4000, 10, [](double t) {
        const double room = 25 + 5 * std::sin(t / 500);
        return std::vector{t < 1000 ? room : 30.0, room, room, room, room};
    });
    CHECK(at >= 1600);
    CHECK(at < 1800);
    Play calm(about(Stuck{cells(5), 2.0}, 600));
    CHECK(calm.first_met(0, 4000, 10, [](double) { return std::vector<double>(5, 25); }) == -1);
}

TEST_CASE("watch: an overload counts down by its own curve and comes back", "[firmware][alarm]") {
    auto plan = about(Overload{{{105, 600}, {125, 60}, {150, 10}}}, 30, Compare::below);
    Play play(plan);
    CHECK(play.see(0, {80}) == Verdict::unmet);
    CHECK(play.see(1, {125}) == Verdict::unmet);  // 60 s left
    for (int t = 2; t <= 30; ++t) play.see(t, {125});
    CHECK(play.verdict == Verdict::unmet);
    CHECK(play.see(32, {125}) == Verdict::met);
    CHECK(play.words().find("29 s left at this load") != std::string::npos);
    CHECK(play.see(33, {90}) == Verdict::unmet);
    CHECK(play.see(34, {150}) == Verdict::met);  // half is used: 5 s left
}

TEST_CASE("watch: late, repeated, future and impossible readings move nothing",
          "[firmware][alarm]") {
    const double inf = std::numeric_limits<double>::infinity();
    Play play(about(Rate{3s, nullptr}, 0.5));
    for (int t = 0; t < 20; ++t) {
        play.see(t, {25});
        CHECK(play.verdict != Verdict::met);
        play.see(t, {90});       // the same instant again
        play.see(t - 5, {400});  // late
        play.see(t, {std::nan("")});
        play.see(t, {inf});
        play.see(t, {-inf});
        CHECK(play.verdict != Verdict::met);
    }
}

TEST_CASE("watch: missing counts from the last good reading, or from the start",
          "[firmware][alarm]") {
    auto plan = about(Missing{}, 30);
    Play play(plan);
    CHECK(play.watch.judge(play.condition, play.history, t0 + 29s) == Verdict::unmet);
    CHECK(play.watch.next_change(play.condition) == t0 + 30001ms);
    CHECK(play.watch.judge(play.condition, play.history, t0 + 31s) == Verdict::met);
    CHECK(play.see(40, {25}) == Verdict::unmet);
    CHECK(play.see(50, {std::nan("")}) == Verdict::unmet);
    CHECK(play.see(71, {std::nan("")}) == Verdict::met);
}
