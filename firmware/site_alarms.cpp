#include <fmt/format.h>

#include <array>

#include "firmware/site_reader.hpp"

namespace firebreak {

namespace {

constexpr std::array<std::pair<std::string_view, Severity>, 4> severities = {{
    {"low", Severity::low},
    {"medium", Severity::medium},
    {"high", Severity::high},
    {"critical", Severity::critical},
}};
constexpr std::array<std::pair<std::string_view, bool>, 2> joins = {
    {{"any", false}, {"all", true}}};
constexpr std::array<std::pair<std::string_view, Compare>, 4> comparisons = {{
    {"above", Compare::above},
    {"below", Compare::below},
    {"equals", Compare::equals},
    {"differs", Compare::differs},
}};

}  // namespace

void SiteReader::read_alarm(Section& row) {
    AlarmPlan alarm;
    alarm.name = row.name("name");
    fresh(row, "an alarm", alarm_names_, alarm.name);
    alarm.severity = row.choice_or<Severity>("severity", severities, alarm.severity);
    alarm.all = row.choice_or<bool>("join", joins, false);
    alarm.on_delay = wait(row, "on_delay", Duration::zero(), longest_wait, Duration::zero());
    alarm.off_delay = wait(row, "off_delay", Duration::zero(), longest_wait, Duration::zero());
    alarm.latch = row.flag_or("latch", false);
    alarm.message = row.text_or("message", "");
    auto conditions = row.rows("when");
    if (conditions.empty()) {
        row.complain("", "an alarm needs an [[alarm.when]] that says when it is met");
    }
    for (auto& when : conditions) alarm.conditions.push_back(read_condition(when));
    row.finish();
    plan_.alarms.push_back(std::move(alarm));
}

ConditionPlan SiteReader::read_condition(Section& row) {
    ConditionPlan condition;
    const auto index = device(row);
    condition.point.device = index ? plan_.devices[*index].name : row.text("device");
    if (row.flag_or("silent", false)) {
        condition.compare = Compare::silent;
        for (const auto* key : {"measure", "above", "below", "equals", "differs", "hysteresis"}) {
            if (!row.has(key)) continue;
            row.complain(key, "silent = true looks at the whole device: leave this out");
            row.text_or(key, "");
        }
    } else {
        if (index) {
            const Register* reg = measure(row, *index, condition.point.measure);
            if (reg != nullptr && reg->type == WordType::text) {
                row.complain("measure", fmt::format("{} is a text: a condition compares numbers",
                                                    condition.point.measure));
            }
        } else {
            condition.point.measure = row.text("measure");
        }
        read_comparison(row, condition);
    }
    row.finish();
    return condition;
}

void SiteReader::read_comparison(Section& row, ConditionPlan& condition) {
    int given = 0;
    for (const auto& [key, compare] : comparisons) {
        if (!row.has(key)) continue;
        condition.compare = compare;
        condition.limit = row.number(key);
        if (++given == 2)
            row.complain(key,
                         "a condition has one comparison; add another "
                         "[[alarm.when]] for a second");
    }
    if (given == 0) {
        row.complain("", "say above, below, equals or differs = a number, or silent = true");
    }
    condition.hysteresis = row.number_or("hysteresis", 0, {0, 1e12});
    const bool exact =
        condition.compare == Compare::equals || condition.compare == Compare::differs;
    if (exact && condition.hysteresis > 0) {
        row.complain("hysteresis", "means something with above and below only: leave it out");
    }
}

}  // namespace firebreak
