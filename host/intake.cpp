// What comes in: messages of agents and of other hosts, acknowledgements, receipts.
#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"
#include "host/hostlist.hpp"

namespace firebreak {
namespace {

constexpr std::size_t max_kinds_logged = 64;

/// Time for the broker to hand over what an earlier life of this host retained, before this
/// life's postures replace it.
constexpr Duration seeding_grace = std::chrono::seconds(1);

/// Time for it to hand over what it kept while this host was away: an alarm that came and went
/// must not be taken for one that has come.
constexpr Duration catching_up = std::chrono::seconds(1);

}  // namespace

bool Controller::State::is_first(std::string what) {
    return logged.size() < max_kinds_logged && logged.insert(std::move(what)).second;
}

void Controller::State::dropped(std::string_view reason, std::string_view kind,
                                const std::string& why) {
    ++counters["messages.dropped"];
    ++counters["messages.dropped." + std::string(reason)];
    if (!is_first(std::string(reason) + ' ' + std::string(kind))) return;
    tell(LogLevel::warning, "message-dropped",
         {{"reason", reason},
          {"kind", kind},
          {"why", why},
          {"note", "more of this kind are only counted"}});
}

void Controller::State::heard(Heard heard) {
    if (heard == Heard::old) ++counters["messages.repeated"];
    if (heard == Heard::no_room)
        dropped("no_room", "sender", "more agents or alarms than are kept");
}

void Controller::State::arrived(const Arrived& message, Now now) {
    ++counters["messages.received"];
    if (message.payload.size() > max_payload_bytes) {
        return dropped("oversized", "message", "longer than a payload may be");
    }
    const auto topic = parse_topic(message.topic);
    if (!topic) return dropped("malformed", "topic", "not a topic of this contract");
    if (power.watch().wants(*topic)) return reading(*topic, message.payload, now);
    const bool of_agent = topic->origin.role == Role::agent;
    const bool is_read = (of_agent && (topic->kind == Kind::alarm || topic->kind == Kind::ack ||
                                       topic->kind == Kind::status)) ||
                         (topic->kind == Kind::posture && topic->origin == self) ||
                         ((topic->kind == Kind::posture || topic->kind == Kind::status) &&
                          peers.know(topic->origin));
    if (!is_read) return dropped("unasked", "topic", "nobody here reads this topic");
    // An echo of this life: there is nothing to be learnt from it.
    if (topic->origin == self && message.payload.find(stamper.boot()) != std::string::npos) return;
    const auto seal = judge(plan.trust, self, topic->origin, message, now.wall);
    if (!is_believed(seal)) {
        return dropped(to_string(seal), topic->origin.site + ' ' + topic->origin.id,
                       message.topic + ": its signature does not prove its sender");
    }
    believed(*topic, message.payload, seal == Seal::genuine, now);
}

void Controller::State::believed(const Topic& topic, const std::string& payload, bool genuine,
                                 Now now) {
    if (topic.origin.role == Role::host && topic.origin != self) return peer(topic, payload, now);
    const auto take = [&](std::string_view kind, const auto& parsed, const auto& named,
                          const auto& use) {
        if (!parsed) return dropped("malformed", kind, parsed.error().what);
        if (*parsed.*named != topic.name) {
            return dropped("malformed", kind, "names another than its topic");
        }
        use(*parsed);
    };
    if (topic.kind == Kind::alarm) {
        take("alarm", parse_alarm(payload), &AlarmNotice::alarm,
             [&](const auto& notice) { alarm(topic.origin, notice, genuine, now); });
    } else if (topic.kind == Kind::ack) {
        take("ack", parse_ack(payload), &Ack::about,
             [&](const auto& ack) { acked(topic, ack, genuine, now); });
    } else if (topic.kind == Kind::posture) {
        take("posture", parse_posture_notice(payload), &PostureNotice::target,
             [&](const auto& notice) { seed(topic, notice, now); });
    } else {
        const auto said = parse_status(payload);
        if (!said) return dropped("malformed", "status", said.error().what);
        status(topic.origin, *said, genuine, now);
    }
}

void Controller::State::alarm(const Origin& agent, const AlarmNotice& notice, bool genuine,
                              Now now) {
    const auto life = lives.of(agent, notice.stamp, genuine, situation.find(agent));
    if (life == Life::present) {
        const auto news = hear(agent, notice, now);
        if (news == Heard::old) alarm_acks.say_again(agent, notice);
        return heard(news);
    }
    if (life == Life::unproved && lives.hold(agent, notice)) {
        ++counters["messages.unproved"];
        situation.suspect(agent, notice);
        return;
    }
    dropped("replayed", "alarm", "of a life of the agent that is over or cannot be proved");
}

void Controller::State::status(const Origin& agent, const Status& status, bool genuine, Now now) {
    const auto was = lives.of(agent, status.stamp, genuine, situation.find(agent));
    const auto life = lives.status(agent, status, genuine, situation.find(agent), now.steady);
    // A life that was over and speaks on: proved to be alive, or, unsigned, perhaps a recording.
    if (status.online && was == Life::past && (life == Life::present || !genuine)) {
        ++counters["agents.twice"];
        if (is_first("twice " + alarm_name(agent, "status"))) {
            tell(LogLevel::error, "two-agents",
                 {{"site", agent.site},
                  {"agent", agent.id},
                  {"note", "two programs use this id, in turns: stop one, or give it another"}});
        }
    }
    if (life == Life::past) {
        return dropped("replayed", "status", "of a life of the agent that is over");
    }
    if (life == Life::unproved) {
        ++counters["messages.unproved"];  // the next, once the agent has heard us, proves it
        if (!is_first("unproved " + alarm_name(agent, "status"))) return;
        tell(LogLevel::info, "life-unproved",
             {{"site", agent.site},
              {"agent", agent.id},
              {"note", "its alarms count once it has heard this host: is it in its hosts?"}});
        return;
    }
    heard(hear(agent, status, now));
    if (status.online) situation.proved(agent);
    for (const auto& notice : lives.take_held(agent)) {
        heard(hear(agent, notice, now));
    }
}

void Controller::State::acked(const Topic& topic, const Ack& ack, bool genuine, Now now) {
    if (genuine && ack.boot != stamper.boot()) {
        return dropped("replayed", "ack", "of a command of an earlier life");
    }
    Target* target = find(topic.name);
    // Else it answers somebody else's command, or a record.
    const bool commanded = target != nullptr && by_message(*target->plan);
    if (!commanded || agent_of(*target->plan) != topic.origin) return;
    const auto settled = target->outlets.acked(ack);
    if (!settled) return;
    record_evidence(topic, to_json(ack), now);
    const auto& step = settled->step;
    tell(LogLevel::info, "receipt",
         {{"target", step.target},
          {"item", step.item},
          {"action", step.action},
          {"outcome", to_string(ack.outcome)},
          {"detail", ack.detail},
          {"id", step.id}});
    if (ack.outcome != Outcome::done && ack.outcome != Outcome::already) {
        ++counters["orders.failed"];
        return;
    }
    ++counters["steps.done"];
    if (ack.outcome == Outcome::done && depth_of(step.action) > 0) target->acted = true;
    target->ledger.item_is(step.item, step.action, settled->ours);
    const bool down = depth_of(step.action) > 0;
    if (!down || target->ledger.held().contains(step.item)) return;
    tell(LogLevel::warning, "not-ours",
         {{"target", step.target},
          {"item", step.item},
          {"note",
           "so before this host asked, as far as its agent knows: whoever did it brings it back"}});
}

namespace {

std::optional<std::size_t> ready_own(const TargetPlan& target, const Result<ItemStates>& states) {
    if (!states) return std::nullopt;
    return static_cast<std::size_t>(
        std::count_if(target.items.begin(), target.items.end(), [&](const auto& item) {
            const auto state = states->find(item);
            return state != states->end() && is_ready(state->second);
        }));
}

}  // namespace

void Controller::State::receipt(Receipt receipt, Now now) {
    Target* target = find(receipt.target);
    if (target == nullptr) return;
    const auto index = place_of(*target);
    const bool stepped = !receipt.steps.empty() && depth_of(receipt.steps.front().action) > 0;
    const bool news =
        pacing.listens_to(index) &&
        pacing.heard(index, receipt.feedback, now.steady, ready_own(*target->plan, receipt.states));
    record_receipt(receipt, *target, news, now);
    if (!receipt.steps.empty() && stepping.erase(target) > 0 && stepping.empty()) {
        notes_from = now.steady;
    }
    auto& ledger = target->ledger;
    if (stepped) this->stepped(*target, now.steady);
    if (!receipt.states) {
        const auto& error = receipt.states.error();
        ++counters["orders.failed"];
        ledger.failed(std::string(to_string(error.fault)) + ": " + error.what,
                      !receipt.steps.empty(), now.steady);
        tell(LogLevel::warning, "order-failed",
             {{"target", receipt.target},
              {"steps", receipt.steps.size()},
              {"fault", to_string(error.fault)},
              {"why", error.what}});
        return;
    }
    tell_outcomes(*target, receipt.steps, *receipt.states);
    for (const auto& item : ledger.read_back(*std::move(receipt.states), now.steady)) {
        tell(LogLevel::warning, "changed-by-others",
             {{"target", receipt.target}, {"item", item}, {"note", "no longer held"}});
    }
    ledger.look_by(pacing.look_by(index, now.steady));
    for (auto& other : targets) {
        if (&other != target && other.plan->endpoint == target->plan->endpoint) {
            other.ledger.endpoint_answers(now.steady);
        }
    }
}

void Controller::State::tell_outcomes(Target& target, const std::vector<Step>& steps,
                                      const ItemStates& states) {
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::string>> alike;
    auto last = alike.end();
    StatesInTurn in_turn(states);
    for (const auto& step : steps) {
        const auto* state = in_turn.of(step.item);
        std::string_view is = state == nullptr ? "absent" : std::string_view(*state);
        // What each waits for would make a line of each.
        if (is.starts_with(draining) || is_unknown(is)) is = bare(is);
        const bool done = state != nullptr && is_set(is, step.action);
        if (done) ++counters["steps.done"];
        if (done && depth_of(step.action) > 0) target.acted = true;
        const std::pair<std::string_view, std::string_view> how(step.action, is);
        if (last == alike.end() || last->first != how) last = alike.try_emplace(how).first;
        last->second.push_back(step.item);
    }
    for (const auto& [how, items] : alike) {
        tell_receipt(target.plan->name, std::string(how.first), std::string(how.second), items);
    }
}

void Controller::State::tell_receipt(const std::string& target, const std::string& action,
                                     const std::string& is, const std::vector<std::string>& items) {
    const bool coming = is.starts_with(draining) && depth_of(action) > 0;
    const bool done = coming || (is != "absent" && is_set(is, action));
    for (const auto& some : fold_hostlist(items, most_items_bytes)) {
        tell(done ? LogLevel::info : LogLevel::warning, "receipt",
             {{"target", target}, {"items", some}, {"action", action}, {"reads", is}});
    }
}

void Controller::State::link_up(const LinkUp& link, Now now) {
    linked = true;
    record.keep(EntryKind::link, now, text_of(link));
    if (link.resumed) caught_up = now.steady + catching_up;
    if (postures_from == never) postures_from = now.steady + seeding_grace;
    situation.link_up(now.steady);
    peers.link_up(now.steady);
    outgoing.link_up();
    for (auto& target : targets) target.outlets.hurry(now.steady);
    publish_status(now);
}

void Controller::State::link_down(const LinkDown& link, Now now) {
    tell(LogLevel::warning, "link-down", {{"why", link.why}});
    record.keep(EntryKind::link, now, text_of(link));
    linked = false;
    situation.link_down(now.steady);
    peers.link_down(now.steady);
    lives.forget_held();
    outgoing.link_down();
}

}  // namespace firebreak
