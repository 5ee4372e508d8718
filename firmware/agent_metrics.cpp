// What an agent knows, as figures for whoever scrapes: every reading as it is now, whether or not
// it was worth a message.
#include "firmware/agent_state.hpp"

namespace firebreak {

namespace {

void add_readings(Metrics& out, const SitePlan& plan, const History& history, Instant now) {
    for (const auto& device : plan.devices) {
        for (const auto& block : device.blocks) {
            for (const auto index : block.registers) {
                const auto& reg = device.profile->registers[index];
                if (reg.type == WordType::text) continue;  // a text is no figure
                const PointId point{device.name, reg.measure};
                const auto value = history.evidence(point, now);
                MetricLabels labels{{"device", device.name}, {"measure", reg.measure}};
                out.gauge("firebreak_reading_good",
                          "1 while there is a fresh and plausible value, else 0.", labels,
                          value ? 1 : 0);
                if (!value) continue;
                labels.emplace_back("unit", to_string(reg.unit));
                out.gauge("firebreak_reading",
                          "The value of a measure in its unit; absent while there is none.",
                          std::move(labels), *value);
            }
        }
    }
}

void add_devices(Metrics& out, const SitePlan& plan, const Readings& readings, Instant now) {
    for (std::size_t d = 0; d < plan.devices.size(); ++d) {
        const auto& device = plan.devices[d];
        const auto counts = readings.status(d, now);
        const MetricLabels labels{{"bus", plan.buses.empty() ? "" : plan.buses[device.bus].name},
                                  {"device", device.name}};
        out.gauge("firebreak_device_silent", "1 while the device does not answer.", labels,
                  counts.silent ? 1 : 0);
        out.counter("firebreak_device_reads", "Blocks read well.", labels, counts.reads);
        out.counter("firebreak_device_timeouts", "Requests without an answer.", labels,
                    counts.timeouts);
        out.counter("firebreak_device_corrupt", "CRC errors and answers that were not ours.",
                    labels, counts.corrupt);
        out.counter("firebreak_device_exceptions", "Modbus exception answers.", labels,
                    counts.exceptions);
        out.counter("firebreak_device_missed", "Rounds that ended late, or were left out.", labels,
                    counts.missed);
    }
}

void add_alarms(Metrics& out, const AlarmBook& book) {
    for (std::size_t i = 0; i < book.plans().size(); ++i) {
        const auto& plan = book.plans()[i];
        const auto& state = book.state(i);
        const MetricLabels labels{{"alarm", plan.name},
                                  {"severity", std::string(to_string(plan.severity))}};
        out.gauge("firebreak_alarm_active", "1 while the alarm is firing or fading.", labels,
                  is_active(state.phase) ? 1 : 0);
        out.gauge("firebreak_alarm_known", "0 until there was evidence since the start.", labels,
                  state.phase == Phase::unknown ? 0 : 1);
        out.gauge("firebreak_alarm_silenced",
                  "1 while shelved, suppressed or out of service: it asks nothing of anybody.",
                  labels, is_silenced(state) ? 1 : 0);
        out.gauge("firebreak_alarm_acknowledged", "1 once an operator has seen that it is active.",
                  labels, state.acknowledged ? 1 : 0);
    }
}

}  // namespace

MetricFamilies Agent::metrics(Now now) const {
    const auto& state = *state_;
    const auto status = state.status(true, now, {});
    Metrics out({{"site", state.plan.site}, {"agent", state.plan.agent}});
    out.gauge("firebreak_agent_info", "1, with the version of the program.",
              {{"version", status.version}}, 1);
    out.gauge("firebreak_agent_up_seconds", "Since the start.", {}, status.up_s);
    out.gauge("firebreak_agent_link_up", "1 while connected to a broker.", {},
              state.outbox.is_up() ? 1 : 0);
    out.gauge("firebreak_agent_armed", "1 when it may switch something.", {}, status.armed ? 1 : 0);
    add_readings(out, state.plan, state.readings.history(), now.steady);
    add_devices(out, state.plan, state.readings, now.steady);
    add_alarms(out, state.book);
    out.counts("firebreak_agent", status.counters);
    return out.take();
}

}  // namespace firebreak
