#include "firmware/agent_state.hpp"
#include "firmware/home_assistant.hpp"

namespace firebreak {

namespace {

/// Answers that wait for a link.
constexpr std::size_t max_answers = 256;
/// Transitions that wait for a link beside the first of every alarm: in memory, and on a disk.
constexpr std::size_t max_unkept = 256;
constexpr std::size_t max_records = 20'000;

std::size_t topics_of(const SitePlan& plan) {
    return 2 + plan.alarms.size() + plan.actions.size();
}

}  // namespace

Agent::State::State(SitePlan site, std::string boot, Now start, std::optional<Remembered> earlier)
    : plan(std::move(site)),
      me{plan.site, Role::agent, plan.agent},
      stamper(std::move(boot)),
      outbox(topics_of(plan), max_answers,
             Journal((earlier ? max_records : max_unkept) + plan.alarms.size(),
                     earlier ? Until::delivered : Until::sent)),
      backlog(plan.backlog),
      polling(plan.devices),
      readings(plan.devices, plan.publish_every, start.steady),
      book(plan.alarms, start.steady),
      annunciator(plan.alarms, plan.flood),
      kept(plan.alarms.size()),
      flood_since(start.wall),
      outlets(plan),
      actions(plan),
      began(start),
      next_heartbeat(start.steady),
      since(plan.alarms.size(), start.wall),
      sealer(plan.trust),
      challenge(plan.heartbeat) {
    if (!plan.trusted_hosts.empty() && accepts_unsigned(plan.trust, me, {"", Role::host, ""})) {
        note(LogLevel::warning, "unsigned_accepted",
             "whoever may write at the broker may command outlets: see docs/trust.md");
    }
    // Until one is asked, a host need say nothing.
    readings.await(a_host, start.steady, for_ever);
    if (!earlier) return;
    archive.emplace(earlier->troubles.empty());
    restore(*earlier, start);
}

void Agent::State::advance(Now now) {
    hear(readings.expire(now.steady), now);
    tell(book.tick(readings.history(), now.steady), now);
    await_hosts(now);
    annunciate(now);
    outlets.tick(readings.history(), now.steady);
    actions.tick(book, readings.history(), now.steady);
    polling.tick(now.steady);
    say_answers(now);
    say_actions(now);
    if (births.take_due(now.steady)) outbox.say_urgent_again();
    if (now.steady >= next_heartbeat) say_status(now);
}

Agent::Agent(SitePlan plan, std::string boot, Now start, std::optional<Remembered> earlier)
    : state_(std::make_unique<State>(std::move(plan), std::move(boot), start, std::move(earlier))) {
    // Honest from the first: what is not yet known is said to be unknown.
    for (std::size_t alarm = 0; alarm < state_->plan.alarms.size(); ++alarm) {
        state_->say_alarm(alarm, start);
    }
    state_->say_flood(start);
    auto discovery = home_assistant_messages(state_->plan);
    state_->outbox.expect(discovery.size());
    for (auto& message : discovery) state_->outbox.put(std::move(message), Rank::ordinary);
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
                     state_->book.next_deadline(), state_->outlets.next_deadline(),
                     state_->actions.next_deadline(), state_->polling.next_deadline(),
                     state_->annunciator.next_deadline(), state_->births.next_deadline(),
                     state_->host_acks.next_deadline(),
                     state_->archive ? state_->archive->next_deadline() : never});
}

std::vector<PollOrder> Agent::take_polls() {
    return state_->polling.take_orders();
}

void Agent::poll_again(std::size_t device) {
    state_->polling.order_again(device);
}

std::vector<WriteOrder> Agent::take_writes() {
    auto writes = state_->actions.take_writes();  // what an alarm asks goes first
    for (auto& write : state_->outlets.take_writes()) writes.push_back(std::move(write));
    return writes;
}

std::optional<StoreOrder> Agent::take_store_order(Now now) {
    if (!state_->archive) return std::nullopt;
    return state_->archive->take_order(state_->outbox.journal(), now.steady);
}

bool Agent::awaits_store() const {
    return state_->archive && state_->archive->is_busy();
}

std::vector<Note> Agent::take_notes() {
    return std::exchange(state_->notes, {});
}

void Agent::set_counter(const std::string& name, std::uint64_t value) {
    state_->counters[name] = value;
}

const Message* Agent::next_message() {
    return state_->sealer.seal(state_->next_message());
}

void Agent::message_sent() {
    state_->message_sent();
}

Message Agent::will() const {
    // Made before anything is said, so its seq is 0: the broker publishes it at any later time.
    const Stamp stamp{state_->stamper.boot(), 0, state_->began.wall};
    return sealed(state_->plan.trust, {state_->topic(Kind::status),
                                       to_json(state_->status(false, state_->began, stamp)), true});
}

Message Agent::farewell(Now now) {
    const auto stamp = state_->stamper.next(now.wall);
    return sealed(state_->plan.trust,
                  {state_->topic(Kind::status), to_json(state_->status(false, now, stamp)), true});
}

std::vector<std::string> Agent::subscriptions() const {
    const auto& plan = state_->plan;
    std::vector<std::string> filters = {
        filter(plan.site, Role::agent, plan.agent, Kind::alarm),
        filter(plan.site, Role::agent, plan.agent, Kind::status),
        filter(plan.site, Role::agent, plan.agent, Kind::operator_request)};
    for (const auto& host : plan.trusted_hosts) {
        for (const Kind kind : {Kind::command, Kind::ack, Kind::operator_request, Kind::status}) {
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
