#include "host/controller.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {
namespace {

std::set<std::string, std::less<>> alarms_named(const PolicyPlan& plan) {
    std::set<std::string, std::less<>> names;
    for (const auto& rule : plan.rules) {
        names.insert(rule.alarm);
        names.insert(rule.alarms.begin(), rule.alarms.end());
    }
    for (const auto& ups : plan.upss) names.insert(ups.on_battery);
    return names;
}

/// Protect the important first: traffic by tier, the first tier first; load the other way.
std::vector<std::size_t> acting_order(const std::vector<TargetPlan>& targets) {
    std::vector<std::size_t> order(targets.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const bool a_is_load = is_load(targets[a]);
        const bool b_is_load = is_load(targets[b]);
        if (a_is_load != b_is_load) return b_is_load;
        return a_is_load ? targets[a].tier > targets[b].tier : targets[a].tier < targets[b].tier;
    });
    return order;
}

/// By target: those that name one backend have the same number.
std::vector<std::size_t> backends_of(const std::vector<TargetPlan>& targets) {
    std::map<std::pair<std::string, std::string>, std::size_t> backends;
    std::vector<std::size_t> out;
    for (const auto& target : targets) {
        const auto key = std::pair(target.endpoint, target.backend);
        out.push_back(has_backend(target) ? backends.emplace(key, backends.size()).first->second
                                          : 0);
    }
    return out;
}

}  // namespace

Controller::State::State(PolicyPlan policy, std::string boot, Now start, bool recording)
    : plan(std::move(policy)),
      self{plan.site, Role::host, plan.host},
      started(start),
      stamper(std::move(boot)),
      situation(
          std::max(Situation::missed_heartbeats * plan.heartbeat, plan.guard.evidence_max_age)),
      lives(stamper.boot(), plan.heartbeat),
      peers(plan.peers, Situation::missed_heartbeats * plan.heartbeat, start.steady),
      sealer(plan.trust),
      order_of_acting(acting_order(plan.targets)),
      outgoing(self),
      armed(plan.armed),
      record(recording),
      power(plan),
      restoration(plan),
      drain_order(plan),
      pacing(plan, backends_of(plan.targets)),
      pace_of_traffic(plan.guard.max_steps_per_minute, "traffic"),
      pace_of_loads(plan.guard.max_steps_per_minute, "loads") {
    targets.reserve(plan.targets.size());  // `sharing` points into it
    const auto backends = backends_of(plan.targets);
    for (const auto& target_plan : plan.targets) {
        Target& target = targets.emplace_back();
        target.is(target_plan);
        target.ballots = ballots_for(plan, target_plan);
        target.rung.calm_since = start.steady;
        target.voted_at = start.steady;
        if (has_backend(target_plan)) {
            auto& local = locals[share_key(target_plan, target_plan.site)];
            local.insert(target_plan.items.begin(), target_plan.items.end());
            target.backend = backends[place_of(target)];
            sharing.resize(std::max(sharing.size(), target.backend + 1));
            sharing[target.backend].push_back(&target);
        }
        if (target_plan.kind == TargetKind::outlet) {
            situation.expect(agent_of(target_plan), start.steady);
        }
    }
    if (plan.guard.min_elsewhere > 0) find_stand_ins();
    situation.listen_for(alarms_named(plan));
    for (const auto& rule : plan.rules) {
        if (rule.agent.empty() || rule.site.empty()) continue;
        situation.expect({rule.site, Role::agent, rule.agent}, start.steady);
    }
    for (const char* name : {"messages.received", "messages.dropped", "messages.unsent",
                             "orders.sent", "orders.failed", "steps.done", "steps.rehearsed"}) {
        counters[name] = 0;
    }
    if (!accepts_unsigned(plan.trust, self, {"", Role::agent, ""})) return;
    tell(LogLevel::warning, "unsigned-accepted",
         {{"note", "whoever may write at the broker may start drains: see docs/trust.md"}});
}

