#include "host/drain/drain_file.hpp"

#include <fmt/format.h>

#include <array>

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Posture>, 2> unpaced = {
    {{"shed", Posture::shed}, {"cut", Posture::cut}}};

/// In steps of so many percent.
int steps_of(const PacePlan& plan) {
    return (100 + plan.step_percent - 1) / plan.step_percent;
}

}  // namespace

PacePlan read_pace(Section section, PacePlan base) {
    auto plan = std::move(base);
    if (auto most = section.maybe_integer("max_queue", {0, 1'000'000'000})) plan.max_queue = most;
    if (section.has("max_error_percent")) {
        plan.max_error_percent = section.number_or("max_error_percent", 0, {0, 100});
    }
    const auto percent = [&](std::string_view key, int& value, std::int64_t most) {
        value = static_cast<int>(section.integer_or(key, value, {1, most}));
    };
    percent("step_percent", plan.step_percent, 100);
    percent("resume_percent", plan.resume_percent, 100);
    plan.settle = section.duration_or("settle", plan.settle);
    plan.unpaced_from = section.choice_or<Posture>("unpaced_from", unpaced, plan.unpaced_from);
    if (!plan.max_queue && !plan.max_error_percent) {
        section.complain("", "nothing to pace by: say max_queue, max_error_percent or both");
    }
    if (plan.settle < std::chrono::seconds(1)) {
        section.complain("settle", "\"settle\" must be at least 1s: less shows nothing");
    } else if (plan.settle * steps_of(plan) > std::chrono::minutes(10)) {
        section.complain("settle", fmt::format("{} steps of {} are more than 10m: a fire does not "
                                               "wait",
                                               steps_of(plan), format_duration(plan.settle)));
    }
    section.finish();
    return plan;
}

void read_capacity(Section& section, DrainPlan& plan) {
    SiteCapacity site;
    site.place = section.place();
    site.site = section.name("site");
    site.holds = section.number("holds", {0, 1e12});
    for (const auto& other : plan.sites) {
        if (other.site != site.site) continue;
        section.complain("site", "the capacity of \"" + site.site + "\" stands twice");
    }
    section.finish();
    plan.sites.push_back(std::move(site));
}

std::string describe(const PacePlan& plan) {
    auto out = fmt::format("{} % at once, the next after {} while", plan.step_percent,
                           format_duration(plan.settle));
    if (plan.max_queue) out += fmt::format(" at most {} requests wait", *plan.max_queue);
    if (plan.max_queue && plan.max_error_percent) out += " and";
    if (plan.max_error_percent) out += fmt::format(" at most {:g} % fail", *plan.max_error_percent);
    return out + fmt::format(", on again at {} % of that; not at {}", plan.resume_percent,
                             to_string(plan.unpaced_from));
}

}  // namespace firebreak
