// Readings of the time without a link: kept while it is down, said once it is up again, before the
// newest reading of each point, which is retained and comes last.
#include "firmware/agent_state.hpp"

namespace firebreak {

void Agent::State::keep_late(const Reading& reading, const Stamp& stamp) {
    const auto point = readings.history().find(reading.point);
    if (!point) return;
    if (newest.size() <= *point) newest.resize(*point + 1);
    newest[*point] = stamp.seq;
    if (outbox.is_up()) return;
    const auto before = backlog.thinned();
    backlog.add({*point, reading.value ? std::nullopt : std::optional(reading.value.error().fault),
                 reading.value.value_or(0), reading.label, stamp.seq, stamp.at});
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

const Message* Agent::State::next_late() {
    if (!outbox.is_up()) return nullptr;
    while (const Unsaid* next = backlog.front()) {
        const Reading* known = readings.history().newest(PointIndex{next->point});
        // The newest of each point is state, and is said as such.
        if (known == nullptr || newest[next->point] == next->seq) {
            backlog.sent();
            continue;
        }
        ReadingNotice notice{
            next->value, next->label, known->unit, {stamper.boot(), next->seq, next->at}, true};
        if (next->missing) {
            notice.value = tl::unexpected<Error>(
                Error{*next->missing, std::string(to_string(*next->missing)), 0});
        }
        late = {topic(Kind::reading, known->point.device, known->point.measure), to_json(notice),
                false};
        return &late;
    }
    return nullptr;
}

const Message* Agent::State::next_message() {
    late_is_offered = false;
    if (const Message* first = outbox.front(Rank::urgent)) return first;
    if (const Message* second = next_late()) {
        late_is_offered = true;
        return second;
    }
    return outbox.front();
}

void Agent::State::message_sent() {
    late_is_offered ? backlog.sent() : outbox.sent();
    late_is_offered = false;
}

}  // namespace firebreak