/// Behind other backends; what stands behind the target's own is seen there.
void Controller::State::find_stand_ins() {
    std::map<std::string_view, std::vector<const Target*>> serving;
    for (const auto& target : targets) {
        const auto& service = target.plan->service;
        if (!service.empty() && !is_load(*target.plan)) serving[service].push_back(&target);
    }
    for (auto& target : targets) {
        if (is_load(*target.plan)) continue;
        for (const auto* other : serving[target.plan->service]) {
            const bool same_backend = has_backend(*target.plan) && has_backend(*other->plan) &&
                                      other->backend == target.backend;
            if (other->plan->site == target.plan->site || same_backend) continue;
            target.stand_ins.push_back(other);
        }
    }
}

Target* Controller::State::find(const std::string& name) {
    const auto found = std::find_if(targets.begin(), targets.end(),
                                    [&](const Target& t) { return t.plan->name == name; });
    return found == targets.end() ? nullptr : &*found;
}

void Controller::State::evaluate(Now now) {
    evaluated_at = now.steady;
    paced = false;
    ready.assign(sharing.size(), std::nullopt);
    shares.clear();
    elsewhere = {};
    situation.tick(now.steady);
    peers.tick(now.steady);
    for (const auto& [peer, notice] : peers.take_orphaned()) adopt(peer, notice, now.steady);
    end_holds(now);
    remind_of_disarm(now.steady);
    mind_drill(now);
    if (now.steady >= caught_up) decide(now);
    publish_postures(now);
    for (auto& ack : alarm_acks.due(targets, armed)) {
        ack.stamp = stamper.next(now.wall);
        outgoing.record({topic(Kind::ack, ack.about), to_json(ack), false});
    }
    if (now.steady >= heartbeat_at) publish_status(now);
    record_tick(now);
}

bool Controller::State::climb(Target& target, Now now) {
    if (!target.climb(plan, situation, journal_trouble, now.steady)) return false;
    const auto& rung = target.rung;
    tell(LogLevel::info, "posture",
         {{"target", target.plan->name},
          {"wanted", to_string(rung.wanted)},
          {"because", rung.because.empty() ? "calm" : rung.because.front()}});
    return true;
}

void Controller::State::decide(Now now) {
    choose_by_power(now);
    for (auto& target : targets) {
        climb(target, now);
        if (target.expires(plan.guard.expires_after, now.steady)) {
            tell(LogLevel::warning, "expired",
                 {{"target", target.plan->name},
                  {"wanted", to_string(target.rung.wanted)},
                  {"note", "nobody asks for it any more, and it is not brought back"},
                  {"why", target.blocked()}});
        }
        if (target.by_power) target.shed_only(power.chosen(place_of(target)));
    }
    make_room(now);
    yields_to = whom_to_yield_to();
    look_at_restoration(now);
    look_at_drains(now);
    for (const auto index : order_of_acting) act(targets[index], now);
    // Before anything is told: whoever carries them out begins meanwhile.
    if (taker_of_rest) std::erase_if(orders, taker_of_rest);
}

void Controller::State::publish_postures(Now now) {
    if (now.steady < postures_from) return;
    for (auto& target : targets) {
        if (!target.has_news()) continue;
        auto notice = target.notice(armed);
        target.published_of = target.revision();
        if (target.published == notice) continue;
        target.published = notice;
        notice.stamp = stamper.next(now.wall);
        outgoing.retain({topic(Kind::posture, notice.target), to_json(notice), true});
    }
}

