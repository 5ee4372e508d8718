#include "host/situation.hpp"

#include <algorithm>

namespace firebreak {
namespace {

/// Within one life of the sender its numbers only rise; a new life starts anew.
bool is_old(const Stamp& known, const Stamp& got) {
    return known.boot == got.boot && got.seq <= known.seq;
}

/// A heartbeat off the wire, kept where three of them neither flutter nor last for ever.
Duration plausible_heartbeat(double seconds_between) {
    const double bounded = std::clamp(seconds_between, 0.1, 3600.0);
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(bounded));
}

bool is_gone(const HeardAgent& agent) {
    return agent.presence == Presence::offline || agent.presence == Presence::silent;
}

}  // namespace

std::string_view to_string(Presence presence) {
    switch (presence) {
        case Presence::unheard:
            return "unheard";
        case Presence::online:
            return "online";
        case Presence::offline:
            return "offline";
        case Presence::silent:
            return "silent";
    }
    return "unheard";
}

void Situation::expect(const Origin& agent, Instant now) {
    if (!agents_.contains(agent)) ++expected_;
    agents_[agent].status_at = now;
}

HeardAgent* Situation::room_for(const Origin& agent, Instant now) {
    const auto found = agents_.find(agent);
    if (found != agents_.end()) return &found->second;
    if (agents_.size() >= max_agents + expected_) return nullptr;
    auto& fresh = agents_[agent];
    fresh.status_at = now;  // of a stranger, too, a status is awaited from now on only
    return &fresh;
}

HeardAlarm* Situation::room_for(HeardAgent& agent, const std::string& alarm) {
    const auto found = agent.alarms.find(alarm);
    if (found != agent.alarms.end()) return &found->second;
    const bool full = agent.alarms.size() >= max_alarms || alarms_ >= max_alarms_of_all;
    if (full && !named_.contains(alarm)) return nullptr;
    ++alarms_;
    return &agent.alarms[alarm];
}

Heard Situation::alarm(const Origin& agent, const AlarmNotice& notice, Instant now) {
    HeardAgent* from = room_for(agent, now);
    HeardAlarm* room = from == nullptr ? nullptr : room_for(*from, notice.alarm);
    if (room == nullptr) return Heard::no_room;
    HeardAlarm& alarm = *room;
    const bool said_before = !alarm.notice.alarm.empty() && !alarm.suspected;
    if (said_before && is_old(alarm.notice.stamp, notice.stamp)) return Heard::old;
    alarm.suspected = false;
    // Unknown and pending are missing evidence: an agent that restarts in the fire says
    // "unknown" first, and that must not end what its last life said (DESIGN, sentence 6).
    if (is_active(notice.phase)) {
        if (!alarm.active) alarm.began = notice.stamp;
        alarm.active = true;
    } else if (notice.phase == Phase::clear) {
        alarm.active = false;
    }
    alarm.notice = notice;
    from->heard = now;
    return Heard::news;
}

Heard Situation::status(const Origin& agent, const Status& status, Instant now) {
    HeardAgent* from = room_for(agent, now);
    if (from == nullptr) return Heard::no_room;
    // A will is written before the life it ends has counted far: only "online" can be old.
    if (status.online && is_old(from->status, status.stamp)) return Heard::old;
    const bool of_an_earlier_life = !status.online && from->presence == Presence::online &&
                                    !from->status.boot.empty() &&
                                    status.stamp.boot != from->status.boot;
    if (of_an_earlier_life) return Heard::old;  // a late will must not bury the living
    if (status.online) {
        from->status = status.stamp;
        from->presence = Presence::online;
        from->heartbeat = plausible_heartbeat(status.heartbeat_s);
        from->heard = now;
        from->status_at = now;
    } else {
        if (!is_gone(*from)) {
            from->gone_at = now;
            from->took_leave = true;
        }
        // The broker speaks a will, which has no number: then nobody said goodbye.
        from->took_leave = from->took_leave && status.stamp.seq > 0;
        from->presence = Presence::offline;
        if (from->status.boot.empty()) from->status = status.stamp;
    }
    return Heard::news;
}

void Situation::suspect(const Origin& agent, const AlarmNotice& notice) {
    if (!is_active(notice.phase)) return;
    // Who may be a recording is not awaited: its silence says nothing.
    HeardAgent* from = room_for(agent, never - patience_);
    HeardAlarm* alarm = from == nullptr ? nullptr : room_for(*from, notice.alarm);
    if (alarm == nullptr || !alarm->notice.alarm.empty()) return;
    alarm->suspected = true;
    alarm->notice.alarm = notice.alarm;
    alarm->notice.phase = Phase::unknown;
}

void Situation::proved(const Origin& agent) {
    const auto found = agents_.find(agent);
    if (found == agents_.end()) return;
    alarms_ -= std::erase_if(found->second.alarms,
                             [](const auto& entry) { return entry.second.suspected; });
}

void Situation::link_up(Instant now) {
    for (auto& [origin, agent] : agents_) {
        agent.status_at = std::max(agent.status_at, now);
        if (!listening_ && is_gone(agent)) agent.gone_at += now - deaf_since_;
    }
    listening_ = true;
}

void Situation::link_down(Instant now) {
    if (listening_) deaf_since_ = now;
    listening_ = false;
}

Instant Situation::gone_for_at(const HeardAgent& agent, Duration patience) const {
    return listening_ && is_gone(agent) ? agent.gone_at + patience : never;
}

bool Situation::gone_for(const HeardAgent& agent, Duration patience, Instant now) const {
    return is_gone(agent) && (listening_ ? now : deaf_since_) - agent.gone_at >= patience;
}

Instant Situation::silent_at(const HeardAgent& agent) const {
    if (!listening_) return never;
    if (agent.presence == Presence::online) {
        return agent.status_at + missed_heartbeats * agent.heartbeat;
    }
    if (agent.presence == Presence::unheard) return agent.status_at + patience_;
    return never;
}

void Situation::tick(Instant now) {
    for (auto& [origin, agent] : agents_) {
        const auto due = silent_at(agent);
        if (due > now) continue;
        agent.presence = Presence::silent;
        agent.gone_at = due;
        agent.took_leave = false;
    }
}

Instant Situation::next_deadline() const {
    Instant next = never;
    for (const auto& [origin, agent] : agents_) next = std::min(next, silent_at(agent));
    return next;
}

bool Situation::fresh(const HeardAgent& agent, Instant now, Duration max_age) {
    return agent.presence == Presence::online && now - agent.heard <= max_age;
}

const HeardAgent* Situation::find(const Origin& agent) const {
    const auto found = agents_.find(agent);
    return found == agents_.end() ? nullptr : &found->second;
}

}  // namespace firebreak
