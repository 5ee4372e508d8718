#include "host/lives.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

void Lives::follow(Known& known, const std::string& boot) {
    if (known.present == boot) return;
    std::erase(known.past, boot);
    if (!known.present.empty()) known.past.push_back(std::move(known.present));
    if (known.past.size() > most_past) known.past.pop_front();
    known.present = boot;
}

Life Lives::status(const Origin& agent, const Status& status, bool genuine, const HeardAgent* known,
                   Instant now) {
    const auto is = of(agent, status.stamp, genuine, known);
    if (is == Life::past && !genuine) return is;
    if (!status.online) return is;
    if (genuine && is != Life::present) {
        const auto echo = status.heard.find(own_boot_);
        const bool fresh = echo != status.heard.end() && challenge_.is_recent(echo->second, now);
        if (!fresh) return is;
    }
    if (known_.contains(agent) || known_.size() < Situation::max_agents) {
        follow(known_[agent], status.stamp.boot);
    }
    return Life::present;
}

Life Lives::of(const Origin& agent, const Stamp& stamp, bool genuine,
               const HeardAgent* known) const {
    const auto found = known_.find(agent);
    if (found == known_.end()) return genuine ? Life::unproved : Life::present;
    const auto& lives = found->second;
    if (stamp.boot == lives.present) return Life::present;
    const bool is_past =
        std::find(lives.past.begin(), lives.past.end(), stamp.boot) != lives.past.end();
    if (genuine) return is_past ? Life::past : Life::unproved;
    // Of two programs with one id the other may have ended: then this one is all there is.
    const bool lives_on = known != nullptr && known->presence == Presence::online;
    return is_past && lives_on ? Life::past : Life::present;
}

bool Lives::hold(const Origin& agent, const AlarmNotice& notice) {
    if (!known_.contains(agent) && known_.size() >= Situation::max_agents) return false;
    auto& held = known_[agent].held;
    const auto& boot = notice.stamp.boot;
    if (!held.contains(boot) && held.size() >= most_held_lives) return false;
    auto& alarms = held[boot];
    const auto found = alarms.find(notice.alarm);
    if (found == alarms.end() && alarms.size() >= Situation::max_alarms) return false;
    if (found != alarms.end() && found->second.stamp.seq >= notice.stamp.seq) return false;
    alarms.insert_or_assign(notice.alarm, notice);
    return true;
}

std::vector<AlarmNotice> Lives::take_held(const Origin& agent) {
    std::vector<AlarmNotice> out;
    const auto found = known_.find(agent);
    if (found == known_.end()) return out;
    auto& held = found->second.held;
    const auto alarms = held.find(found->second.present);
    if (alarms == held.end()) return out;
    for (auto& [name, notice] : alarms->second) out.push_back(std::move(notice));
    held.erase(alarms);
    return out;
}

void Lives::forget_held() {
    for (auto& [agent, known] : known_) known.held.clear();
}

}  // namespace firebreak
