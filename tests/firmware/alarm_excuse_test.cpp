// The laws of an excuse (`unless`), checked over every story of four rounds in which the heat and
// the load are each met, un-met or missing.
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "firmware/alarm/book.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
constexpr std::size_t rounds = 4;
constexpr std::size_t kinds = 3;                     ///< of round for each point: 0, 1, missing
using Round = std::array<std::optional<double>, 2>;  ///< heat, load
using Story = std::vector<Round>;

AlarmPlan plan_of(Duration load_lasts) {
    AlarmPlan plan;
    plan.name = "hot";
    plan.conditions.push_back({{"d", "heat"}, Compare::above, 0.5});
    plan.unless.push_back({{"d", "load"}, Compare::above, 0.5});
    plan.unless.back().off_delay = load_lasts;
    return plan;
}

/// The phases after each round, ten seconds apart.
std::vector<Phase> phases(const Story& story, Duration load_lasts = 0s) {
    AlarmBook book({plan_of(load_lasts)}, t0);
    History history(t0);
    history.expect("d", 1h);
    std::vector<Phase> after;
    Instant now = t0;
    for (const auto& round : story) {
        now += 10s;
        static_cast<void>(book.tick(history, now));
        for (std::size_t i = 0; i < 2; ++i) {
            Reading reading{{"d", i == 0 ? "heat" : "load"}, 0.0, "", Unit::none, now};
            if (round[i]) reading.value = *round[i];
            if (!round[i]) reading.value = fail(Fault::stale, "no reading");
            history.add(std::move(reading));
        }
        static_cast<void>(book.look("d", history, now));
        after.push_back(book.state(0).phase);
    }
    return after;
}

Story story_of(std::size_t number) {
    const auto of = [](std::size_t kind) {
        return kind == 2 ? std::nullopt : std::optional(static_cast<double>(kind));
    };
    Story story;
    for (std::size_t i = 0; i < rounds; ++i) {
        story.push_back({of(number % kinds), of(number / kinds % kinds)});
        number /= kinds * kinds;
    }
    return story;
}

template <class Law>
void for_every_story(Law law) {
    std::size_t stories = 1;
    for (std::size_t i = 0; i < rounds; ++i) stories *= kinds * kinds;
    std::size_t broken = 0;
    for (std::size_t number = 0; number < stories; ++number) {
        if (law(story_of(number))) continue;
        if (++broken == 1) FAIL_CHECK("first broken by story " << number);
    }
    CHECK(broken == 0);
}

}  // namespace

TEST_CASE("excuse: missing load is the load last known, and before that no load",
          "[firmware][alarm]") {
    for_every_story([](const Story& story) {
        Story filled = story;
        std::optional<double> load = 0;
        for (auto& round : filled) load = round[1] = round[1] ? round[1] : load;
        return phases(story) == phases(filled);
    });
}

TEST_CASE("excuse: missing heat starts and ends nothing, whatever the load says",
          "[firmware][alarm]") {
    for_every_story([](const Story& story) {
        const auto after = phases(story);
        for (std::size_t i = 0; i < rounds; ++i) {
            const auto before = i == 0 ? Phase::unknown : after[i - 1];
            if (!story[i][0] && after[i] != before) return false;
        }
        return true;
    });
}

TEST_CASE("excuse: one that lasts only ever holds back more", "[firmware][alarm]") {
    for_every_story([](const Story& story) {
        const auto without = phases(story);
        const auto with = phases(story, 15s);
        for (std::size_t i = 0; i < rounds; ++i)
            if (is_active(with[i]) && !is_active(without[i])) return false;
        return true;
    });
}

TEST_CASE("excuse: a load's heat is excused for as long as it was said to stay",
          "[firmware][alarm]") {
    const Story story = {{0, 1}, {1, 1}, {1, 0}, {1, 0}, {1, 0}};
    CHECK(phases(story) ==
          std::vector{Phase::clear, Phase::clear, Phase::firing, Phase::firing, Phase::firing});
    CHECK(phases(story, 15s) ==
          std::vector{Phase::clear, Phase::clear, Phase::clear, Phase::firing, Phase::firing});
}

TEST_CASE("excuse: when it has lasted, the alarm begins by time alone", "[firmware][alarm]") {
    AlarmBook book({plan_of(1min)}, t0);
    History history(t0);
    history.expect("d", 1h);
    const auto hear = [&](const char* measure, double value, Instant at) {
        history.add({{"d", measure}, value, "", Unit::none, at});
    };
    hear("heat", 1, t0);
    hear("load", 1, t0);
    static_cast<void>(book.look("d", history, t0));
    hear("load", 0, t0 + 10s);
    static_cast<void>(book.look("d", history, t0 + 10s));
    CHECK(book.state(0).phase == Phase::clear);
    CHECK(book.next_deadline() <= t0 + 60s);
    static_cast<void>(book.tick(history, t0 + 59s));
    CHECK(book.state(0).phase == Phase::clear);
    static_cast<void>(book.tick(history, t0 + 60s));
    CHECK(book.state(0).phase == Phase::firing);
}
