#include "firmware/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "contract/payload.hpp"
#include "contract/status.hpp"
#include "contract/topic.hpp"
#include "firmware/alarm/book.hpp"
#include "firmware/outbox/outbox.hpp"
#include "firmware/outlets.hpp"
#include "firmware/readings.hpp"

namespace firebreak {

namespace {

constexpr std::size_t max_records = 256;
constexpr std::size_t max_notes = 64;

std::size_t topics_of(const SitePlan& plan) {
    std::size_t topics = 1 + plan.alarms.size();
    for (const auto& device : plan.devices) topics += device.profile->registers.size();
    return topics;
}

}  // namespace

struct Agent::State {
    State(SitePlan site, std::string boot, Now start)
        : plan(std::move(site)),
          me{plan.site, Role::agent, plan.agent},
          stamper(std::move(boot)),
          outbox(topics_of(plan), max_records),
          readings(plan.devices, plan.publish_every, start.steady),
          book(plan.alarms, start.steady),
          outlets(plan),
          began(start),
          next_heartbeat(start.steady),
          since(plan.alarms.size(), start.wall) {}

    SitePlan plan;
    Origin me;
    Stamper stamper;
    Outbox outbox;
    Readings readings;
    AlarmBook book;
    Outlets outlets;
    Now began;
    Instant next_heartbeat;
    std::vector<WallTime> since;  ///< of each alarm's phase, a label
    std::map<std::string, std::uint64_t> counters;
    std::set<Kind> complained;  ///< kinds of topic whose first bad payload has been told
    std::vector<Note> notes;

    [[nodiscard]] std::string topic(Kind kind, std::string name = "", std::string measure = "") {
        return to_string(Topic{me, kind, std::move(name), std::move(measure)});
    }
    [[nodiscard]] bool trusts(const Origin& sender) const {
        return sender.role == Role::host &&
               std::find(plan.trusted_hosts.begin(), plan.trusted_hosts.end(), sender.id) !=
                   plan.trusted_hosts.end();
    }

    void note(LogLevel level, std::string event, std::string detail) {
        // A shell that does not take them must not make them pile up.
        if (notes.size() < max_notes) notes.push_back({level, std::move(event), std::move(detail)});
    }

    // ---- inputs ----
    void on(const BusReport& report, Now now) { hear(readings.take(report, now.steady), now); }
    void on(const WriteReport& report, Now now) {
        if (auto read_back = outlets.take(report)) {
            hear(readings.note(read_back->first, std::move(read_back->second), now.steady), now);
        }
    }
    void on(const LinkUp&, Now now) {
        ++counters["link.ups"];
        outbox.link_up();
        say_status(now);
        note(LogLevel::info, "link_up", plan.broker_url);
    }
    void on(const LinkDown& down, Now) {
        outbox.link_down();
        note(LogLevel::warning, "link_down", down.why);
    }
    void on(const Arrived& arrived, Now now);
    void on_own_alarm(const AlarmNotice& notice, Now now);
    void on_command(const Topic& topic, const Command& command, Now now);
    void on_operator(const Topic& topic, const OperatorRequest& request, Now now);

    /// Gives `use` the parsed payload; one that breaks the contract is counted and dropped.
    template <class T, class Use>
    void with(const Topic& from, const Result<T>& parsed, Use use) {
        if (parsed) {
            use(*parsed);
            return;
        }
        ++counters["messages.dropped"];
        if (!complained.insert(from.kind).second) return;
        note(LogLevel::warning, "payload_bad",
             fmt::format("{}: {} (told once a kind of topic)", to_string(from),
                         parsed.error().what));
    }

    // ---- outputs ----
    void hear(const ReadingNews& news, Now now);
    void tell(const std::vector<Transition>& transitions, Now now) {
        for (const auto& transition : transitions) tell(transition, now);
    }
    void tell(const Transition& transition, Now now);
    void say_alarm(std::size_t alarm, Now now);
    void say_answers(Now now);
    void say_status(Now now);
    [[nodiscard]] Status status(bool online, Now now, Stamp stamp) const;

