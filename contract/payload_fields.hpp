// The keys of every message, each described once for writing and reading: `io` is a writer
// with a const message or a reader with a message to fill. Included by payload.cpp only.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "contract/payload.hpp"

namespace firebreak {

// Characters, not bytes. What we write is cut to these, so that what we write always parses.
inline constexpr std::size_t max_word = 64;    // a version, an operator
inline constexpr std::size_t max_item = 253;   // a server, an outlet, a node by its DNS name
inline constexpr std::size_t max_id = 200;     // "site/agent/alarm" and command ids
inline constexpr std::size_t max_prose = 512;  // cause, detail, why, blocked
inline constexpr std::size_t max_because = 64;
inline constexpr std::size_t max_entries = 4096;  // devices, counters
inline constexpr int max_depth = 16;
inline constexpr double day_s = 86'400;
inline constexpr double century_s = 36'525 * day_s;

// The largest whole number every JSON reader keeps exactly (RFC 7493, 2.2).
inline constexpr std::uint64_t max_whole = (std::uint64_t{1} << 53) - 1;

template <class Io, class S>
void stamp_fields(Io& io, S& stamp) {
    io.name("boot", stamp.boot);
    io.whole("seq", stamp.seq);
    io.wall("at", stamp.at);
}

/// Which status of the receiver the sender had heard: contract/README.md, "Freshness".
template <class Io, class E>
void echo_fields(Io& io, E& to) {
    if (!io.begins("to_boot", to)) return;
    io.name("to_boot", to->boot);
    io.whole("to_seq", to->seq);
}

/// Who did it and when, when somebody did: `<what>_by` and `<what>_at`.
template <class Io, class D>
void deed_fields(Io& io, std::string_view by, std::string_view at, D& deed) {
    if (!io.begins(by, deed)) return;
    io.text(by, deed->by, max_word, 1);
    io.wall(at, deed->at);
}

template <class Io, class A>
void alarm_fields(Io& io, A& alarm) {
    io.name("alarm", alarm.alarm);
    io.word("phase", alarm.phase, parse_phase);
    io.word("severity", alarm.severity, parse_severity);
    io.flag("latched", alarm.latched);
    io.flag("acknowledged", alarm.acknowledged);
    io.flag("shelved", alarm.shelved);
    io.text("cause", alarm.cause, max_prose);
    io.wall("since", alarm.since);
    if (io.begins("priority", alarm.priority)) io.whole("priority", alarm.priority);
    deed_fields(io, "acknowledged_by", "acknowledged_at", alarm.acknowledge);
    deed_fields(io, "shelved_by", "shelved_at", alarm.shelve);
    if (io.begins("shelved_until", alarm.shelved_until)) {
        io.wall("shelved_until", *alarm.shelved_until);
    }
    deed_fields(io, "out_of_service_by", "out_of_service_at", alarm.out_of_service);
    deed_fields(io, "suppressed_by", "suppressed_at", alarm.suppress);
    if (io.begins("suppressed_by_design", alarm.suppressed_by)) {
        io.text("suppressed_by_design", alarm.suppressed_by, max_prose);
    }
    if (io.begins("silenced", alarm.silenced)) io.flag("silenced", alarm.silenced);
    if (io.begins("group", alarm.group)) io.name("group", alarm.group);
    if (io.begins("first_out", alarm.first_out)) io.flag("first_out", alarm.first_out);
    if (io.begins("chattering", alarm.chattering)) io.flag("chattering", alarm.chattering);
    if (io.begins("asked_again", alarm.asked_again)) io.whole("asked_again", alarm.asked_again);
    stamp_fields(io, alarm.stamp);
}

template <class Io, class E>
void event_fields(Io& io, E& event) {
    io.name("alarm", event.alarm);
    io.word("from", event.from, parse_phase);
    io.word("to", event.to, parse_phase);
    io.word("severity", event.severity, parse_severity);
    io.text("cause", event.cause, max_prose);
    if (io.begins("action", event.action)) {
        io.word("action", *event.action, parse_operator_action);
        io.text("by", event.by, max_word, 1);
        if (io.begins("outcome", event.outcome)) {
            io.word("outcome", *event.outcome, parse_outcome);
        }
    }
    stamp_fields(io, event.stamp);
}

template <class Io, class F>
void flood_fields(Io& io, F& flood) {
    io.flag("active", flood.active);
    io.wall("since", flood.since);
    io.whole("recent", flood.recent);
    io.texts("alarms", flood.alarms, max_because, max_word);
    stamp_fields(io, flood.stamp);
}

template <class Io, class P>
void posture_fields(Io& io, P& posture) {
    io.name("target", posture.target);
    io.word("wanted", posture.wanted, parse_posture);
    io.word("reached", posture.reached, parse_posture);
    io.flag("armed", posture.armed);
    io.texts("because", posture.because, max_because, max_id);
    io.texts("held", posture.held, max_held, max_item);
    io.text("blocked", posture.blocked, max_prose);
    stamp_fields(io, posture.stamp);
}

template <class Io, class C>
void command_fields(Io& io, C& command) {
    io.text("id", command.id, max_id, 1);
    io.name("target", command.target);
    io.text("item", command.item, max_item, 1);
    io.name("action", command.action);
    io.flag("armed", command.armed);
    io.text("because", command.because, max_id);
    echo_fields(io, command.to);
    stamp_fields(io, command.stamp);
}

template <class Io, class A>
void ack_fields(Io& io, A& ack) {
    io.name("about", ack.about);
    io.text("id", ack.id, max_id);
    io.name("about_boot", ack.boot);
    io.whole("about_seq", ack.seq);
    io.word("outcome", ack.outcome, parse_outcome);
    io.text("detail", ack.detail, max_prose);
    stamp_fields(io, ack.stamp);
}

template <class Io, class R>
void operator_fields(Io& io, R& request) {
    io.name("alarm", request.alarm);
    io.word("action", request.action, parse_operator_action);
    if (request.action == OperatorAction::shelve) {
        io.number("for_s", request.for_s, std::numeric_limits<double>::min(), day_s);
    }
    io.text("by", request.by, max_word, 1);
    echo_fields(io, request.to);
    if (io.begins("boot", request.stamp)) stamp_fields(io, *request.stamp);
}

template <class Io, class A>
void action_fields(Io& io, A& action) {
    io.name("action", action.action);
    io.word("wanted", action.wanted, parse_switched);
    io.word("reached", action.reached, parse_switched);
    io.flag("armed", action.armed);
    io.texts("because", action.because, max_because, max_word);
    io.word("outcome", action.outcome, parse_outcome);
    io.text("detail", action.detail, max_prose);
    stamp_fields(io, action.stamp);
}

template <class Io, class S>
void status_fields(Io& io, S& status) {
    io.flag("online", status.online);
    io.text("version", status.version, max_word);
    io.flag("armed", status.armed);
    io.number("heartbeat_s", status.heartbeat_s, 0, day_s);
    io.number("up_s", status.up_s, 0, century_s);
    stamp_fields(io, status.stamp);
}

struct Tally {
    std::string_view key;
    std::uint64_t DeviceStatus::*count;
};
inline constexpr Tally rare_tallies[] = {{"timeouts", &DeviceStatus::timeouts},
                                         {"corrupt", &DeviceStatus::corrupt},
                                         {"exceptions", &DeviceStatus::exceptions},
                                         {"missed", &DeviceStatus::missed}};

}  // namespace firebreak
