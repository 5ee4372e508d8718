// How long the largest rule takes at the pace that the guards allow, said before there is a fire.
#include "host/guard/longest_rule.hpp"

#include "tests/catch.hpp"
#include "tests/host/policy_text.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// So many servers, 500 a target, drained by one rule in line 7.
PolicyPlan fleet(std::size_t servers) {
    PolicyPlan plan;
    RulePlan rule;
    rule.place.line = 7;
    rule.at_least = Posture::drain;
    for (std::size_t i = 0; i < servers; i += 500) {
        TargetPlan target;
        target.name = "t" + std::to_string(i);
        target.items.assign(std::min<std::size_t>(500, servers - i), "s");
        rule.targets.push_back(target.name);
        plan.targets.push_back(std::move(target));
    }
    plan.rules.push_back(std::move(rule));
    return plan;
}

std::string warned(PolicyPlan plan) {
    check_longest_rule(plan);
    return plan.warnings.empty() ? "" : plan.warnings.front();
}

}  // namespace

TEST_CASE("longest rule: the first minute's steps go at once, the others as the minutes pass",
          "[host][guard]") {
    CHECK(describe_longest_rule(fleet(32000)) ==
          "largest rule, line 7: 32000 steps at 600 a minute take 53m\n");
    CHECK(says(describe_longest_rule(fleet(600)), "take no time: all go at once"));
    CHECK(says(describe_longest_rule(fleet(601)), "601 steps at 600 a minute take 1m"));
    auto spaced = fleet(600);
    spaced.guard.spacing = 2s;
    CHECK(says(describe_longest_rule(spaced), "take 16m38s"));
    CHECK(describe_longest_rule(PolicyPlan{}).empty());
}

TEST_CASE("longest rule: one that takes longer than five minutes is warned of", "[host][guard]") {
    CHECK(says(warned(fleet(32000)),
               "line 7: 32000 steps take 53m, and a fire does not wait: "
               "raise max_steps_per_minute (600)"));
    CHECK(warned(fleet(3600)).empty());
    CHECK(says(warned(fleet(3601)), "take 6m"));
    auto fast = fleet(32000);
    fast.guard.max_steps_per_minute = 100000;
    CHECK(warned(fast).empty());
    auto watch = fleet(32000);
    watch.rules[0].at_least = Posture::watch;  // puts nothing down
    CHECK(warned(watch).empty());
}

TEST_CASE("longest rule: what its loads wait for is drained by it, too", "[host][guard]") {
    auto plan = fleet(1000);
    TargetPlan racks;
    racks.name = "racks";
    racks.kind = TargetKind::outlet;
    racks.items.assign(10, "r");
    racks.after = {"t0"};
    plan.targets.push_back(racks);
    RulePlan shed;
    shed.at_least = Posture::shed;
    shed.targets = {"racks"};
    plan.rules = {shed};
    CHECK(says(describe_longest_rule(plan), "510 steps"));
}
