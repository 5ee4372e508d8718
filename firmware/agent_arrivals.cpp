// What arrives for the agent: from whom, whether it is proved and fresh, and where it goes.
#include "firmware/agent_state.hpp"

namespace firebreak {

namespace {

constexpr std::size_t max_hosts = 16;
constexpr std::size_t max_requests = 256;
constexpr std::size_t max_complaints = 64;
/// Statuses that answer a host's new life; many such lives must not make a flood of them.
constexpr Duration status_again = std::chrono::milliseconds(250);

}  // namespace

void Agent::State::drop(std::string_view reason, const std::string& what, const std::string& why) {
    ++counters["messages.dropped"];
    ++counters[fmt::format("messages.dropped.{}", reason)];
    const auto topic = parse_topic(what);
    const auto kind =
        topic ? fmt::format("{} {}", reason, static_cast<int>(topic->kind)) : std::string(reason);
    if (complained.size() >= max_complaints || !complained.insert(kind).second) return;
    note(LogLevel::warning, "message_dropped",
         fmt::format("{}, {}: {} (told once a kind of topic)", reason, what, why));
}

void Agent::State::on(const Arrived& arrived, Now now) {
    ++counters["messages.received"];
    const auto topic = parse_topic(arrived.topic);
    if (!topic) return drop("malformed", "topic", "not of this contract");
    if (arrived.payload.size() > max_payload_bytes) {
        return drop("oversized", arrived.topic, "longer than a payload may be");
    }
    const bool own =
        topic->origin == me && (topic->kind == Kind::alarm || topic->kind == Kind::status ||
                                topic->kind == Kind::operator_request);
    if (!own && !trusts(topic->origin)) {
        ++counters["senders.untrusted"];
        return;
    }
    const auto seal = judge(plan.trust, me, topic->origin, arrived, now.wall);
    if (!is_believed(seal)) {
        return drop(to_string(seal), arrived.topic, "its signature does not prove its sender");
    }
    believed(*topic, arrived.payload, seal == Seal::genuine, now);
}

void Agent::State::believed(const Topic& topic, const std::string& payload, bool genuine, Now now) {
    switch (topic.kind) {
        case Kind::alarm:
            with(topic, parse_alarm(payload), [&](const AlarmNotice& notice) {
                // An old recording of what we said would be as genuine: the disk knows better.
                if (genuine && !plan.state_folder.empty()) return;
                if (notice.alarm == topic.name) on_own_alarm(notice, now);
            });
            break;
        case Kind::command:
            with(topic, parse_command(payload),
                 [&](const Command& command) { on_command(topic, command, genuine, now); });
            break;
        case Kind::operator_request:
            with(topic, parse_operator_request(payload), [&](const OperatorRequest& request) {
                if (!is_fresh(request.to, genuine, now) || (genuine && !is_first(request))) {
                    return drop("replayed", to_string(topic), "not said to this life, or before");
                }
                on_operator(topic, request, now);
            });
            break;
        case Kind::ack:
            with(topic, parse_ack(payload), [&](const Ack& ack) { on_host_ack(topic, ack); });
            break;
        case Kind::status:
            with(topic, parse_status(payload), [&](const Status& status) {
                topic.origin == me ? on_own_status(status) : on_host(topic.origin, status, now);
            });
            break;
        default:
            drop("unasked", to_string(topic), "nobody here reads this topic");
    }
}

/// Said to this life of ours, not long ago. Without a signature it proves nothing, but what a
/// broker has kept for us too long is still not carried out.
bool Agent::State::is_fresh(const std::optional<Echo>& to, bool genuine, Now now) const {
    if (!to) return !genuine;
    return to->boot == stamper.boot() && challenge.is_recent(to->seq, now.steady);
}

/// Not heard before. Older ones than are remembered are no longer fresh.
bool Agent::State::is_first(const OperatorRequest& request) {
    if (!request.stamp) return false;
    auto id = std::pair(request.stamp->boot, request.stamp->seq);
    if (std::find(requests.begin(), requests.end(), id) != requests.end()) return false;
    if (requests.size() >= max_requests) requests.pop_front();
    requests.push_back(std::move(id));
    return true;
}

void Agent::State::on_command(const Topic& topic, const Command& command, bool genuine, Now now) {
    if (command.target != topic.name) {
        with<Command>(topic, fail(Fault::wire, "target is not the topic's"), [](auto&&) {});
        return;
    }
    if (!is_fresh(command.to, genuine, now)) {
        return drop("replayed", to_string(topic),
                    "not said to this life of the agent, or too long ago");
    }
    const bool ours = outlets.obey(topic.origin, command, readings.history(), now.steady);
    ++counters[ours ? "commands" : "commands.foreign"];
}

/// One status of an earlier life may still stand at the broker. A life that says another after it
/// lives beside ours: the broker lets the two in by turns, and hosts hear now one, now the other.
void Agent::State::on_own_status(const Status& status) {
    if (!status.online || status.stamp.boot == stamper.boot()) return;
    const bool lives = twin.boot == status.stamp.boot && status.stamp.seq > twin.seq;
    twin = status.stamp;
    if (!lives) return;
    if (++counters["agent.twice"] > 1) return;
    note(LogLevel::error, "two_agents",
         fmt::format("another agent speaks as {} too: stop one, or give it another id",
                     to_string(Topic{me, Kind::status, "", ""})));
}

/// A new life of a host gets our status at once, so that it can tell us from a recording; and our
/// alarms, which its broker may not have handed over.
void Agent::State::on_host(const Origin& host, const Status& status, Now now) {
    if (!status.online) return;
    if (!hosts.contains(host) && hosts.size() >= max_hosts) return;
    Stamp& known = hosts[host];
    const bool is_new = known.boot != status.stamp.boot;
    if (!is_new && status.stamp.seq <= known.seq) return;
    known = status.stamp;
    if (!is_new) return;
    next_heartbeat = std::min(next_heartbeat, std::max(now.steady, status_at + status_again));
    births.born(now.steady);
}

}  // namespace firebreak
