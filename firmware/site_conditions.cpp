#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "contract/overload_file.hpp"
#include "firmware/site_reader.hpp"

namespace firebreak {

namespace {

constexpr std::array<std::pair<std::string_view, Compare>, 4> comparisons = {{
    {"above", Compare::above},
    {"below", Compare::below},
    {"equals", Compare::equals},
    {"differs", Compare::differs},
}};

enum class Of : std::uint8_t {
    present,
    rate,
    change,
    deviation,
    difference,
    time_to,
    overload,
    stuck,
    missing
};
constexpr std::array<std::pair<std::string_view, Of>, 9> quantities = {{
    {"value", Of::present},
    {"rate", Of::rate},
    {"change", Of::change},
    {"deviation", Of::deviation},
    {"difference", Of::difference},
    {"time-to", Of::time_to},
    {"overload", Of::overload},
    {"stuck", Of::stuck},
    {"missing", Of::missing},
}};

/// What a number in one unit is multiplied by to be in another; nothing where that makes no sense.
std::optional<double> units_ratio(Unit from, Unit to) {
    if (from == to) return 1;
    if (from == Unit::percent && to == Unit::ppm) return 1e4;
    if (from == Unit::ppm && to == Unit::percent) return 1e-4;
    if (from == Unit::kilowatt && to == Unit::watt) return 1e3;
    if (from == Unit::watt && to == Unit::kilowatt) return 1e-3;
    return std::nullopt;
}

bool counts_seconds(const Quantity& quantity) {
    return std::holds_alternative<TimeTo>(quantity) || std::holds_alternative<Overload>(quantity) ||
           std::holds_alternative<Stuck>(quantity) || std::holds_alternative<Missing>(quantity);
}

}  // namespace

void SiteReader::read_condition(Section& row, AlarmScope& scope,
                                std::vector<ConditionPlan>& conditions) {
    ConditionPlan condition;
    if (row.has("alarm")) {
        condition.quantity = OtherAlarm{scope.prefix + row.text("alarm")};
        row.finish();
        conditions.push_back(std::move(condition));
        return;
    }
    const auto points = read_points(row, scope, condition);
    if (condition.compare != Compare::silent) {
        read_quantity(row, scope, condition);
        read_comparison(row, condition, points);
        if (points.size() == 1) condition.point = points[0];
        read_proof(row, scope, condition);
    }
    const auto unit = row.has("unit") ? row.text("unit") : "";
    for (const auto& point : points) {
        condition.point = point;
        conditions.push_back(condition);
        if (!unit.empty()) convert(row, unit, conditions.back());
    }
    row.finish();
}

/// The limit from the unit that it was written in to the point's own.
void SiteReader::convert(Section& row, const std::string& unit, ConditionPlan& condition) {
    const auto wanted = parse_unit(unit);
    const Register* reg = register_of(condition.point);
    if (!wanted || condition.point == each_member || counts_seconds(condition.quantity)) {
        row.complain("unit", !wanted ? fmt::format("there is no unit \"{}\"", unit)
                                     : "is for a condition on a point, a role or a group");
        return;
    }
    if (reg == nullptr) return;  // has had its complaint
    const auto factor = units_ratio(*wanted, reg->unit);
    if (!factor) {
        row.complain("unit", fmt::format("{} {} is in \"{}\", which \"{}\" is not turned into",
                                         condition.point.device, condition.point.measure,
                                         to_string(reg->unit), unit));
        return;
    }
    condition.limit *= *factor;
    condition.hysteresis *= *factor;
}

/// The points that a condition is for: one, a group's, or each_member for the alarm's template.
std::vector<PointId> SiteReader::read_points(Section& row, AlarmScope& scope,
                                             ConditionPlan& condition) {
    if (row.has("group")) {
        const auto of = group(row, "group", scope);
        return of ? of->members : std::vector<PointId>{};
    }
    if (row.has("role")) {
        const auto of = group(row, "role", scope);
        return of ? of->members : std::vector<PointId>{};
    }
    if (!row.has("device") && !row.has("measure") && !row.flag_or("silent", false)) {
        return {each_member};
    }
    PointId point;
    const auto index = device(row);
    point.device = index ? plan_.devices[*index].name : row.text("device");
    if (row.flag_or("silent", false)) {
        condition.compare = Compare::silent;
        for (const auto* key : {"measure", "above", "below", "equals", "differs", "hysteresis"}) {
            if (!row.has(key)) continue;
            row.complain(key, "silent = true looks at the whole device: leave this out");
            row.ignore(key);
        }
    } else if (index) {
        const Register* reg = measure(row, *index, point.measure);
        if (reg != nullptr && reg->type == WordType::text) {
            row.complain("measure",
                         fmt::format("{} is a text: a condition compares numbers", point.measure));
        }
    } else {
        point.measure = row.text("measure");
    }
    return {point};
}

void SiteReader::read_quantity(Section& row, AlarmScope& scope, ConditionPlan& condition) {
    const auto of = row.choice_or<Of>("of", quantities, Of::present);
    const auto over = [&](Duration usual) {
        return wait(row, "over", usual, std::chrono::hours(24), std::chrono::seconds(1));
    };
    const auto peers = [&](bool needed) -> Group {
        Group with = needed ? scope.each : nullptr;
        if (row.has("peers")) {
            with = group(row, "peers", scope);
            if (!with) return nullptr;
        }
        if (needed && !with && !scope.unbound)
            row.complain("", "say peers = \"a group\" that this is one of");
        if (!with || with->members.size() >= 4) return with;
        if (scope.roles != nullptr) {
            scope.unbound = fmt::format("four points or more in {}", with->name);
        } else {
            row.complain("peers", fmt::format("{} has {} members; peers tell something from four "
                                              "on",
                                              with->name, with->members.size()));
        }
        return with;
    };
    switch (of) {
        case Of::present:
            break;
        case Of::rate:
            condition.quantity = Rate{over(std::chrono::seconds(60)), peers(false)};
            break;
        case Of::change:
            condition.quantity =
                Change{over(std::chrono::seconds(60)), row.flag_or("percent", false)};
            break;
        case Of::deviation:
            condition.quantity = Deviation{peers(true), row.flag_or("percent", false),
                                           row.flag_or("either_way", false)};
            break;
        case Of::difference:
            condition.quantity = read_difference(row, scope);
            break;
        case Of::time_to:
            condition.quantity = TimeTo{row.number("reach"), over(std::chrono::minutes(5)),
                                        row.flag_or("falling", false)};
            break;
        case Of::overload:
            condition.quantity = read_overload(row);
            break;
        case Of::stuck: {
            auto with = peers(false);
            condition.quantity = Stuck{std::move(with), row.number_or("moved", 1, {1e-9, 1e12})};
            break;
        }
        case Of::missing:
            condition.quantity = Missing{};
            break;
    }
}

Difference SiteReader::read_difference(Section& row, AlarmScope& scope) {
    auto from = row.table("from");
    if (!from) {
        row.complain("", "say from = { device = …, measure = … }: the point to subtract");
        return {};
    }
    ConditionPlan ignored;
    const auto points = read_points(*from, scope, ignored);
    from->finish();
    if (points.size() > 1 || (points.size() == 1 && points[0] == each_member)) {
        row.complain("from", "must be one point");
    }
    return points.empty() ? Difference{} : Difference{points[0]};
}

Overload SiteReader::read_overload(Section& row) {
    return {read_curve(row)};
}

void SiteReader::read_comparison(Section& row, ConditionPlan& condition,
                                 const std::vector<PointId>& points) {
    const bool in_seconds = counts_seconds(condition.quantity);
    int given = 0;
    for (const auto& [key, compare] : comparisons) {
        if (!row.has(key)) continue;
        condition.compare = compare;
        condition.limit = in_seconds ? seconds(row.duration(key)) : row.number(key);
        if (++given == 2)
            row.complain(key,
                         "a condition has one comparison; add another "
                         "[[alarm.when]] for a second");
    }
    if (row.has("below_time")) {
        ++given;
        condition.compare = Compare::below;
        condition.limit = in_points_unit(row, "below_time", points);
    }
    if (row.has("label")) {
        ++given;
        condition.compare = Compare::equals;
        condition.limit = labelled(row, points);
    }
    if (given == 0) {
        row.complain("", "say above, below, equals or differs = a number, or silent = true");
    }
    condition.hysteresis = in_seconds ? seconds(row.duration_or("hysteresis", Duration::zero()))
                                      : row.number_or("hysteresis", 0, {0, 1e12});
    const bool exact =
        condition.compare == Compare::equals || condition.compare == Compare::differs;
    if (exact && condition.hysteresis > 0) {
        row.complain("hysteresis", "means something with above and below only: leave it out");
    }
}

const Register* SiteReader::register_of(const PointId& point) const {
    for (const auto& device : plan_.devices) {
        if (device.name == point.device) return device.profile->find(point.measure);
    }
    return nullptr;
}

/// A time in the unit that the points have: a UPS may give its runtime in seconds or in minutes.
double SiteReader::in_points_unit(Section& row, std::string_view key,
                                  const std::vector<PointId>& points) {
    const double time = seconds(row.duration(key));
    for (const auto& point : points) {
        const Register* reg = register_of(point);
        if (reg == nullptr) continue;
        if (reg->unit == Unit::second) return time;
        if (reg->unit == Unit::minute) return time / 60;
        row.complain(key, fmt::format("{} is no time: its unit is \"{}\"", point.measure,
                                      to_string(reg->unit)));
    }
    return time;
}

/// The value that a device's own word for a code stands for.
double SiteReader::labelled(Section& row, const std::vector<PointId>& points) {
    const auto text = row.text("label");
    for (const auto& point : points) {
        const Register* reg = register_of(point);
        if (reg == nullptr) continue;
        std::vector<std::string_view> known;
        for (const auto& label : reg->labels) {
            if (label.text == text) {
                return static_cast<double>(label.raw) * reg->scale + reg->offset;
            }
            known.push_back(label.text);
        }
        complain_unknown(row, "label", fmt::format("{} has no label", point.measure), text, known);
    }
    return 0;
}

void SiteReader::read_proof(Section& row, const AlarmScope& scope, ConditionPlan& condition) {
    condition.samples = static_cast<int>(row.integer_or("samples", 1, {1, 1000}));
    condition.held = wait(row, "held", Duration::zero(), longest_wait, Duration::zero());
    condition.off_delay = wait(row, "off_delay", Duration::zero(), longest_wait, Duration::zero());
    // The alarm's belief is for the points that it is about, not for the flags beside them.
    const bool own = condition.point == each_member;
    if (own || row.has("jump") || row.has("believe")) {
        condition.belief = scope.belief;
        read_belief(row, condition.belief);
    }
}

void SiteReader::read_belief(Section& row, BeliefPlan& belief) {
    belief.jump = row.number_or("jump", belief.jump, {0, 1e12});
    const auto range = row.numbers("believe");
    if (range.empty()) return;
    if (range.size() != 2 || !(range[0] < range[1])) {
        row.complain("believe", "must be [least, most]");
        return;
    }
    belief.least = range[0];
    belief.most = range[1];
}

}  // namespace firebreak
