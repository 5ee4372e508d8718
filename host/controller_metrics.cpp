// What a host knows, as figures for whoever scrapes.
#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {

namespace {

constexpr std::string_view ladder = "0 normal, 1 watch, 2 drain, 3 shed, 4 cut.";

void add_targets(Metrics& out, const std::vector<Target>& targets) {
    for (const auto& target : targets) {
        const MetricLabels labels{{"target", target.plan->name}};
        out.gauge("firebreak_target_wanted",
                  "The posture that the policy asks for: " + std::string(ladder), labels,
                  static_cast<double>(target.rung.wanted));
        out.gauge("firebreak_target_reached",
                  "The posture that reading back has shown: " + std::string(ladder), labels,
                  static_cast<double>(target.reached()));
        out.gauge("firebreak_target_blocked", "1 while a guard or a fault holds a step back.",
                  labels, target.blocked().empty() ? 0 : 1);
    }
}

void add_agents(Metrics& out, const Situation& situation) {
    for (const auto& [origin, agent] : situation.agents()) {
        const MetricLabels labels{{"agent_site", origin.site}, {"agent", origin.id}};
        out.gauge("firebreak_agent_present", "1 while the agent is heard.", labels,
                  agent.presence == Presence::online ? 1 : 0);
        for (const auto& [name, alarm] : agent.alarms) {
            auto of_alarm = labels;
            of_alarm.emplace_back("alarm", name);
            of_alarm.emplace_back("severity", to_string(alarm.notice.severity));
            out.gauge("firebreak_agent_alarm_active",
                      "1 while the alarm is active by the last evidence there was.",
                      std::move(of_alarm), alarm.active ? 1 : 0);
        }
    }
}

}  // namespace

MetricFamilies Controller::metrics(Now now) const {
    const auto& state = *state_;
    const auto status = state.status(now);
    Metrics out({{"site", state.plan.site}, {"host", state.plan.host}});
    out.gauge("firebreak_host_info", "1, with the version of the program.",
              {{"version", status.version}}, 1);
    out.gauge("firebreak_host_up_seconds", "Since the start.", {}, status.up_s);
    out.gauge("firebreak_host_link_up", "1 while connected to a broker.", {}, state.linked ? 1 : 0);
    out.gauge("firebreak_host_armed", "1 when orders are carried out.", {}, status.armed ? 1 : 0);
    out.gauge("firebreak_host_disarmed_seconds",
              "Since an operator has it rehearse that should act, in this life; 0: nobody has.", {},
              state.is_disarmed() ? seconds(now.steady - state.disarmed_at) : 0);
    add_targets(out, state.targets);
    add_agents(out, state.situation);
    out.counts("firebreak_host", status.counters);
    return out.take();
}

}  // namespace firebreak
