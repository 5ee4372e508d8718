// The words for conditions: alone, as `check` prints them, and with numbers, as an operator reads
// them at three in the morning.
#include <fmt/format.h>

#include <cmath>

#include "firmware/alarm/watch.hpp"

namespace firebreak {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

std::string with_unit(double number, std::string_view unit) {
    return unit.empty() ? fmt::format("{:.3g}", number) : fmt::format("{:.3g} {}", number, unit);
}

std::string name_of(const PointId& point) {
    return point.device + ' ' + point.measure;
}

/// What is compared, before any number is known.
std::string subject(const ConditionPlan& plan) {
    const auto point = name_of(plan.point);
    return std::visit(
        Overloaded{
            [&](const Present&) { return point; },
            [&](const Rate& how) {
                return fmt::format("{} rate over {}{}", point, format_duration(how.window),
                                   how.peers
                                       ? fmt::format(" less that of its {} peers in {}",
                                                     how.peers->members.size() - 1, how.peers->name)
                                       : "");
            },
            [&](const Change& how) {
                return fmt::format("{} change within {}", point, format_duration(how.window));
            },
            [&](const Deviation& how) {
                return fmt::format("{} {} its {} peers in {}", point,
                                   how.either_way ? "away from" : "over",
                                   how.peers->members.size() - 1, how.peers->name);
            },
            [&](const Difference& how) {
                return fmt::format("{} over {}", point, name_of(how.other));
            },
            [&](const TimeTo& how) { return fmt::format("{} time to {:g}", point, how.limit); },
            [&](const Overload&) { return fmt::format("{} time left in overload", point); },
            [&](const Stuck&) { return fmt::format("{} time without a change", point); },
            [&](const Missing&) { return fmt::format("{} time missing", point); },
            [&](const OtherAlarm& how) { return fmt::format("alarm {}", how.alarm); },
        },
        plan.quantity);
}

/// What is known, in numbers.
std::string finding(const ConditionPlan& plan, const Figure& figure, double value,
                    const std::string& unit, const std::string& of_point) {
    const auto now = fmt::format("{} {}", name_of(plan.point), with_unit(value, of_point));
    const auto number = with_unit(std::abs(figure.value), unit);
    const std::string_view more = figure.value < 0 ? "under" : "over";
    return std::visit(
        Overloaded{
            [&](const Rate& how) {
                auto text =
                    fmt::format("{}, {} {} over {}", now, figure.value < 0 ? "falling" : "rising",
                                number, format_duration(how.window));
                if (figure.live == 0) return text;
                return text +
                       fmt::format(" more than its {} peers' {:.3g}", figure.live, figure.peers);
            },
            [&](const Change& how) {
                return fmt::format("{}, {} {} within {}", now, figure.value < 0 ? "down" : "up",
                                   number, format_duration(how.window));
            },
            [&](const Deviation&) {
                return fmt::format("{}, {} {} the median {:.4g} of its {} peers", now, number, more,
                                   figure.peers, figure.live);
            },
            [&](const Difference& how) {
                return fmt::format("{}, {} {} {}", now, number, more, name_of(how.other));
            },
            [&](const TimeTo& how) {
                return fmt::format("{}, {:g} in {} at the latest", now, how.limit,
                                   std::isfinite(figure.value) ? number : "no time");
            },
            [&](const Overload&) {
                return fmt::format("{}, {} left at this load", now,
                                   std::isfinite(figure.value) ? number : "all the time");
            },
            [&](const Stuck&) { return fmt::format("{} unchanged for {}", now, number); },
            [&](const auto&) { return now; },
        },
        plan.quantity);
}

std::string clears(const ConditionPlan& plan) {
    switch (plan.compare) {
        case Compare::above:
            return fmt::format("clears {} {:g}", plan.hysteresis > 0 ? "below" : "at",
                               plan.limit - plan.hysteresis);
        case Compare::below:
            return fmt::format("clears {} {:g}", plan.hysteresis > 0 ? "above" : "at",
                               plan.limit + plan.hysteresis);
        case Compare::equals:
            return fmt::format("clears when not {:g}", plan.limit);
        case Compare::differs:
            return fmt::format("clears at {:g}", plan.limit);
        case Compare::silent:
            break;
    }
    return "clears when it answers";
}

}  // namespace

std::string quantity_unit(const Quantity& quantity, Unit of_point) {
    const std::string unit(to_string(of_point));
    return std::visit(Overloaded{
                          [&](const Rate&) { return unit + "/s"; },
                          [&](const Change& how) { return how.percent ? "%" : unit; },
                          [&](const Deviation& how) { return how.percent ? "%" : unit; },
                          [&](const TimeTo&) { return std::string("s"); },
                          [&](const Overload&) { return std::string("s"); },
                          [&](const Stuck&) { return std::string("s"); },
                          [&](const Missing&) { return std::string("s"); },
                          [&](const auto&) { return unit; },
                      },
                      quantity);
}

std::string describe(const ConditionPlan& condition) {
    if (condition.compare == Compare::silent) {
        return fmt::format("{} silent", condition.point.device);
    }
    auto text = subject(condition);
    if (std::holds_alternative<OtherAlarm>(condition.quantity)) return text;
    text += fmt::format(" {} {:g}", word(condition.compare), condition.limit);
    if (condition.hysteresis > 0) text += fmt::format(" (hysteresis {:g})", condition.hysteresis);
    if (condition.samples > 1) text += fmt::format(" in {} readings", condition.samples);
    if (condition.held > Duration::zero()) {
        text += fmt::format(" held {}", format_duration(condition.held));
    }
    if (condition.off_delay > Duration::zero()) {
        text += fmt::format(" or until {} ago", format_duration(condition.off_delay));
    }
    return text;
}

std::string Watch::explain(std::uint32_t condition, const History& history, Instant now,
                           Verdict verdict) {
    auto& memory = conditions_[condition];
    const auto& plan = plans_[memory.plan];
    if (plan.compare == Compare::silent) return firebreak::explain(plan, history, now, verdict);
    const auto& eye = eyes_[memory.eye];
    if (std::holds_alternative<Missing>(plan.quantity)) {
        const auto point = name_of(plan.point);
        if (verdict != Verdict::met) return point + " is there";
        const bool broken = fresh(eye, history, now) != nullptr;
        return fmt::format("{} {} for {:.0f} s", point, broken ? "intermittent" : "missing",
                           std::max(0.0, seconds(now - eye.sound)));
    }
    const Figure known = figure(memory, history, now);
    if (known.missing != nullptr) {
        return fmt::format("{}: {}", name_of(plan.point), known.missing);
    }
    const Seen* newest = history.newest(eye.index);
    const std::string of_point(to_string(newest->unit));
    const auto unit = quantity_unit(plan.quantity, newest->unit);
    auto text = finding(plan, known, eye.value, unit, of_point);
    const bool reading = std::holds_alternative<Present>(plan.quantity);
    text += fmt::format("{} {}{} {:g}", reading ? "" : ",", verdict == Verdict::unmet ? "not " : "",
                        word(plan.compare), plan.limit);
    if (verdict != Verdict::met) return text;
    // The label is the device's own word for a code.
    const auto label = history.label(eye.index);
    if (reading && !label.empty()) text += fmt::format(" ({})", label);
    return text + fmt::format(", {:.0f} s old; {}", std::max(0.0, seconds(now - newest->at)),
                              clears(plan));
}

}  // namespace firebreak
