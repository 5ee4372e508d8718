#include "firmware/agent_state.hpp"

namespace firebreak {

void Agent::State::hear(const ReadingNews& news, Now now) {
    for (const auto& reading : news.publish) {
        const auto point = readings.history().find(reading.point);
        if (!point) continue;
        const auto stamp = stamper.next(now.wall);
        newest.put(*point, reading.value, reading.label, stamp);
        keep_late(*point, reading, stamp);
    }
    for (const std::size_t device : news.devices) {
        tell(book.look(plan.devices[device].name, readings.history(), now.steady), now);
    }
}

/// A device is asked faster while any alarm that looks at it is pending or firing.
void Agent::State::set_pace(const AlarmPlan& moved) {
    for (const auto& condition : moved.conditions) {
        const auto device = std::find_if(
            plan.devices.begin(), plan.devices.end(),
            [&](const DevicePlan& each) { return each.name == condition.point.device; });
        if (device == plan.devices.end() || !device->fast) continue;
        bool urgent = false;
        for (std::size_t i = 0; i < plan.alarms.size(); ++i) {
            const auto phase = book.state(i).phase;
            if (phase != Phase::pending && phase != Phase::firing) continue;
            urgent = urgent ||
                     std::any_of(plan.alarms[i].conditions.begin(), plan.alarms[i].conditions.end(),
                                 [&](const ConditionPlan& other) {
                                     return other.point.device == device->name;
                                 });
        }
        polling.hurry(static_cast<std::size_t>(device - plan.devices.begin()), urgent);
    }
}

void Agent::State::say_answers(Now now) {
    for (auto& answer : outlets.take_answers()) {
        note(LogLevel::info, "command",
             fmt::format("{} {}: {}", answer.id, to_string(answer.outcome), answer.detail));
        const Ack ack{answer.target,  answer.id,     answer.boot,           answer.seq,
                      answer.outcome, answer.detail, stamper.next(now.wall)};
        // Two outlets of one target share a topic: as state, one answer would hide the other.
        outbox.queue({topic(Kind::ack, answer.target), to_json(ack), true});
    }
}

void Agent::State::say_actions(Now now) {
    for (auto& notice : actions.take_news()) {
        note(
            notice.wanted == Switched::on ? LogLevel::warning : LogLevel::info, "action",
            fmt::format("{} {} because {}: {}, {}", notice.action, to_string(notice.wanted),
                        notice.because.empty() ? "nothing"
                                               : fmt::format("{}", fmt::join(notice.because, ", ")),
                        to_string(notice.outcome), notice.detail));
        notice.stamp = stamper.next(now.wall);
        outbox.put({topic(Kind::action, notice.action), to_json(notice), true}, Rank::urgent);
    }
}

Status Agent::State::status(bool online, Now now, Stamp stamp) const {
    Status status;
    status.online = online;
    status.version = FIREBREAK_VERSION;
    status.armed = std::any_of(plan.outlets.begin(), plan.outlets.end(),
                               [](const OutletPlan& outlet) { return outlet.armed; }) ||
                   std::any_of(plan.actions.begin(), plan.actions.end(),
                               [](const ActionPlan& action) { return action.armed; });
    status.heartbeat_s = seconds(plan.heartbeat);
    status.up_s = std::max(0.0, seconds(now.steady - began.steady));
    for (std::size_t d = 0; d < plan.devices.size(); ++d) {
        status.devices.emplace(plan.devices[d].name, readings.status(d, now.steady));
    }
    status.counters = counters;
    status.counters["messages.unsent"] = outbox.dropped();
    status.counters["readings.waiting"] = backlog.size();
    status.counters["readings.thinned"] = backlog.thinned();
    status.counters["alarms.chattering"] = annunciator.chattering();
    if (archive) {
        status.counters["records.waiting"] = outbox.journal().size();
        status.counters["store.failed"] = archive->failures();
    }
    status.counters["readings.implausible"] = readings.implausible();
    status.counters["commands.duplicate"] = outlets.duplicates();
    for (const auto& [origin, heard] : hosts) status.heard[heard.boot] = heard.seq;
    status.stamp = std::move(stamp);
    return status;
}

void Agent::State::say_status(Now now) {
    const auto stamp = stamper.next(now.wall);
    challenge.said(stamp.seq, now.steady);
    status_at = now.steady;
    outbox.put({topic(Kind::status), to_json(status(true, now, stamp)), true}, Rank::urgent);
    // Drift-free while on time; after a stall the missed beats are not made up for.
    while (next_heartbeat <= now.steady && now.steady - next_heartbeat < plan.heartbeat) {
        next_heartbeat += plan.heartbeat;
    }
    if (next_heartbeat <= now.steady) next_heartbeat = now.steady + plan.heartbeat;
}

}  // namespace firebreak
