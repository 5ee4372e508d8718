#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "firmware/host_acks.hpp"
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
/// More kinds of sign than there are do not come together.
constexpr Bounds<std::int64_t> kinds_bounds{2, 16};

bool is_for_member(const ConditionPlan& condition) {
    return condition.point == each_member;
}

}  // namespace

void SiteReader::read_alarm(Section& row, AlarmScope scope) {
    AlarmPlan alarm;
    alarm.name = scope.prefix + row.name("name");
    fresh(row, "an alarm", alarm_names_, alarm.name);
    alarm.severity = row.choice_or<Severity>("severity", severities, alarm.severity);
    alarm.kind = row.has("kind") ? row.name("kind") : "";
    alarm.on_delay = wait(row, "on_delay", Duration::zero(), longest_wait, Duration::zero());
    alarm.off_delay = wait(row, "off_delay", Duration::zero(), longest_wait, Duration::zero());
    alarm.latch = row.flag_or("latch", false);
    alarm.message = row.text_or("message", "");
    read_annunciation(row, scope, alarm.annunciation);
    read_ack_within(row, alarm);
    if (row.has("for_each")) scope.each = group(row, "for_each", scope);
    read_belief(row, scope.belief);
    read_join(row, alarm);
    auto conditions = row.rows("when");
    if (conditions.empty()) {
        row.complain("", "an alarm needs an [[alarm.when]] that says when it is met");
    }
    for (auto& when : conditions) read_condition(when, scope, alarm.conditions);
    if (alarm.join.at_least > alarm.conditions.size() && !conditions.empty() && !scope.unbound) {
        row.complain("at_least",
                     fmt::format("there are only {} conditions", alarm.conditions.size()));
    }
    const auto needs = scope.unbound;
    for (auto& unless : row.rows("unless")) read_condition(unless, scope, alarm.unless);
    // What would hold an alarm back is not known at this site: the alarm stands without it.
    if (scope.unbound && !needs) alarm.unless.clear();
    for (auto& name : row.texts("confirmed_by")) {
        ConditionPlan sign;
        sign.quantity = OtherAlarm{scope.prefix + name};
        alarm.confirmed_by.push_back(std::move(sign));
    }
    const Place place = row.place("name");
    row.finish();
    if (needs) {
        dropped_.emplace(alarm.name, fmt::format("needs {}", *needs));
        return;
    }
    expand(row, std::move(alarm), scope, place);
}

void SiteReader::read_ack_within(Section& row, AlarmPlan& alarm) {
    if (!row.has("ack_within")) return;
    alarm.ack_within = wait(row, "ack_within", {}, longest_wait, std::chrono::seconds(1));
    if (plan_.trusted_hosts.empty()) {
        row.complain("ack_within", "no host is asked: name at least one in hosts = [...]");
    }
}

/// Where a host should acknowledge alarms, that none does is an alarm of the agent's own.
void SiteReader::add_host_silent(Section& root) {
    const bool asked =
        std::any_of(plan_.alarms.begin(), plan_.alarms.end(),
                    [](const auto& alarm) { return alarm.ack_within > Duration::zero(); });
    if (!asked) return;
    AlarmPlan alarm;
    alarm.name = host_silent;
    alarm.severity = Severity::high;
    alarm.message = "no host has acknowledged an alarm in time";
    ConditionPlan silent;
    silent.point.device = a_host;
    silent.compare = Compare::silent;
    alarm.conditions.push_back(std::move(silent));
    if (!fresh(root, "an alarm", alarm_names_, alarm.name)) return;
    plan_.alarms.push_back(std::move(alarm));
    alarm_places_.push_back(root.place());
}

void SiteReader::read_annunciation(Section& row, const AlarmScope& scope, Annunciation& how) {
    if (row.has("priority")) {
        how.priority = static_cast<std::uint64_t>(row.integer("priority", {1, 1000}));
    }
    if (row.has("re_alarm")) {
        how.re_alarm = wait(row, "re_alarm", {}, longest_wait, std::chrono::seconds(1));
    }
    if (row.has("first_out")) how.group = row.name("first_out");
    for (const auto& name : row.texts("suppressed_by")) {
        how.suppressed_by.push_back(scope.prefix + name);
    }
}

void SiteReader::read_join(Section& row, AlarmPlan& alarm) {
    alarm.all = row.choice_or<bool>("join", joins, false);
    alarm.join.at_least = static_cast<std::size_t>(row.integer_or("at_least", 1, {1, 1'000'000}));
    if (row.has("kinds")) {
        alarm.join.kinds = static_cast<std::size_t>(row.integer_or("kinds", 2, kinds_bounds));
    }
    alarm.join.within = wait(row, "within", std::chrono::minutes(10));
    const int given =
        (row.has("join") ? 1 : 0) + (row.has("at_least") ? 1 : 0) + (row.has("kinds") ? 1 : 0);
    if (given > 1) {
        row.complain(row.has("kinds") ? "kinds" : "at_least",
                     "an alarm has one of join, at_least and kinds");
    }
    if (row.has("within") && !row.has("kinds") && !row.has("confirmed_by")) {
        row.complain("within", "means something with kinds and confirmed_by only: leave it out");
    }
}

/// One alarm, or one a member of the group that it is for.
void SiteReader::expand(Section& row, AlarmPlan alarm, const AlarmScope& scope,
                        const Place& place) {
    const std::size_t first = plan_.alarms.size();
    if (!scope.each) {
        for (const auto& condition : alarm.conditions) {
            if (!is_for_member(condition)) continue;
            row.complain("when",
                         "a condition names a device and a measure, a group or an alarm; "
                         "without them it needs an alarm with for_each");
            break;
        }
        plan_.alarms.push_back(std::move(alarm));
    } else {
        const auto names = member_names(*scope.each);
        for (std::size_t i = 0; i < names.size(); ++i) {
            AlarmPlan one = alarm;
            one.name = alarm.name + '.' + names[i];
            one.made_by = alarm.name;
            for (auto* conditions : {&one.conditions, &one.unless}) {
                for (auto& condition : *conditions) {
                    if (is_for_member(condition)) condition.point = scope.each->members[i];
                }
            }
            if (!is_name(one.name)) {
                row.complain("name", fmt::format("\"{}\" would be too long a name for a topic: "
                                                 "shorten the alarm's or the measures'",
                                                 one.name));
                break;
            }
            plan_.alarms.push_back(std::move(one));
        }
    }
    for (std::size_t i = first; i < plan_.alarms.size(); ++i) alarm_places_.push_back(place);
}

/// What tells the members apart: the parts that all of them share are left out.
std::vector<std::string> member_names(const GroupPlan& group) {
    std::vector<std::vector<std::string>> parts;
    for (const auto& member : group.members) {
        std::vector<std::string> own{member.device};
        std::string part;
        for (const char c : member.measure + '.') {
            if (c == '.') {
                own.push_back(std::exchange(part, ""));
            } else {
                part += c;
            }
        }
        parts.push_back(std::move(own));
    }
    const auto shared = [&](bool front) {
        if (parts.size() < 2) return false;
        for (const auto& own : parts) {
            if (own.size() < 2) return false;
            const auto& first = front ? parts[0].front() : parts[0].back();
            if ((front ? own.front() : own.back()) != first) return false;
        }
        return true;
    };
    while (shared(true)) {
        for (auto& own : parts) own.erase(own.begin());
    }
    while (shared(false)) {
        for (auto& own : parts) own.pop_back();
    }
    std::vector<std::string> names;
    for (const auto& own : parts) names.push_back(fmt::format("{}", fmt::join(own, ".")));
    return names;
}

}  // namespace firebreak