    void advance(Now now);
};

void Agent::State::on(const Arrived& arrived, Now now) {
    const auto topic = parse_topic(arrived.topic);
    if (!topic) {
        ++counters["messages.dropped"];
        return;
    }
    if (topic->origin == me && topic->kind == Kind::alarm) {
        with(*topic, parse_alarm(arrived.payload), [&](const AlarmNotice& notice) {
            if (notice.alarm == topic->name) on_own_alarm(notice, now);
        });
        return;
    }
    if (!trusts(topic->origin)) {
        ++counters["senders.untrusted"];
        return;
    }
    switch (topic->kind) {
        case Kind::command:
            with(*topic, parse_command(arrived.payload),
                 [&](const Command& command) { on_command(*topic, command, now); });
            break;
        case Kind::operator_request:
            with(*topic, parse_operator_request(arrived.payload),
                 [&](const OperatorRequest& request) { on_operator(*topic, request, now); });
            break;
        case Kind::ack:
            with(*topic, parse_ack(arrived.payload),
                 [&](const Ack&) { ++counters["alarms.acked_by_host"]; });
            break;
        default:
            ++counters["messages.dropped"];
    }
}

void Agent::State::on_own_alarm(const AlarmNotice& notice, Now now) {
    // What this life said comes back as well: only an earlier life's word is news.
    if (notice.stamp.boot == stamper.boot()) return;
    if (const auto taken = book.take_up(notice, now.steady)) tell(*taken, now);
}

void Agent::State::on_command(const Topic& topic, const Command& command, Now now) {
    if (command.target != topic.name) {
        with<Command>(topic, fail(Fault::wire, "target is not the topic's"), [](auto&&) {});
        return;
    }
    const bool ours = outlets.obey(topic.origin, command, readings.history(), now.steady);
    ++counters[ours ? "commands" : "commands.foreign"];
}

void Agent::State::on_operator(const Topic& topic, const OperatorRequest& request, Now now) {
    if (request.alarm != topic.name) {
        with<OperatorRequest>(topic, fail(Fault::wire, "alarm is not the topic's"), [](auto&&) {});
        return;
    }
    if (!book.find(request.alarm)) {
        ++counters["operator.foreign"];
        return;
    }
    ++counters["operator.requests"];
    const auto length = std::chrono::duration<double>(request.for_s);
    const OperatorOrder order{request.action, std::chrono::duration_cast<Duration>(length)};
    const auto changed = book.operate(request.alarm, order, readings.history(), now.steady);
    note(LogLevel::info, "operator",
         fmt::format("{} {} by {}: {}", to_string(request.action), request.alarm, request.by,
                     changed ? "done" : "no change"));
    if (changed) tell(*changed, now);
}

void Agent::State::hear(const ReadingNews& news, Now now) {
    for (const auto& reading : news.publish) {
        const ReadingNotice notice{reading.value, reading.label, reading.unit,
                                   stamper.next(now.wall)};
        outbox.put({topic(Kind::reading, reading.point.device, reading.point.measure),
                    to_json(notice), true},
                   Rank::ordinary);
    }
    for (const std::size_t device : news.devices) {
        tell(book.look(plan.devices[device].name, readings.history(), now.steady), now);
    }
}

void Agent::State::tell(const Transition& transition, Now now) {
    const auto& alarm = plan.alarms[transition.alarm];
    const bool moved = transition.before.phase != transition.after.phase;
    if (moved) since[transition.alarm] = now.wall;
    say_alarm(transition.alarm, now);
    if (!moved) return;
    ++counters["alarms.transitions"];
    const AlarmEvent event{alarm.name,     transition.before.phase, transition.after.phase,
                           alarm.severity, transition.cause,        stamper.next(now.wall)};
    outbox.queue({topic(Kind::event), to_json(event), false});
    note(is_active(event.to) ? LogLevel::warning : LogLevel::info, "alarm",
         fmt::format("{} {} -> {}: {}", event.alarm, to_string(event.from), to_string(event.to),
                     event.cause));
}

void Agent::State::say_alarm(std::size_t index, Now now) {
    const auto& alarm = plan.alarms[index];
    const auto& state = book.state(index);
    AlarmNotice notice;
    notice.alarm = alarm.name;
    notice.phase = state.phase;
    notice.severity = alarm.severity;
    notice.latched = state.latched;
    notice.acknowledged = state.acknowledged;
    notice.shelved = state.shelved_until.has_value();
    notice.cause = book.cause(index);
    notice.since = since[index];
    notice.stamp = stamper.next(now.wall);
    outbox.put({topic(Kind::alarm, alarm.name), to_json(notice), true}, Rank::urgent);
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

Status Agent::State::status(bool online, Now now, Stamp stamp) const {
    Status status;
    status.online = online;
    status.version = FIREBREAK_VERSION;
    status.armed = std::any_of(plan.outlets.begin(), plan.outlets.end(),
                               [](const OutletPlan& outlet) { return outlet.armed; });
    status.heartbeat_s = seconds(plan.heartbeat);
    status.up_s = std::max(0.0, seconds(now.steady - began.steady));
    for (std::size_t d = 0; d < plan.devices.size(); ++d) {
        status.devices.emplace(plan.devices[d].name, readings.status(d, now.steady));
    }
    status.counters = counters;
    status.counters["messages.unsent"] = outbox.dropped();
    status.counters["readings.implausible"] = readings.implausible();
    status.counters["commands.duplicate"] = outlets.duplicates();
    status.stamp = std::move(stamp);
    return status;
}

void Agent::State::say_status(Now now) {
    outbox.put({topic(Kind::status), to_json(status(true, now, stamper.next(now.wall))), true},
               Rank::urgent);
    // Drift-free while on time; after a stall the missed beats are not made up for.
    while (next_heartbeat <= now.steady && now.steady - next_heartbeat < plan.heartbeat) {
        next_heartbeat += plan.heartbeat;
    }
    if (next_heartbeat <= now.steady) next_heartbeat = now.steady + plan.heartbeat;
}

void Agent::State::advance(Now now) {
    hear(readings.expire(now.steady), now);
    tell(book.tick(readings.history(), now.steady), now);
    outlets.tick(readings.history(), now.steady);
    say_answers(now);
    if (now.steady >= next_heartbeat) say_status(now);
}

Agent::Agent(SitePlan plan, std::string boot, Now start)
    : state_(std::make_unique<State>(std::move(plan), std::move(boot), start)) {
    // Honest from the first: what is not yet known is said to be unknown.
    for (std::size_t alarm = 0; alarm < state_->plan.alarms.size(); ++alarm) {
        state_->say_alarm(alarm, start);
    }
}

Agent::~Agent() = default;
Agent::Agent(Agent&&) noexcept = default;

void Agent::handle(const AgentInput& input, Now now) {
    std::visit([&](const auto& event) { state_->on(event, now); }, input);
    state_->advance(now);
}

void Agent::tick(Now now) {
    state_->advance(now);
}

Instant Agent::next_deadline() const {
    return std::min({state_->next_heartbeat, state_->readings.next_deadline(),
                     state_->book.next_deadline(), state_->outlets.next_deadline()});
}

std::vector<WriteOrder> Agent::take_writes() {
    return state_->outlets.take_writes();
}

std::vector<Note> Agent::take_notes() {
    return std::exchange(state_->notes, {});
}

void Agent::set_counter(const std::string& name, std::uint64_t value) {
    state_->counters[name] = value;
}

const Message* Agent::next_message() {
    return state_->outbox.front();
}

void Agent::message_sent() {
    state_->outbox.sent();
}

Message Agent::will() const {
    // Made before anything is said, so its seq is 0: the broker publishes it at any later time.
    return {state_->topic(Kind::status),
            to_json(state_->status(false, state_->began,
                                   Stamp{state_->stamper.boot(), 0, state_->began.wall})),
            true};
}

Message Agent::farewell(Now now) {
    return {state_->topic(Kind::status),
            to_json(state_->status(false, now, state_->stamper.next(now.wall))), true};
}

std::vector<std::string> Agent::subscriptions() const {
    const auto& plan = state_->plan;
    std::vector<std::string> filters = {filter(plan.site, Role::agent, plan.agent, Kind::alarm)};
    for (const auto& host : plan.trusted_hosts) {
        for (const Kind kind : {Kind::command, Kind::ack, Kind::operator_request}) {
            filters.push_back(filter("+", Role::host, host, kind));
        }
    }
    return filters;
}

Phase Agent::phase_of(const std::string& alarm) const {
    const auto found = state_->book.find(alarm);
    return found ? state_->book.state(*found).phase : Phase::clear;
}

}  // namespace firebreak