Status Controller::State::status(Now now) const {
    Status status;
    status.online = true;
    status.version = FIREBREAK_VERSION;
    status.armed = armed;
    status.heartbeat_s = seconds(plan.heartbeat);
    status.up_s = seconds(now.steady - started.steady);
    status.counters = counters;
    status.counters["messages.unsent"] = outgoing.dropped();
    std::uint64_t silent = 0;
    std::uint64_t active = 0;
    for (const auto& [origin, agent] : situation.agents()) {
        if (agent.presence != Presence::online) ++silent;
        for (const auto& [name, alarm] : agent.alarms) active += alarm.active ? 1 : 0;
    }
    status.counters["agents.absent"] = silent;
    status.counters["alarms.active"] = active;
    if (power.active()) status.counters["power.unknown"] = power.unknown();
    std::uint64_t blocked = 0;
    std::uint64_t expired = 0;
    for (const auto& target : targets) {
        if (!target.blocked().empty()) ++blocked;
        if (target.expired) ++expired;
    }
    status.counters["targets.blocked"] = blocked;
    if (plan.guard.expires_after > Duration::zero()) status.counters["targets.expired"] = expired;
    return status;
}

void Controller::State::publish_status(Now now) {
    heartbeat_at = now.steady + plan.heartbeat;
    auto status = this->status(now);
    status.stamp = stamper.next(now.wall);
    lives.said_status(status.stamp.seq, now.steady);
    outgoing.retain({topic(Kind::status), to_json(status), true});
}

Controller::Controller(PolicyPlan plan, std::string boot, Now start,
                       std::optional<std::string> policy_digest)
    : state_(std::make_unique<State>(std::move(plan), std::move(boot), start,
                                     policy_digest.has_value())) {
    state_->record_start(policy_digest.value_or(""), start);
    state_->evaluate(start);
}
Controller::~Controller() = default;
Controller::Controller(Controller&&) noexcept = default;

void Controller::take_in(HostInput input, Now now) {
    if (auto* receipt = std::get_if<Receipt>(&input)) state_->receipt(std::move(*receipt), now);
    if (const auto* message = std::get_if<Arrived>(&input)) state_->arrived(*message, now);
    if (const auto* link = std::get_if<LinkUp>(&input)) state_->link_up(*link, now);
    if (const auto* evidence = std::get_if<Evidence>(&input)) state_->retold(*evidence, now);
    if (const auto* sent = std::get_if<SentAgain>(&input)) state_->said_again(*sent, now.steady);
    if (const auto* recall = std::get_if<Recall>(&input)) state_->recall(*recall, now);
    if (const auto* ask = std::get_if<Ask>(&input)) state_->ask(*ask, now);
    if (const auto* word = std::get_if<JournalWord>(&input)) state_->journal_word(*word, now);
    if (const auto* down = std::get_if<LinkDown>(&input)) state_->link_down(*down, now);
}

void Controller::handle(HostInput input, Now now) {
    take_in(std::move(input), now);
    state_->evaluate(now);
}

void Controller::tick(Now now) {
    state_->evaluate(now);
}

Instant Controller::next_deadline() const {
    const auto& state = *state_;
    Instant next = std::min({state.heartbeat_at, state.situation.next_deadline(),
                             state.peers.next_deadline(), state.holds.next_deadline()});
    if (state.drill) next = std::min(next, state.drill->end);
    if (state.is_disarmed()) next = std::min(next, state.remind_at);
    next = std::min(next, next_silence(state.plan.rules, state.situation, state.evaluated_at));
    if (state.caught_up > state.evaluated_at) return std::min(next, state.caught_up);
    next = std::min(next, state.power.next_deadline(state.evaluated_at));
    next = std::min({next, state.drain_order.next_deadline(state.evaluated_at),
                     state.pacing.next_deadline(state.evaluated_at)});
    if (state.restoration.active()) {
        next = std::min(next, state.restoration.next_deadline(state.evaluated_at));
    }
    if (state.paced) {
        next = std::min(
            {next, state.pace_of_traffic.next_deadline(), state.pace_of_loads.next_deadline()});
    }
    if (state.notes_from > state.evaluated_at) next = std::min(next, state.notes_from);
    if (state.postures_from > state.evaluated_at) next = std::min(next, state.postures_from);
    for (const auto& target : state.targets) {
        if (!by_message(*target.plan)) {
            next = std::min(next, target.ledger.next_deadline(state.evaluated_at));
        } else if (state.linked && state.armed) {  // who rehearses repeats no command
            next = std::min(next, target.outlets.next_deadline());
        }
        if (target.poll.wanted() < target.rung.wanted && target.doubt.empty()) {
            const auto calm = target.hastened ? Duration::zero() : state.plan.calm_for;
            next = std::min(next, target.rung.calm_since + calm);
        }
        if (target.spaced_until > state.evaluated_at) next = std::min(next, target.spaced_until);
        if (state.yields_to && target.yields_until > state.evaluated_at) {
            next = std::min(next, target.yields_until);
        }
        const auto expiry = state.plan.guard.expires_after;
        if (expiry > Duration::zero() && !target.expired &&
            target.voted_at + expiry > state.evaluated_at) {
            next = std::min(next, target.voted_at + expiry);
        }
    }
    return next;
}

