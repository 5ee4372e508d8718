#include "host/guard/longest_rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/plan.hpp"
#include "host/vote.hpp"

namespace firebreak {
namespace {

constexpr Duration long_enough = std::chrono::minutes(5);

struct RuleSteps {
    const RulePlan* rule = nullptr;
    std::size_t steps = 0;
    std::size_t of_one_target = 0;  ///< of the largest
};

/// The rule with the most items to put down, those that its loads wait for among them.
RuleSteps largest(const PolicyPlan& plan) {
    std::map<const RulePlan*, RuleSteps> all;
    for (const auto& target : plan.targets) {
        std::map<const RulePlan*, bool> puts_down;
        for (const auto& ballot : ballots_for(plan, target)) {
            const auto action = action_for(ladder_of(target), ballot.at_least);
            if (depth_of(action) > 0) puts_down[ballot.rule] = true;
        }
        for (const auto& [rule, does] : puts_down) {
            auto& of = all[rule];
            of.rule = rule;
            of.steps += target.items.size();
            of.of_one_target = std::max(of.of_one_target, target.items.size());
        }
    }
    RuleSteps most;
    for (const auto& rule : plan.rules) {  // in the file's order: the first of several
        const auto found = all.find(&rule);
        if (found != all.end() && found->second.steps > most.steps) most = found->second;
    }
    return most;
}

/// The first minute's steps go at once, and so many more in every minute after it.
Duration time_of(const PolicyPlan& plan, const RuleSteps& most) {
    if (most.steps == 0) return Duration::zero();
    const auto minutes =
        (most.steps - 1) / static_cast<std::size_t>(plan.guard.max_steps_per_minute);
    const auto spaced = plan.guard.spacing * static_cast<std::int64_t>(most.of_one_target - 1);
    return std::max(Duration(std::chrono::minutes(minutes)), Duration(spaced));
}

}  // namespace

std::string describe_longest_rule(const PolicyPlan& plan) {
    const auto most = largest(plan);
    if (most.steps == 0) return "";
    const auto time = time_of(plan, most);
    return fmt::format("largest rule, line {}: {} steps at {} a minute take {}\n",
                       most.rule->place.line, most.steps, plan.guard.max_steps_per_minute,
                       time > Duration::zero() ? format_duration(time) : "no time: all go at once");
}

void check_longest_rule(PolicyPlan& plan) {
    const auto most = largest(plan);
    const auto time = time_of(plan, most);
    if (time <= long_enough) return;
    plan.warnings.push_back(fmt::format(
        "line {}: {} steps take {}, and a fire does not wait: raise max_steps_per_minute ({}){}",
        most.rule->place.line, most.steps, format_duration(time), plan.guard.max_steps_per_minute,
        plan.guard.spacing > Duration::zero() ? " or lower spacing" : ""));
}

}  // namespace firebreak
