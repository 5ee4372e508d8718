#include "sim/judge/stories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/judge/rooms.hpp"
#include "sim/judge/tally.hpp"
#include "sim/physics/probe.hpp"
#include "sim/physics/ups_battery.hpp"

namespace firebreak {

namespace {

constexpr const char* on_battery = "ups.status.ob";

/// A point that says fire by itself.
struct Sign {
    PointId point;
    double fire = 1;
    std::string kind;
};

bool named(const AlarmPlan& alarm, const std::string& name) {
    return alarm.name == name || alarm.made_by == name;
}

/// What this alarm's one condition is met by, of a point that is quiet at 0.
std::optional<Sign> sign_of(const AlarmPlan& alarm) {
    if (!alarm.made_by.empty() || alarm.conditions.size() != 1) return std::nullopt;
    const auto& condition = alarm.conditions.front();
    if (!std::holds_alternative<Present>(condition.quantity)) return std::nullopt;
    const double fire = condition.compare == Compare::above
                            ? condition.limit + std::max(1.0, std::abs(condition.limit))
                            : condition.limit;
    if (!meets(condition, fire, false) || meets(condition, 0, true)) return std::nullopt;
    return Sign{condition.point, fire, alarm.kind};
}

/// The alarm that asks for two kinds of sign.
const AlarmPlan* confirming(const SitePlan& site) {
    for (const auto& alarm : site.alarms)
        if (alarm.join.kinds >= 2) return &alarm;
    return nullptr;
}

std::vector<Sign> signs_for(const SitePlan& site, const AlarmPlan& asks) {
    std::vector<Sign> signs;
    for (const auto& condition : asks.conditions) {
        const auto* other = std::get_if<OtherAlarm>(&condition.quantity);
        if (other == nullptr) continue;
        for (const auto& alarm : site.alarms) {
            if (!named(alarm, other->alarm)) continue;
            if (auto sign = sign_of(alarm)) signs.push_back(std::move(*sign));
        }
    }
    return signs;
}

template <class Asked>
const ConditionPlan* condition_where(const SitePlan& site, Asked asked, const AlarmPlan** of) {
    for (const auto& alarm : site.alarms)
        for (const auto& condition : alarm.conditions)
            if (asked(condition)) {
                *of = &alarm;
                return &condition;
            }
    return nullptr;
}

/// When this alarm, or one that its template made, first fired.
std::optional<double> first_firing(const SitePlan& site, const Detectors& detectors,
                                   const AlarmPlan& alarm) {
    const auto names = detector_names(site);
    const auto& name = alarm.made_by.empty() ? alarm.name : alarm.made_by;
    for (const auto& firing : detectors.firings())
        if (names[firing.detector] == name) return firing.at;
    return std::nullopt;
}

/// The cells of a room where nothing is wrong with the cells.
class QuietCells {
public:
    QuietCells(const SitePlan& site, Detectors& detectors, Chance& chance) : detectors_(detectors) {
        const ProbeType probe{10, chance.between(0.02, 0.15), 0.1, chance.between(-1, 1)};
        for (const auto& point : cell_points(site)) {
            seats_.push_back(detectors.seat(point));
            probes_.emplace_back(probe, 24, Chance(chance.bits()));
        }
    }
    void step(double now) {
        for (std::size_t i = 0; i < seats_.size(); ++i)
            detectors_.hear(seats_[i], probes_[i].read(1, 24), now);
    }

private:
    Detectors& detectors_;
    std::vector<std::size_t> seats_;
    std::vector<Probe> probes_;
};

/// When which sign comes; the first of them also came alone, long before.
struct FireCourse {
    std::vector<double> at;
    double false_from = 0, false_to = 0;
    double second = 0;       ///< when there are two kinds
    std::size_t second_sign = 0;
};

FireCourse fire_course(std::vector<Sign>& signs, Chance& chance) {
    FireCourse course;
    for (std::size_t i = signs.size(); i > 1; --i) std::swap(signs[i - 1], signs[chance.below(i)]);
    course.false_from = std::floor(chance.between(60, 120));
    course.false_to = course.false_from + std::floor(chance.between(5, 120));
    double now = 1200;
    for (std::size_t i = 0; i < signs.size(); ++i) {
        course.at.push_back(now);
        if (course.second == 0 && signs[i].kind != signs.front().kind) {
            course.second = now;
            course.second_sign = i;
        }
        now += std::floor(chance.scale(1, 300));
    }
    return course;
}

bool has_two_kinds(const std::vector<Sign>& signs) {
    return std::any_of(signs.begin(), signs.end(),
                       [&](const Sign& sign) { return sign.kind != signs.front().kind; });
}

struct UpsPoints {
    std::size_t asked, on_battery;
};

UpsPoints ups_points(Detectors& detectors, const ConditionPlan& condition) {
    return {detectors.seat(condition.point),
            detectors.seat({condition.point.device, on_battery})};
}

}  // namespace

std::optional<Telling> tell_fire(const SitePlan& site, std::uint64_t seed) {
    const auto* asks = confirming(site);
    if (asks == nullptr) return std::nullopt;
    auto signs = signs_for(site, *asks);
    if (!has_two_kinds(signs)) return std::nullopt;
    Chance chance(seed);
    Detectors detectors(site);
    QuietCells cells(site, detectors, chance);
    const auto course = fire_course(signs, chance);
    // Fire burns its detectors: the first one's device says nothing soon after its sign.
    const auto& burnt = signs.front().point.device;
    const bool burns = chance.one_in(2) && signs[course.second_sign].point.device != burnt;
    std::vector<std::size_t> seats;
    for (const auto& sign : signs) seats.push_back(detectors.seat(sign.point));
    for (double now = 1; now <= course.second + 60; ++now) {
        cells.step(now);
        for (std::size_t i = 0; i < signs.size(); ++i) {
            if (burns && now > course.at[0] + 5 && signs[i].point.device == burnt) continue;
            const bool lies = i == 0 && now >= course.false_from && now < course.false_to;
            detectors.hear(seats[i], lies || now >= course.at[i] ? signs[i].fire : 0, now);
        }
        detectors.judge(now);
    }
    const auto fired = first_firing(site, detectors, *asks);
    if (!fired) return Telling{};
    return Telling{*fired - course.second, *fired < course.second};
}

std::optional<Telling> tell_discharge(const SitePlan& site, std::uint64_t seed) {
    const AlarmPlan* alarm = nullptr;
    const auto* condition = condition_where(
        site,
        [](const ConditionPlan& each) {
            return each.point.measure == "battery.runtime" && each.compare == Compare::below &&
                   std::holds_alternative<Present>(each.quantity);
        },
        &alarm);
    if (condition == nullptr) return std::nullopt;
    Chance chance(seed);
    Detectors detectors(site);
    const auto points = ups_points(detectors, *condition);
    UpsType type;
    type.runtime = chance.between(300, 1800);
    type.peukert = chance.between(1.05, 1.25);
    UpsBattery battery(type);
    const double fails = std::floor(chance.between(60, 300));
    double load = chance.between(0.3, 0.9);
    double now = 0;
    while (!battery.down()) {
        ++now;
        if (chance.one_in(60)) load = std::clamp(load + chance.between(-0.05, 0.05), 0.2, 1.0);
        battery.step(1, load, now >= fails);
        // A UPS guesses its runtime, in whole seconds and a few per cent off.
        const double guess = battery.runtime_left(load) * (1 + 0.03 * chance.normal());
        detectors.hear(points.asked, std::round(guess), now);
        detectors.hear(points.on_battery, now >= fails ? 1 : 0, now);
        detectors.judge(now);
    }
    const auto fired = first_firing(site, detectors, *alarm);
    if (!fired) return Telling{};
    return Telling{now - *fired, *fired < fails};
}

std::optional<Telling> tell_overload(const SitePlan& site, std::uint64_t seed) {
    const AlarmPlan* alarm = nullptr;
    const auto* condition = condition_where(
        site,
        [](const ConditionPlan& each) {
            return std::holds_alternative<Overload>(each.quantity);
        },
        &alarm);
    if (condition == nullptr) return std::nullopt;
    Chance chance(seed);
    Detectors detectors(site);
    const auto points = ups_points(detectors, *condition);
    UpsBattery battery({});
    const double begins = std::floor(chance.between(120, 600));
    const double usual = chance.between(0.4, 0.9);
    const double over = chance.between(1.08, 1.6);
    double now = 0;
    while (!battery.down() && now < begins + 7200) {
        ++now;
        const double load = now >= begins ? over : usual;
        battery.step(1, load, false);
        detectors.hear(points.asked, std::round(load * 1000 + chance.normal()) / 10, now);
        detectors.hear(points.on_battery, 0, now);
        detectors.judge(now);
    }
    const auto fired = first_firing(site, detectors, *alarm);
    if (!fired) return Telling{};
    return Telling{now - *fired, *fired < begins};
}

std::vector<StoryScore> tell_stories(const SitePlan& site, std::uint64_t seed, std::size_t times) {
    struct Story {
        const char* name;
        std::optional<Telling> (*tell)(const SitePlan&, std::uint64_t);
        bool delay;  ///< else a lead
    };
    const Story stories[] = {
        {"fire without precursor: s after its second sign", tell_fire, true},
        {"UPS on battery: s before it is empty", tell_discharge, false},
        {"UPS overload: s before it gives up", tell_overload, false},
    };
    std::vector<StoryScore> scores;
    for (const auto& story : stories) {
        StoryScore score;
        score.story = story.name;
        std::vector<double> seconds;
        for (std::size_t i = 0; i < times; ++i) {
            const auto told = story.tell(site, Chance(seed).bits() + 3 * i);
            if (!told) break;
            ++score.told;
            score.early += told->early ? 1U : 0U;
            if (!told->seconds) continue;
            ++score.found;
            seconds.push_back(*told->seconds);
        }
        if (score.told == 0) continue;
        if (!seconds.empty())
            score.worst = story.delay ? *std::max_element(seconds.begin(), seconds.end())
                                      : *std::min_element(seconds.begin(), seconds.end());
        score.median = median(std::move(seconds));
        scores.push_back(std::move(score));
    }
    return scores;
}

std::string describe(const std::vector<StoryScore>& scores) {
    const auto cell = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.1f} s", *value) : "-";
    };
    if (scores.empty()) return "";
    auto text = fmt::format("{:<52}{:>6}{:>9}{:>7}{:>10}{:>10}\n", "story", "told", "found",
                            "early", "median", "worst");
    for (const auto& score : scores)
        text += fmt::format(
            "{:<52}{:>6}{:>8.1f}%{:>7}{:>10}{:>10}\n", score.story, score.told,
            100 * static_cast<double>(score.found) / static_cast<double>(score.told), score.early,
            cell(score.median), cell(score.worst));
    return text;
}

std::string to_json(const std::vector<StoryScore>& scores) {
    const auto number = [](const std::optional<double>& value) {
        return value ? fmt::format("{:.3f}", *value) : "null";
    };
    std::string text = "[";
    for (const auto& score : scores)
        text += fmt::format(
            "{}\n  {{\"story\": \"{}\", \"told\": {}, \"found\": {}, \"early\": {}, "
            "\"median_s\": {}, \"worst_s\": {}}}",
            text.size() > 1 ? "," : "", score.story, score.told, score.found, score.early,
            number(score.median), number(score.worst));
    return text + "\n]\n";
}

}  // namespace firebreak
