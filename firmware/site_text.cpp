#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "contract/trust_file.hpp"
#include "firmware/alarm/condition.hpp"
#include "firmware/bus/line_load.hpp"
#include "firmware/site_file.hpp"

namespace firebreak {

namespace {

/// How many measures are said when, where that is not as the site has it.
std::string describe_publish(const SitePlan& plan, const DevicePlan& device) {
    std::map<std::string, std::size_t> measures;
    for (std::size_t reg = 0; reg < device.publish.size(); ++reg) {
        const auto& how = device.publish[reg];
        if (how == PublishPlan{}) continue;
        const auto unit = how.is_percent ? "%" : to_string(device.profile->registers[reg].unit);
        ++measures[fmt::format("published beyond {:g} {}{}, at least every {}", how.deadband, unit,
                               how.is_percent ? " of the last" : "",
                               format_duration(how.every.value_or(plan.publish_every)))];
    }
    std::string text;
    for (const auto& [how, count] : measures)
        text += fmt::format("    {}: {} measures\n", how, count);
    return text;
}

std::string describe_device(const SitePlan& plan, const DevicePlan& device) {
    auto text = fmt::format("  {}: {} ({}), unit {} on {}, every {}, silent after {}\n",
                            device.name, device.profile->title, device.profile->name, device.unit,
                            plan.buses[device.bus].name, format_duration(device.period),
                            format_duration(device.silent_after));
    for (const auto& block : device.blocks) {
        text += fmt::format("    reads {} {} from {}: {} measures, every {}\n", block.count,
                            to_string(block.table), block.address, block.registers.size(),
                            format_duration(block.period));
    }
    return text + describe_publish(plan, device);
}

/// What the plan costs, while all devices answer and none thinks long.
std::string describe_load(const SitePlan& plan, std::size_t index) {
    const auto& bus = plan.buses[index];
    const auto load = line_load(bus, index, plan.devices);
    if (load.reads_per_s == 0) return "    no device: nothing is read\n";
    auto text = fmt::format("    {:.3g} reads a second", load.reads_per_s);
    if (bus.wire != Wire::serial) return text + '\n';
    text += fmt::format(", the line busy {:.1f} % of the time\n", 100 * load.busy);
    if (load.busy <= most_busy) return text;
    return text + fmt::format(
                      "    warning: above {:.0f} % there is no time for slow answers and "
                      "dead units: {}\n",
                      100 * most_busy,
                      load.busy > 1 ? "rounds will be missed; read less or more seldom"
                                    : "read less, more seldom, or at a higher baud rate");
}

std::string describe_wire(const BusPlan& bus) {
    if (bus.wire == Wire::tcp) return fmt::format("Modbus TCP {}:{}", bus.host, bus.port);
    if (bus.wire == Wire::rtu_over_tcp) {
        return fmt::format("Modbus RTU over TCP {}:{}", bus.host, bus.port);
    }
    const auto& line = bus.line;
    const char parity = line.parity == Parity::none ? 'N' : line.parity == Parity::even ? 'E' : 'O';
    return fmt::format("Modbus RTU on {} ({}), {} baud 8{}{}", line.port.name, line.port.path,
                       line.baud, parity, line.stop_bits);
}

std::string describe_list(const std::vector<ConditionPlan>& conditions, std::string_view between) {
    // A whole group reads as its first and its number.
    constexpr std::size_t most = 4;
    std::string text;
    for (std::size_t i = 0; i < std::min(conditions.size(), most); ++i) {
        if (i > 0) text += between;
        text += describe(conditions[i]);
    }
    if (conditions.size() > most) text += fmt::format(" … {} more", conditions.size() - most);
    return text;
}

std::string describe_alarm(const AlarmPlan& alarm, std::size_t siblings) {
    auto text = fmt::format("  {}{} ({}): ", alarm.name,
                            siblings > 1 ? fmt::format(" and {} more", siblings - 1) : "",
                            to_string(alarm.severity));
    if (alarm.join.kinds > 0) {
        text += fmt::format("when {} kinds of sign within {} of ", alarm.join.kinds,
                            format_duration(alarm.join.within));
    } else if (alarm.join.at_least > 1) {
        text += fmt::format("when at least {} of ", alarm.join.at_least);
    } else {
        text += "when ";
    }
    text += describe_list(alarm.conditions, alarm.all ? " and " : " or ");
    if (!alarm.confirmed_by.empty()) {
        text += fmt::format(", confirmed within {} by {}", format_duration(alarm.join.within),
                            describe_list(alarm.confirmed_by, " or "));
    }
    if (!alarm.unless.empty()) text += ", unless " + describe_list(alarm.unless, " and ");
    if (alarm.on_delay > Duration::zero()) {
        text += fmt::format(", for {}", format_duration(alarm.on_delay));
    }
    if (alarm.off_delay > Duration::zero()) {
        text += fmt::format("; over after {} without", format_duration(alarm.off_delay));
    }
    if (alarm.latch) text += "; stays until an operator resets it";
    const auto& shown = alarm.annunciation;
    if (shown.priority > 0) text += fmt::format("; priority {}", shown.priority);
    if (shown.re_alarm > Duration::zero()) {
        text += fmt::format("; asks again {} after it was acknowledged",
                            format_duration(shown.re_alarm));
    }
    if (!shown.group.empty()) text += fmt::format("; the first of {} is marked", shown.group);
    if (!shown.suppressed_by.empty()) {
        text += fmt::format("; silent during {}", fmt::join(shown.suppressed_by, " or "));
    }
    return text + '\n';
}

/// Those that a template made stand in a row: the first speaks for all.
std::string describe_alarms(const std::vector<AlarmPlan>& alarms) {
    std::string text;
    for (std::size_t i = 0; i < alarms.size();) {
        std::size_t end = i + 1;
        while (end < alarms.size() && !alarms[i].made_by.empty() &&
               alarms[end].made_by == alarms[i].made_by) {
            ++end;
        }
        text += describe_alarm(alarms[i], end - i);
        i = end;
    }
    return text;
}

}  // namespace

std::string describe(const SitePlan& plan) {
    auto text = fmt::format("agent {} at site {}, broker {}, heartbeat {}\n", plan.agent, plan.site,
                            describe(plan.broker), format_duration(plan.heartbeat));
    if (!plan.state_folder.empty()) {
        text += fmt::format("keeps what must survive in {}\n", plan.state_folder);
    }
    if (!plan.metrics.empty()) text += fmt::format("metrics at http://{}/metrics\n", plan.metrics);
    if (!plan.home_assistant.empty()) {
        text += fmt::format("tells Home Assistant below {}/\n", plan.home_assistant);
    }
    text += plan.trusted_hosts.empty()
                ? "obeys no host\n"
                : fmt::format("obeys {}\n", fmt::join(plan.trusted_hosts, ", "));
    text += describe(plan.trust);
    text += "buses\n";
    for (std::size_t index = 0; index < plan.buses.size(); ++index) {
        const auto& bus = plan.buses[index];
        text += fmt::format("  {}: {}, timeout {}\n", bus.name, describe_wire(bus),
                            format_duration(bus.timeout));
        text += describe_load(plan, index);
    }
    text += "devices\n";
    for (const auto& device : plan.devices) text += describe_device(plan, device);
    text += "alarms\n";
    text += describe_alarms(plan.alarms);
    for (const auto& set : plan.rules) {
        text += fmt::format("rules {}: {} alarms\n", set.name, set.alarms);
        for (const auto& dropped : set.dropped) text += fmt::format("  without {}\n", dropped);
    }
    if (!plan.outlets.empty()) text += "outlets\n";
    for (const auto& outlet : plan.outlets) {
        text += fmt::format("  {}: {} {}, {}\n", outlet.name, plan.devices[outlet.device].name,
                            outlet.measure,
                            outlet.armed ? "armed" : "not armed: commands are only rehearsed");
    }
    if (!plan.actions.empty()) text += "actions\n";
    for (const auto& action : plan.actions) {
        text += fmt::format("  {}: {} {} is {:g} while {}", action.name,
                            plan.devices[action.device].name, action.measure, action.on,
                            fmt::join(action.alarms, " or "));
        if (action.off) text += fmt::format(", {:g} after", *action.off);
        text += action.armed ? ", armed\n" : ", not armed: only rehearsed\n";
    }
    return text;
}

}  // namespace firebreak
