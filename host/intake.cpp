// What comes in: messages of agents, acknowledgements, this host's earlier life, receipts.
#include <algorithm>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {
namespace {

constexpr std::size_t max_kinds_logged = 64;

}  // namespace

void Controller::State::dropped(std::string_view kind, const std::string& why) {
    ++counters["messages.dropped"];
    if (logged.size() >= max_kinds_logged || !logged.emplace(kind).second) return;
    tell(LogLevel::warning, "message-dropped",
         {{"kind", kind}, {"why", why}, {"note", "more of this kind are only counted"}});
}

void Controller::State::heard(Heard heard) {
    if (heard == Heard::no_room) dropped("no-room", "more agents or alarms than are kept");
}

void Controller::State::arrived(const Arrived& message, Now now) {
    ++counters["messages.received"];
    const auto topic = parse_topic(message.topic);
    if (!topic) return dropped("topic", "not a topic of this contract");
    const auto take = [&](std::string_view kind, const auto& parsed, const auto& named,
                          const auto& use) {
        if (!parsed) return dropped(kind, parsed.error().what);
        if (*parsed.*named != topic->name) return dropped(kind, "names another than its topic");
        use(*parsed);
    };
    const bool from_agent = topic->origin.role == Role::agent;
    if (from_agent && topic->kind == Kind::alarm) {
        take("alarm", parse_alarm(message.payload), &AlarmNotice::alarm, [&](const auto& notice) {
            heard(situation.alarm(topic->origin, notice, now.steady));
        });
    } else if (from_agent && topic->kind == Kind::ack) {
        take("ack", parse_ack(message.payload), &Ack::about,
             [&](const auto& ack) { acked(*topic, ack); });
    } else if (from_agent && topic->kind == Kind::status) {
        const auto status = parse_status(message.payload);
        if (!status) return dropped("status", status.error().what);
        heard(situation.status(topic->origin, *status, now.steady));
    } else if (topic->kind == Kind::posture && topic->origin == self) {
        take("posture", parse_posture_notice(message.payload), &PostureNotice::target,
             [&](const auto& notice) { seed(*topic, notice, now.steady); });
    } else {
        dropped("unasked", "nobody here reads this topic");
    }
}

void Controller::State::acked(const Topic& topic, const Ack& ack) {
    Target* target = find(topic.name);
    // Else it answers somebody else's command, or a record.
    const bool commanded = target != nullptr && by_message(*target->plan);
    if (!commanded || agent_of(*target->plan) != topic.origin) return;
    const auto settled = target->outlets.acked(ack);
    if (!settled) return;
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
}

void Controller::State::seed(const Topic& topic, const PostureNotice& notice, Instant now) {
    Target* target = find(topic.name);
    if (target == nullptr || target->seeded || notice.stamp.boot == stamper.boot()) return;
    target->seeded = true;
    const auto& items = target->plan->items;
    const auto is_item = [&](const std::string& name) {
        return std::find(items.begin(), items.end(), name) != items.end();
    };
    std::vector<std::string> held;
    std::copy_if(notice.held.begin(), notice.held.end(), std::back_inserter(held), is_item);
    const auto ladder = ladder_of(*target->plan);
    if (by_message(*target->plan)) {
        auto action = action_for(ladder, notice.wanted);
        if (depth_of(action) == 0) action = action_for(ladder, Posture::cut);
        for (const auto& item : held) target->ledger.item_is(item, std::string(action), true);
    } else {
        // On the way to a deeper state or back an item may be in either: take what is read.
        const bool drained = action_for(ladder, notice.wanted) == "drain";
        target->ledger.took_over(held, drained ? "drain" : "");
    }
    if (notice.wanted > target->rung.wanted) {
        target->rung.wanted = notice.wanted;
        target->rung.because = notice.because;
        target->rung.cause = notice.because.empty() ? "calm" : notice.because.front();
        target->rung.cause_began = notice.stamp;
        target->rung.calm_since = now;
    }
    tell(LogLevel::info, "took-over",
         {{"target", notice.target}, {"wanted", to_string(notice.wanted)}, {"held", held.size()}});
}

void Controller::State::receipt(const Receipt& receipt, Instant now) {
    Target* target = find(receipt.target);
    if (target == nullptr) return;
    auto& ledger = target->ledger;
    if (!receipt.states) {
        const auto& error = receipt.states.error();
        ++counters["orders.failed"];
        ledger.failed(std::string(to_string(error.fault)) + ": " + error.what,
                      !receipt.steps.empty(), now);
        tell(LogLevel::warning, "order-failed",
             {{"target", receipt.target},
              {"steps", receipt.steps.size()},
              {"fault", to_string(error.fault)},
              {"why", error.what}});
        return;
    }
    for (const auto& item : ledger.read_back(*receipt.states, now)) {
        tell(LogLevel::warning, "changed-by-others",
             {{"target", receipt.target}, {"item", item}, {"note", "no longer held"}});
    }
    for (const auto& step : receipt.steps) {
        const auto state = receipt.states->find(step.item);
        const std::string is = state == receipt.states->end() ? "absent" : state->second;
        const bool done = depth_of(is) == depth_of(step.action) && is != "absent";
        if (done) ++counters["steps.done"];
        if (done && depth_of(step.action) > 0) target->acted = true;
        tell(done ? LogLevel::info : LogLevel::warning, "receipt",
             {{"target", step.target},
              {"item", step.item},
              {"action", step.action},
              {"reads", is},
              {"id", step.id}});
    }
    for (auto& other : targets) {
        if (&other != target && other.plan->endpoint == target->plan->endpoint) {
            other.ledger.endpoint_answers(now);
        }
    }
}

}  // namespace firebreak
