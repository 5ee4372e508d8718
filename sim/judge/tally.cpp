#include "sim/judge/tally.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "contract/support/svg.hpp"

namespace firebreak {

namespace {

constexpr double slow_watts = 500;  ///< heating at this or less is slow

/// The first alarm of a detector from the failure on.
std::optional<double> first(const RoomOutcome& room, std::size_t detector) {
    std::optional<double> earliest;
    for (const auto& firing : room.firings)
        if (firing.detector == detector && firing.at > room.began &&
            (!earliest || firing.at < *earliest))
            earliest = firing.at;
    return earliest;
}

struct Leads {
    std::vector<double> runaway, hot60, hot80, times, times_80;
};

void add_failing(const RoomOutcome& room, std::size_t detector, Score& score, Leads& leads) {
    ++score.failing;
    const auto own = first(room, detector);
    const auto plain = first(room, baseline_detector);
    if (plain && (!own || *own > *plain)) ++score.behind;
    if (!own || (room.runaway && *own > *room.runaway)) return;
    ++score.found;
    if (room.runaway) leads.runaway.push_back(*room.runaway - *own);
    if (room.hot60) leads.hot60.push_back(*room.hot60 - *own);
    if (room.hot80) leads.hot80.push_back(*room.hot80 - *own);
    if (!plain || room.watts > slow_watts) return;
    if (room.runaway && *plain < *room.runaway)
        leads.times.push_back((*room.runaway - *own) / (*room.runaway - *plain));
    if (room.hot80 && *plain < *room.hot80)
        leads.times_80.push_back((*room.hot80 - *own) / (*room.hot80 - *plain));
}

std::string cell(const std::optional<double>& value, const char* unit = "") {
    return value ? fmt::format("{:.1f}{}", *value, unit) : "-";
}

std::string json(const std::optional<double>& value) {
    return value ? fmt::format("{:.3f}", *value) : "null";
}

struct Dot {
    double x = 0, y = 0;
    std::string name;
    bool plain = false;
};

/// Names in a column beside the dots, from the top on, none over another.
void name_dots(Svg& svg, std::vector<Dot> dots, double middle) {
    std::sort(dots.begin(), dots.end(), [](const Dot& a, const Dot& b) { return a.y < b.y; });
    double free = 0;
    for (const auto& dot : dots) {
        svg.circle(dot.x, dot.y, 5, dot.plain ? "fill=\"#d55e00\"" : "fill=\"#0072b2\"");
        if (dot.x > middle) {
            svg.text(dot.x - 10, dot.y + 4, dot.name, "text-anchor=\"end\"");
            continue;
        }
        const double y = std::max(dot.y, free);
        svg.line(dot.x + 6, dot.y, dot.x + 26, y, "stroke=\"#aaa\"");
        svg.text(dot.x + 30, y + 4, dot.name);
        free = y + 15;
    }
}

}  // namespace

std::optional<double> median(std::vector<double> values) {
    if (values.empty()) return std::nullopt;
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), half, values.end());
    if (values.size() % 2 == 1) return *half;
    return (*half + *std::max_element(values.begin(), half)) / 2;
}

double poisson_bound(std::size_t seen) {
    // P(at most `seen` | mean) falls with the mean; the bound is where it is 5 %.
    const auto at_most = [seen](double mean) {
        double sum = 0;
        for (std::size_t k = 0; k <= seen; ++k) {
            const auto n = static_cast<double>(k);
            sum += std::exp(n * std::log(mean) - mean - std::lgamma(n + 1));
        }
        return sum;
    };
    double low = 1e-9;
    double high = 2 * static_cast<double>(seen) + 20;
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (at_most(middle) > 0.05 ? low : high) = middle;
    }
    return high;
}

double Score::found_share() const {
    return failing > 0 ? static_cast<double>(found) / static_cast<double>(failing) : 0;
}

double Score::false_rate() const {
    return sensor_hours > 0 ? static_cast<double>(false_alarms) / sensor_hours * 1000 : 0;
}

double Score::false_bound() const {
    return sensor_hours > 0 ? poisson_bound(false_alarms) / sensor_hours * 1000 : 0;
}

