// Readings of the time without a link: kept while it is down, said once it is up again, before the
// newest reading of each point, which is retained and comes last.
#include "firmware/agent_state.hpp"

namespace firebreak {

void Agent::State::keep_late(PointIndex point, const Reading& what, const Stamp& stamp) {
    if (outbox.is_up()) return;
    const auto before = backlog.thinned();
    backlog.add({point, what.value ? std::nullopt : std::optional(what.value.error().fault),
                 what.value.value_or(0), what.label, stamp.seq, stamp.at});
    if (backlog.thinned() == before || thinning_is_told) return;
    thinning_is_told = true;
    note(LogLevel::warning, "readings_thinned",
         fmt::format("the broker is away for long: more than {} readings wait, so every second of "
                     "the older ones is left out",
                     plan.backlog));
}

void Agent::State::announce_late() {
    thinning_is_told = false;
    // At most one a point is its newest, which is state: of a start without a past nothing is told.
    if (backlog.size() <= newest.size()) return;
    note(LogLevel::info, "readings_late",
         fmt::format("up to {} readings of the time without a broker follow", backlog.size()));
}

const Message* Agent::State::message_of(PointIndex point, ReadingNotice notice, bool retained) {
    const auto& history = readings.history();
    notice.unit = history.unit(point);
    notice.stamp.boot = stamper.boot();
    spoken = {topic(Kind::reading, history.device(point), history.measure(point)), to_json(notice),
              retained};
    return &spoken;
}

const Message* Agent::State::next_late() {
    if (!outbox.is_up()) return nullptr;
    while (const Unsaid* next = backlog.front()) {
        // The newest of each point is state, and is said as such.
        if (newest.seq(next->point) == next->seq) {
            backlog.sent();
            continue;
        }
        ReadingNotice notice{next->value, next->label, Unit::none, {"", next->seq, next->at}, true};
        if (next->missing) {
            notice.value = tl::unexpected<Error>(
                Error{*next->missing, std::string(to_string(*next->missing)), 0});
        }
        return message_of(next->point, std::move(notice), false);
    }
    return nullptr;
}

const Message* Agent::State::next_message() {
    offered = Offered::outbox;
    if (const Message* first = outbox.front(Rank::urgent)) return first;
    if (const Message* second = next_late()) {
        offered = Offered::late;
        return second;
    }
    if (const Message* third = outbox.front()) return third;
    const auto point = newest.front();
    if (!point) return nullptr;
    offered = Offered::newest;
    return message_of(*point, newest.notice(*point), true);
}

void Agent::State::message_sent() {
    switch (std::exchange(offered, Offered::outbox)) {
        case Offered::outbox:
            outbox.sent();
            break;
        case Offered::late:
            backlog.sent();
            break;
        case Offered::newest:
            newest.sent();
            break;
    }
}

}  // namespace firebreak
