// Drills: a posture asked for by an operator while nothing is the matter, for real, and undone.
// Any alarm ends one: what is down then stays down until all is clear.
#include <fmt/format.h>

#include <algorithm>

#include "host/controller_state.hpp"

namespace firebreak {
namespace {

tl::unexpected<Error> refuse(std::string why) {
    return fail(Fault::refused, std::move(why));
}

}  // namespace

std::string Controller::State::active_alarm() const {
    for (const auto& [origin, agent] : situation.agents()) {
        for (const auto& [name, alarm] : agent.alarms) {
            if (alarm.active && !alarm.notice.is_silenced()) return alarm_name(origin, name);
        }
    }
    // A silence that votes is an alarm of its own.
    for (const auto& target : targets) {
        for (const auto& vote : target.poll.votes) {
            if (vote.alarm.empty() && vote.agent != self) return vote.because;
        }
    }
    return "";
}

/// Why not, or "": the way back must be open before anything is put down.
std::string Controller::State::not_ready_for(const DrillPlan& wanted, Now now) {
    if (drill) return "the drill " + drill->plan->name + " is under way";
    if (const auto alarm = active_alarm(); !alarm.empty()) return alarm + " is active";
    if (!journal_trouble.empty()) return "the journal cannot be written: " + journal_trouble;
    for (const auto& name : wanted.targets) {
        const Target* target = find(name);
        if (target == nullptr) return "there is no target \"" + name + "\"";
        if (const auto refused = guard_hold(holds.on(name))) return name + ": " + *refused;
        if (target->rung.wanted != Posture::normal || !target->ledger.held().empty()) {
            return name + " is not at normal";
        }
        const auto why = doubt(target->ballots, Posture::watch, situation,
                               plan.guard.evidence_max_age, now.steady);
        if (!why.empty()) return name + " has no all-clear: " + why;
    }
    return "";
}

Result<std::string> Controller::State::start_drill(const Ask& ask, Now now) {
    const auto found = std::find_if(plan.drills.begin(), plan.drills.end(),
                                    [&](const DrillPlan& each) { return each.name == ask.target; });
    if (found == plan.drills.end()) return refuse("there is no [[drill]] \"" + ask.target + "\"");
    if (const auto why = not_ready_for(*found, now); !why.empty()) return refuse(why);
    ++drills_begun;
    drill = Drill{&*found, ask.by, now.steady + found->hold_for};
    for (const auto& name : found->targets) {
        Target& target = *find(name);
        target.drill = Vote{found->posture,
                            "drill/" + found->name,
                            self,
                            "",
                            Stamp{stamper.boot(), drills_begun, now.wall},
                            true};
        target.drill_items.clear();
        target.drill_items.insert(found->items.begin(), found->items.end());
    }
    return fmt::format("drill {}: {} target(s) to {} for {}, {}{}", found->name,
                       found->targets.size(), to_string(found->posture),
                       format_duration(found->hold_for),
                       found->undo ? "then back at once" : "then back rung by rung",
                       armed ? "" : "; only rehearsed, the host is not armed");
}

void Controller::State::mind_drill(Now now) {
    if (!drill && !drill_interrupted) return;
    const auto alarm = active_alarm();
    if (drill_interrupted && alarm.empty()) {
        for (auto& target : targets) target.interrupted = false;
        drill_interrupted = false;
    }
    if (!drill) return;
    if (!alarm.empty()) {
        end_drill("the alarm " + alarm, false);
    } else if (now.steady >= drill->end) {
        end_drill("its time is over", drill->plan->undo);
    }
}

void Controller::State::end_drill(const std::string& why, bool bring_back) {
    const auto name = drill->plan->name;
    const bool by_alarm = !active_alarm().empty();
    drill.reset();
    drill_interrupted = by_alarm;
    for (auto& target : targets) {
        if (!target.drill) continue;
        target.drill.reset();
        target.rested.reset();
        target.hastened = bring_back;
        target.interrupted = by_alarm;
    }
    if (record.on()) record.decided(EntryKind::decision, drill_ended_text(name, why));
    tell(by_alarm ? LogLevel::warning : LogLevel::info, "drill-ended",
         {{"drill", name}, {"because", why}, {"brought_back", bring_back}});
}

}  // namespace firebreak
