// What operators are shown of the core: values only, nothing follows from looking.
#include <algorithm>

#include "host/controller_state.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_alarms_shown = 256;

}  // namespace

HostView Controller::State::view(const std::string& target, bool whole, Now now) {
    HostView out;
    out.site = plan.site;
    out.host = plan.host;
    out.armed = armed;
    out.disarmed_by = disarmed_by;
    if (!disarmed_by.empty()) out.disarmed_for = now.steady - disarmed_at;
    out.linked = linked;
    out.journal = record.on() ? journal_trouble : "not kept";
    if (drill) out.drill = drill->plan->name + " by " + drill->by;
    out.up = now.steady - started.steady;
    for (const auto& [origin, agent] : situation.agents()) {
        out.agents.push_back(
            {alarm_name(origin, ""), std::string(to_string(agent.presence)),
             agent.heard == Instant{} ? Duration::zero() : now.steady - agent.heard});
        out.agents.back().name.pop_back();  // the slash before no alarm
        for (const auto& [name, alarm] : agent.alarms) {
            if (!alarm.active || out.alarms.size() >= most_alarms_shown) continue;
            out.alarms.push_back({alarm_name(origin, name),
                                  std::string(to_string(alarm.notice.phase)), alarm.notice.cause});
        }
    }
    if (whole && restoration.active()) out.restoration = describe_stages(plan, "");
    for (auto& each : targets) {
        if (!target.empty() && each.plan->name != target) continue;
        out.targets.push_back(view_of(each, now));
        if (whole) out.targets.back().steps = steps_of(each, now);
    }
    return out;
}

TargetView Controller::State::view_of(Target& target, Now now) {
    TargetView out;
    out.name = target.plan->name;
    out.tier = target.plan->tier;
    out.wanted = target.rung.wanted;
    out.admitted = target.rung.admitted;
    out.reached = target.reached();
    out.because = target.rung.because;
    out.blocked = target.blocked();
    out.waits = target.doubt;
    out.hold = guard_hold(holds.on(out.name)).value_or("");
    if (!carried.empty()) out.capacity = describe_site(plan, target.plan->site, carried);
    out.pace = pacing.describe(place_of(target));
    out.held = target.ledger.held_items();
    for (const auto& item : target.plan->items) {
        const auto state = target.ledger.states().find(item);
        out.states.emplace_back(item,
                                state == target.ledger.states().end() ? "unknown" : state->second);
    }
    for (const auto& vote : target.poll.votes) {
        out.votes.push_back({vote.at_least, vote.because, vote.fresh});
    }
    if (target.poll.wanted() < out.wanted && out.waits.empty()) {
        const auto calm = target.hastened ? Duration::zero() : plan.calm_for;
        out.calm_left = std::max(Duration::zero(), target.rung.calm_since + calm - now.steady);
    }
    return out;
}

std::vector<StepView> Controller::State::steps_of(Target& target, Now now) {
    std::vector<StepView> out;
    if (!target.is_read()) return out;
    ready.assign(sharing.size(), std::nullopt);
    shares.clear();
    elsewhere = {};
    const bool was_paced = paced;
    std::size_t passed = 0;  // one after the other, as they would be taken
    for (const auto& step : target.steps()) {
        auto refused = guards(target, step, now);
        if (!refused) refused = budget(target, step, passed, now);
        if (!refused) {
            counts(target, step);
            ++passed;
        }
        out.push_back({step.item, step.action, step.because, refused.value_or("")});
    }
    paced = was_paced;
    return out;
}

}  // namespace firebreak
