// What of a tick and of what came in is worth a row of the journal; journal/recorder.hpp says how.
#include <algorithm>
#include <tuple>

#include "contract/payload.hpp"
#include "host/controller_state.hpp"

namespace firebreak {
namespace {

/// "passes in 3s" and "passes in 2s" are one refusal.
std::string without_digits(std::string text) {
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
}

}  // namespace

void Controller::State::record_start(const std::string& policy, Now now) {
    record.keep(EntryKind::started, now,
                text_of(Begun{FIREBREAK_VERSION, plan.site, plan.host, plan.armed, policy}));
}

void Controller::State::record_evidence(const Topic& of, const std::string& payload, Now now) {
    if (record.on())
        record.keep(EntryKind::evidence, now, text_of(Evidence{to_string(of), payload}));
}

Heard Controller::State::hear(const Origin& agent, const AlarmNotice& notice, Now now) {
    const auto news = situation.alarm(agent, notice, now.steady);
    if (news == Heard::news && record.on()) {
        record_evidence({agent, Kind::alarm, notice.alarm, ""}, to_json(notice), now);
    }
    return news;
}

Heard Controller::State::hear(const Origin& agent, const Status& status, Now now) {
    const auto* known = situation.find(agent);
    const bool was_online = known != nullptr && known->presence == Presence::online;
    const std::string was_boot = known == nullptr ? "" : known->status.boot;
    const auto news = situation.status(agent, status, now.steady);
    if (news != Heard::news || !record.on()) return news;
    const Topic of{agent, Kind::status, "", ""};
    auto text = text_of(Evidence{to_string(of), to_json(status)});
    if (status.online && was_online && status.stamp.boot == was_boot) {
        record.repeat(to_string(of), EntryKind::evidence, now, std::move(text));
    } else {
        record.keep(EntryKind::evidence, now, std::move(text));
    }
    return news;
}

void Controller::State::retold(const Evidence& evidence, Now now) {
    const auto topic = parse_topic(evidence.topic);
    if (!topic) return;
    if (peers.know(topic->origin)) return peer(*topic, evidence.payload, now);
    if (const auto notice = parse_alarm(evidence.payload); topic->kind == Kind::alarm && notice) {
        static_cast<void>(hear(topic->origin, *notice, now));
    }
    if (const auto status = parse_status(evidence.payload); topic->kind == Kind::status && status) {
        static_cast<void>(hear(topic->origin, *status, now));
    }
    if (const auto ack = parse_ack(evidence.payload); topic->kind == Kind::ack && ack) {
        acked(*topic, *ack, /*genuine=*/false, now);
    }
    if (topic->kind == Kind::reading) reading(*topic, evidence.payload, now);
    const auto posture = parse_posture_notice(evidence.payload);
    if (topic->kind == Kind::posture && posture) seed(*topic, *posture, now);
}

void Controller::State::said_again(const SentAgain& sent, Instant now) {
    Target* target = find(sent.target);
    if (target == nullptr) return;
    if (by_message(*target->plan)) {
        static_cast<void>(target->outlets.take_due(now));
    } else {
        target->ledger.ordered({}, now);
    }
}

void Controller::State::record_receipt(const Receipt& receipt, const Target& target, bool news,
                                       Now now) {
    if (!record.on()) return;
    const bool repeats =
        receipt.steps.empty() && !news &&
        (receipt.states ? target.ledger.known() && *receipt.states == target.ledger.states()
                        : !target.ledger.fault().empty());
    if (repeats) {
        record.repeat("receipt " + receipt.target, EntryKind::receipt, now, text_of(receipt));
    } else {
        record.keep(EntryKind::receipt, now, text_of(receipt));
    }
}

void Controller::State::note(EntryKind kind, const Step& step) {
    if (record.on()) record.decided(kind, text_of(step));
}

void Controller::State::record_tick(Now now) {
    const auto sent = std::exchange(sent_again, {});
    if (!record.on()) return;
    for (auto& target : targets) {
        const auto& rung = target.rung;
        const auto& known = target.recorded;
        const bool same =
            std::tie(known.wanted, known.admitted, known.because, known.waits, known.expired) ==
            std::tie(rung.wanted, rung.admitted, rung.because, target.doubt, target.expired);
        if (!same) {
            target.recorded = {target.plan->name, rung.wanted,  rung.admitted,
                               rung.because,      target.doubt, target.expired};
            record.decided(EntryKind::decision, text_of(target.recorded));
        }
        auto refusal = without_digits(target.refusal);
        if (refusal == target.recorded_refusal) continue;
        target.recorded_refusal = std::move(refusal);
        record.decided(EntryKind::refusal, refusal_text(target.plan->name, target.refusal));
    }
    record.ticked(now);
    for (const auto& target : sent) {
        record.repeat("again " + target, EntryKind::again, now, text_of(SentAgain{target}));
    }
}

void Controller::State::record_standing(Now now) {
    const auto keep = [&](Ask ask, WallTime until) {
        record.keep(EntryKind::request, now, text_of(Requested{ask, until, true, "it stands"}));
    };
    for (const auto& hold : holds.standing(now.steady)) {
        Ask ask;
        ask.verb = AskVerb::hold;
        ask.target = hold.target;
        ask.why = hold.why;
        ask.by = hold.by;
        ask.length = hold.left;
        keep(std::move(ask), hold.until);
    }
    if (disarmed_by.empty()) return;
    Ask ask;
    ask.verb = AskVerb::disarm;
    ask.by = disarmed_by;
    keep(std::move(ask), now.wall);
}

void Controller::State::journal_word(const JournalWord& word, Now now) {
    record.keep(EntryKind::journal, now, text_of(word));
    if (!word.trouble.empty()) {
        ++counters["journal.failures"];
        tell(LogLevel::error, "journal-failing",
             {{"why", word.trouble}, {"note", "no new action is taken until it can be written"}});
    } else if (!journal_trouble.empty()) {
        tell(LogLevel::info, "journal-written", {{"note", "it takes again what is decided"}});
        record_standing(now);  // it may be a new file
    }
    journal_trouble = word.trouble;
}

}  // namespace firebreak