std::vector<Score> tally(const DetectorNames& names, const std::vector<RoomOutcome>& outcomes) {
    std::vector<Score> scores;
    for (std::size_t detector = 0; detector < names.size(); ++detector) {
        Score score;
        score.detector = names[detector];
        Leads leads;
        for (const auto& room : outcomes) {
            const bool fails = room.watts > 0;
            if (fails) add_failing(room, detector, score, leads);
            if (!fails) score.sensor_hours += room.sensor_hours;
            for (const auto& firing : room.firings)
                if (firing.detector == detector && !fails) ++score.false_alarms;
        }
        score.lead_runaway = median(std::move(leads.runaway));
        score.lead_60 = median(std::move(leads.hot60));
        score.lead_80 = median(std::move(leads.hot80));
        score.times_baseline = median(std::move(leads.times));
        score.times_80 = median(std::move(leads.times_80));
        scores.push_back(std::move(score));
    }
    return scores;
}

std::string describe(const std::vector<Score>& scores) {
    auto text = fmt::format("{:<36}{:>8}{:>10}{:>10}{:>10}{:>7}{:>9}{:>8}{:>8}{:>12}{:>9}\n",
                            "detector", "found", "runaway", "80 Cel", "60 Cel", "times", "times 80",
                            "behind", "false", "per 1000 h", "at most");
    for (const auto& score : scores) {
        text +=
            fmt::format("{:<36}{:>7.1f}%{:>10}{:>10}{:>10}{:>7}{:>9}{:>8}{:>8}{:>12.3f}{:>9.3f}\n",
                        score.detector, score.found_share() * 100, cell(score.lead_runaway, " s"),
                        cell(score.lead_80, " s"), cell(score.lead_60, " s"),
                        cell(score.times_baseline), cell(score.times_80), score.behind,
                        score.false_alarms, score.false_rate(), score.false_bound());
    }
    return text;
}

std::string to_json(const std::vector<Score>& scores) {
    std::string text = "[";
    for (const auto& score : scores) {
        if (text.size() > 1) text += ",";
        text += fmt::format(
            "\n  {{\"detector\": \"{}\", \"failing\": {}, \"found\": {}, \"lead_runaway_s\": {}, "
            "\"lead_80_s\": {}, \"lead_60_s\": {}, \"times_baseline\": {}, \"times_80\": {}, "
            "\"behind\": {}, "
            "\"false_alarms\": {}, \"sensor_hours\": {:.1f}, \"false_per_1000_h\": {:.4f}, "
            "\"false_per_1000_h_at_most\": {:.4f}}}",
            score.detector, score.failing, score.found, json(score.lead_runaway),
            json(score.lead_80), json(score.lead_60), json(score.times_baseline),
            json(score.times_80), score.behind, score.false_alarms, score.sensor_hours,
            score.false_rate(), score.false_bound());
    }
    return text + "\n]\n";
}

std::string draw(const std::vector<Score>& scores) {
    constexpr double left = 70, top = 40, wide = 560, high = 320;
    double most_lead = 1, most_false = 0.1;
    for (const auto& score : scores) {
        most_lead = std::max(most_lead, score.lead_runaway.value_or(0) * 1.1);
        most_false = std::max(most_false, score.false_rate() * 1.1);
    }
    Svg svg(left + wide + 30, top + high + 60);
    svg.text(left, 24, "Median lead before runaway (s) over false alarms per 1,000 sensor-hours");
    svg.line(left, top + high, left + wide, top + high, "stroke=\"#222\"");
    svg.line(left, top, left, top + high, "stroke=\"#222\"");
    svg.text(left - 8, top + 5, fmt::format("{:.0f}", most_lead), "text-anchor=\"end\"");
    svg.text(left - 8, top + high, "0", "text-anchor=\"end\"");
    svg.text(left + wide, top + high + 20, fmt::format("{:.2g}", most_false),
             "text-anchor=\"end\"");
    std::vector<Dot> dots;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const auto& score = scores[i];
        if (!score.lead_runaway) continue;
        const double lead = std::max(0.0, *score.lead_runaway);
        dots.push_back({left + score.false_rate() / most_false * wide,
                        top + high - lead / most_lead * high, score.detector,
                        i == baseline_detector});
    }
    name_dots(svg, std::move(dots), left + wide / 2);
    return std::move(svg).finish();
}

}  // namespace firebreak