std::vector<Order> Controller::take_orders() {
    return std::exchange(state_->orders, {});
}

void Controller::hand_orders_to(OrderTaker at_once, OrderTaker together) {
    state_->taker = std::move(at_once);
    state_->taker_of_rest = std::move(together);
}

std::vector<LogLine> Controller::take_log() {
    return std::exchange(state_->lines, {});
}

std::vector<HostAnswer> Controller::take_answers() {
    return std::exchange(state_->answers, {});
}

std::vector<Entry> Controller::take_record() {
    return state_->record.take();
}

const Message* Controller::next_message() {
    const auto& state = *state_;
    return state_->sealer.seal(state_->outgoing.next(state.evaluated_at >= state.notes_from));
}
void Controller::message_sent() {
    state_->outgoing.sent();
}

Message Controller::will() const {
    Status status;
    status.version = FIREBREAK_VERSION;
    status.armed = state_->armed;
    status.heartbeat_s = seconds(state_->plan.heartbeat);
    status.stamp = {state_->stamper.boot(), 0, state_->started.wall};
    return sealed(state_->plan.trust, {state_->topic(Kind::status), to_json(status), true});
}

Message Controller::farewell(Now now) {
    Status status;
    status.version = FIREBREAK_VERSION;
    status.armed = state_->armed;
    status.heartbeat_s = seconds(state_->plan.heartbeat);
    status.up_s = seconds(now.steady - state_->started.steady);
    status.counters = state_->counters;
    status.stamp = state_->stamper.next(now.wall);
    return sealed(state_->plan.trust, {state_->topic(Kind::status), to_json(status), true});
}

std::vector<std::string> Controller::subscriptions() const {
    const auto& plan = state_->plan;
    std::set<std::string> sites;
    for (const auto& rule : plan.rules) sites.insert(rule.site.empty() ? "+" : rule.site);
    for (const auto& target : plan.targets) {
        if (by_message(target)) sites.insert(target.site);
    }
    if (sites.contains("+")) sites = {"+"};  // overlapping filters would deliver twice
    std::vector<std::string> filters;
    for (const auto& site : sites) {
        for (const auto kind : {Kind::status, Kind::alarm, Kind::ack}) {
            filters.push_back(filter(site, Role::agent, "+", kind));
        }
    }
    for (auto& topic : state_->power.watch().topics()) filters.push_back(std::move(topic));
    filters.push_back(filter(plan.site, Role::host, plan.host, Kind::posture));
    for (const auto& peer : plan.peers) {
        for (const auto kind : {Kind::status, Kind::posture}) {
            filters.push_back(filter(peer.site, Role::host, peer.host, kind));
        }
    }
    return filters;
}

Posture Controller::reached(const std::string& target) const {
    const Target* found = state_->find(target);
    return found == nullptr ? Posture::normal : found->reached();
}

}  // namespace firebreak
