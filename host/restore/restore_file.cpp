#include "host/restore/restore_file.hpp"

#include <fmt/format.h>

#include <array>

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, WhenStuck>, 2> choices = {
    {{"wait", WhenStuck::wait}, {"pass", WhenStuck::pass}}};

}  // namespace

RestorePlan read_restore(Section section) {
    RestorePlan plan;
    plan.staged = true;
    plan.announce = section.duration_or("announce", std::chrono::seconds(30));
    plan.settle = section.duration_or("settle", std::chrono::seconds(30));
    plan.inrush_kw = section.number_or("inrush_kw", 0, {0, 1e6});
    plan.inrush_every = section.duration_or("inrush_every", std::chrono::seconds(10));
    plan.stuck = section.choice_or<WhenStuck>("stuck", choices, WhenStuck::wait);
    plan.stuck_after = section.duration_or("stuck_after", std::chrono::minutes(10));
    for (const auto& [key, value] :
         {std::pair<std::string_view, Duration>{"announce", plan.announce},
          {"settle", plan.settle},
          {"inrush_every", plan.inrush_every}}) {
        if (value <= std::chrono::hours(1)) continue;
        section.complain(key, '"' + std::string(key) + "\" must be at most 1h");
    }
    section.finish();
    return plan;
}

DrainPlan read_drain(Section section) {
    DrainPlan plan;
    plan.stuck = section.choice_or<WhenStuck>("stuck", choices, plan.stuck);
    plan.stuck_after = section.duration_or("stuck_after", plan.stuck_after);
    plan.spare_percent =
        static_cast<int>(section.integer_or("spare_percent", plan.spare_percent, {0, 90}));
    section.finish();
    return plan;
}

std::string describe(const RestorePlan& plan) {
    auto out = fmt::format("restoration: shown {} before it begins, each stage well for {}",
                           format_duration(plan.announce), format_duration(plan.settle));
    if (plan.inrush_kw > 0) {
        out += fmt::format(", at most {:.1f} kW a UPS within {}", plan.inrush_kw,
                           format_duration(plan.inrush_every));
    }
    out += fmt::format(", a stage not well for {} {}\n", format_duration(plan.stuck_after),
                       plan.stuck == WhenStuck::pass ? "is passed" : "is waited for");
    return out;
}

}  // namespace firebreak
