#include "firmware/agent_state.hpp"
#include "firmware/alarm/answer.hpp"

namespace firebreak {

namespace {

/// What of a notice must survive: neither a phase that is not active, nor when it was said.
AlarmNotice lasting(AlarmNotice notice) {
    notice.phase = is_active(notice.phase) ? Phase::firing : Phase::clear;
    notice.cause.clear();
    notice.since = {};
    notice.stamp = {};
    notice.chattering = false;
    notice.suppressed_by.clear();
    notice.silenced = false;
    notice.alarm.clear();
    notice.severity = {};
    notice.priority = 0;
    notice.group.clear();
    return notice;
}

/// Whether hosts are to act on it.
bool asks(const AlarmState& state) {
    return is_active(state.phase) && !is_silenced(state);
}

/// An alarm that has never been anything.
AlarmNotice nothing() {
    AlarmNotice notice;
    notice.phase = Phase::clear;
    return notice;
}

}  // namespace

void Agent::State::restore(const Remembered& earlier, Now start) {
    for (const auto& trouble : earlier.troubles) note(LogLevel::error, "store_failed", trouble);
    archive->restore(earlier.kept);
    outbox.journal().restore(earlier.records);
    std::size_t foreign = 0;
    for (const auto& [name, text] : earlier.kept) {
        const auto notice = parse_alarm(text);
        if (!notice || notice->alarm != name || !book.find(name)) {
            ++foreign;  // of an alarm that the site no longer has
            continue;
        }
        const auto alarm = *book.find(name);
        kept[alarm] = lasting(*notice);
        on_own_alarm(*notice, start);
    }
    note(LogLevel::info, "store_read",
         fmt::format("{} alarms, {} records that nobody had yet, {} alarms not of this site",
                     earlier.kept.size() - foreign, earlier.records.size(), foreign));
}

void Agent::State::on(const StoreReport& report, Now now) {
    if (!archive) return;
    const auto said = archive->take(report.result, now.steady);
    outbox.journal().taken_is_safe();
    if (!said) return;
    note(report.result ? LogLevel::info : LogLevel::error,
         report.result ? "store_well" : "store_failed", *said);
}

void Agent::State::on_own_alarm(const AlarmNotice& notice, Now now) {
    // What this life said comes back as well: only an earlier life's word is news.
    if (notice.stamp.boot == stamper.boot()) return;
    const auto taken = book.take_up(notice, now);
    if (!taken) return;
    annunciator.take_up(taken->alarm, taken->after, notice);
    announce(*taken, now);  // it is no new alarm
}

void Agent::State::on_operator(const Topic& topic, const OperatorRequest& request, Now now) {
    if (request.alarm != topic.name) {
        with<OperatorRequest>(topic, fail(Fault::wire, "alarm is not the topic's"), [](auto&&) {});
        return;
    }
    const auto alarm = book.find(request.alarm);
    if (!alarm) {
        ++counters["operator.foreign"];
        return;
    }
    ++counters["operator.requests"];
    const auto length = std::chrono::duration<double>(request.for_s);
    const OperatorOrder order{request.action, std::chrono::duration_cast<Duration>(length)};
    const AlarmState before = book.state(*alarm);
    const auto changed = book.operate(request.alarm, order, readings.history(), now.steady);
    const AlarmState after = book.state(*alarm);
    if (changed) tell(*changed, now, request.by);
    const auto answer = answer_to(order, before, after);
    note(LogLevel::info, "operator",
         fmt::format("{} {} by {}: {}, {}", to_string(request.action), request.alarm, request.by,
                     to_string(answer.outcome), answer.why));
    AlarmEvent event;
    event.alarm = request.alarm;
    event.from = before.phase;
    event.to = after.phase;
    event.severity = plan.alarms[*alarm].severity;
    event.cause = answer.why;
    event.action = request.action;
    event.by = request.by;
    event.outcome = answer.outcome;
    event.stamp = stamper.next(now.wall);
    record(event);
}

void Agent::State::tell(const Transition& transition, Now now, const std::string& by) {
    annunciator.hear(transition, now, by);
    const auto seq = announce(transition, now);
    const auto within = plan.alarms[transition.alarm].ack_within;
    if (within == Duration::zero()) return;
    const bool asked = asks(transition.before);
    if (!asks(transition.after)) {
        host_acks.ends(transition.alarm);
    } else if (!asked) {
        host_acks.asks(transition.alarm, {seq, now.steady, within});
    }
}

void Agent::State::on_host_ack(const Topic& topic, const Ack& ack) {
    ++counters["alarms.acked_by_host"];
    const auto alarm = book.find(ack.about);
    if (!alarm || ack.about != topic.name || ack.boot != stamper.boot()) return;
    host_acks.acked(*alarm, ack.seq);
}

void Agent::State::await_hosts(Now now) {
    if (!host_acks.take_due(now.steady)) return;
    const auto owed = host_acks.first();
    readings.await(a_host, owed ? owed->since : now.steady, owed ? owed->within : for_ever);
    tell(book.look(a_host, readings.history(), now.steady), now);
}

std::uint64_t Agent::State::announce(const Transition& transition, Now now) {
    const auto& alarm = plan.alarms[transition.alarm];
    const bool moved = transition.before.phase != transition.after.phase;
    if (moved) since[transition.alarm] = now.wall;
    if (transition.after.asked_again > transition.before.asked_again) {
        ++counters["alarms.asked_again"];
        note(LogLevel::warning, "alarm_asks_again",
             fmt::format("{} is still active since it was acknowledged", alarm.name));
    }
    const auto seq = say_alarm(transition.alarm, now);
    if (!moved) return seq;
    set_pace(alarm);
    ++counters["alarms.transitions"];
    AlarmEvent event;
    event.alarm = alarm.name;
    event.from = transition.before.phase;
    event.to = transition.after.phase;
    event.severity = alarm.severity;
    event.cause = transition.cause;
    event.stamp = stamper.next(now.wall);
    record(event);
    note(is_active(event.to) ? LogLevel::warning : LogLevel::info, "alarm",
         fmt::format("{} {} -> {}: {}", event.alarm, to_string(event.from), to_string(event.to),
                     event.cause));
    return seq;
}

void Agent::State::record(const AlarmEvent& event) {
    const bool major = event.action || is_active(event.from) || is_active(event.to);
    outbox.journal().append({topic(Kind::event), to_json(event), false},
                            major ? Weight::major : Weight::minor);
}

AlarmNotice Agent::State::notice_of(std::size_t index, Now now) {
    const auto& alarm = plan.alarms[index];
    const auto& state = book.state(index);
    const auto& known = annunciator.of(index);
    AlarmNotice notice;
    notice.alarm = alarm.name;
    notice.phase = state.phase;
    notice.severity = alarm.severity;
    notice.latched = state.latched;
    notice.acknowledged = state.acknowledged;
    notice.shelved = state.shelved_until.has_value();
    notice.cause = book.cause(index);
    notice.since = since[index];
    const auto priority = alarm.annunciation.priority;
    notice.priority = priority > 0 ? priority : priority_of(alarm.severity);
    notice.acknowledge = known.acknowledge;
    notice.shelve = known.shelve;
    notice.shelved_until = known.shelved_until;
    notice.out_of_service = known.out_of_service;
    notice.suppress = known.suppress;
    if (state.suppressed_by_design) notice.suppressed_by = book.suppressors(index);
    notice.silenced = is_silenced(state);
    notice.group = alarm.annunciation.group;
    notice.first_out = known.first_out;
    notice.chattering = known.chatter.chatters();
    notice.asked_again = state.asked_again;
    notice.stamp = stamper.next(now.wall);
    return notice;
}

std::uint64_t Agent::State::say_alarm(std::size_t alarm, Now now) {
    const auto notice = notice_of(alarm, now);
    outbox.put({topic(Kind::alarm, notice.alarm), to_json(notice), true}, Rank::urgent);
    if (archive) keep(alarm, notice);
    return notice.stamp.seq;
}

/// Written only when something changed that a restart must not lose.
void Agent::State::keep(std::size_t alarm, const AlarmNotice& notice) {
    auto now_lasting = lasting(notice);
    if (kept[alarm] == now_lasting) return;
    const bool new_and_nothing = kept[alarm] == AlarmNotice{} && now_lasting == nothing();
    kept[alarm] = std::move(now_lasting);
    if (!new_and_nothing) archive->keep(notice.alarm, to_json(notice));
}

void Agent::State::annunciate(Now now) {
    annunciator.tick(now.steady);
    for (const auto alarm : annunciator.take_changed()) {
        say_alarm(alarm, now);
        const auto& known = annunciator.of(alarm);
        if (!known.chatter.chatters()) continue;
        note(LogLevel::warning, "alarm_chatters",
             fmt::format("{} comes and goes: {} times within {}", plan.alarms[alarm].name,
                         Chatter::times, format_duration(Chatter::within)));
    }
    if (annunciator.take_flood()) say_flood(now);
}

void Agent::State::say_flood(Now now) {
    const auto& flood = annunciator.flood();
    FloodNotice notice;
    if (std::exchange(flooded, flood.is_on()) != flood.is_on()) {
        flood_since = now.wall;
        if (flood.is_on()) ++counters["alarms.floods"];
        note(LogLevel::warning, "alarm_flood",
             flood.is_on() ? fmt::format("{} new alarms within {}, the first of them {}",
                                         flood.recent(), format_duration(flood.within()),
                                         plan.alarms[flood.alarms().front()].name)
                           : "over");
    }
    notice.active = flood.is_on();
    notice.since = flood_since;
    notice.recent = flood.recent();
    if (flood.is_on()) {
        for (const auto alarm : flood.alarms()) notice.alarms.push_back(plan.alarms[alarm].name);
    }
    notice.stamp = stamper.next(now.wall);
    outbox.put({topic(Kind::flood), to_json(notice), true}, Rank::urgent);
}

}  // namespace firebreak
