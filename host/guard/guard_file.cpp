#include "host/guard/guard_file.hpp"

#include <fmt/format.h>

#include "host/guard/maintenance.hpp"
#include "host/topology_file.hpp"

namespace firebreak {
namespace {

/// RFC 3339 in UTC; the milliseconds, which nobody plans by, may be left out.
std::optional<WallTime> wall_of(Section& section, std::string_view key) {
    auto text = section.text(key);
    if (text.empty()) return std::nullopt;
    if (text.size() == 20 && text.back() == 'Z') text.insert(19, ".000");
    auto wall = parse_wall(text);
    if (!wall) {
        section.complain(
            key, '"' + std::string(key) + "\" must be a time in UTC like \"2026-12-01T22:00:00Z\"");
    }
    return wall;
}

}  // namespace

void read_guard(Section section, GuardPlan& guard) {
    const auto number = [&](std::string_view key, int& value, Bounds<std::int64_t> bounds) {
        value = static_cast<int>(section.integer_or(key, value, bounds));
    };
    number("min_ready", guard.min_ready, {0, 10000});
    number("min_elsewhere", guard.min_elsewhere, {0, 10000});
    number("max_tier_percent", guard.max_tier_percent, {1, 100});
    number("max_steps_per_minute", guard.max_steps_per_minute, {1, 100000});
    number("quorum", guard.quorum, {0, 256});
    guard.evidence_max_age = section.duration_or("evidence_max_age", guard.evidence_max_age);
    guard.spacing = section.duration_or("spacing", guard.spacing);
    guard.expires_after = section.duration_or("expires_after", guard.expires_after);
    if (guard.evidence_max_age <= Duration::zero()) {
        section.complain("evidence_max_age", "\"evidence_max_age\" must be above 0s");
    }
    if (guard.spacing > std::chrono::minutes(10)) {
        section.complain("spacing", "\"spacing\" must be at most 10m: a fire does not wait");
    }
    section.finish();
}

void read_maintenance(Section& section, PolicyPlan& plan) {
    MaintenancePlan window;
    window.why = section.text_or("why", "");
    window.targets = read_targets(section, plan);
    const auto from = wall_of(section, "from");
    const auto until = wall_of(section, "until");
    section.finish();
    if (!from || !until) return;
    window.from = *from;
    window.until = *until;
    if (window.until <= window.from) {
        section.complain("until", "\"until\" must be after \"from\"");
    } else if (window.until - window.from > longest_maintenance) {
        section.complain("until",
                         "a window is at most 7d long: a forgotten one would keep its "
                         "targets from ever being drained");
    }
    plan.maintenance.push_back(std::move(window));
}

std::string describe(const GuardPlan& guard) {
    auto out = fmt::format("guards: {} others ready, {} steps a minute, evidence at most {} old",
                           guard.min_ready, guard.max_steps_per_minute,
                           format_duration(guard.evidence_max_age));
    if (guard.min_elsewhere > 0) out += fmt::format(", {} ready elsewhere", guard.min_elsewhere);
    if (guard.max_tier_percent < 100) {
        out += fmt::format(", {} % of a tier down at once", guard.max_tier_percent);
    }
    if (guard.quorum > 0) out += fmt::format(", {} agents fresh", guard.quorum);
    if (guard.spacing > Duration::zero()) {
        out += ", " + format_duration(guard.spacing) + " between steps of a target";
    }
    if (guard.expires_after > Duration::zero()) {
        out += ", told of after " + format_duration(guard.expires_after) + " without a vote";
    }
    return out + '\n';
}

}  // namespace firebreak
