#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "firmware/site_reader.hpp"

namespace firebreak {

namespace {

/// The alarms that a name stands for: itself, or all that a template made.
std::vector<std::size_t> named(const std::vector<AlarmPlan>& alarms, const std::string& name) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < alarms.size(); ++i) {
        if (alarms[i].name == name || alarms[i].made_by == name) found.push_back(i);
    }
    return found;
}

const std::string& family(const AlarmPlan& alarm) {
    return alarm.made_by.empty() ? alarm.name : alarm.made_by;
}

}  // namespace

/// What alarms say of each other can be judged only when all are known.
void SiteReader::check_alarms() {
    std::vector<std::string_view> names;
    for (const auto& alarm : plan_.alarms) {
        if (names.empty() || names.back() != family(alarm)) names.push_back(family(alarm));
    }
    std::map<std::string, std::set<std::string>, std::less<>> asks;
    std::map<std::string, Place, std::less<>> places;
    for (std::size_t i = 0; i < plan_.alarms.size(); ++i) {
        auto& alarm = plan_.alarms[i];
        // Those of one template say the same: one complaint for all.
        const bool first = places.emplace(family(alarm), alarm_places_[i]).second;
        for (auto* list : {&alarm.conditions, &alarm.unless, &alarm.confirmed_by}) {
            for (auto& condition : *list) {
                const auto* other = std::get_if<OtherAlarm>(&condition.quantity);
                if (other == nullptr) {
                    condition.kind = alarm.kind;
                    continue;
                }
                asks[family(alarm)].insert(other->alarm);
                const auto asked = named(plan_.alarms, other->alarm);
                if (!asked.empty()) condition.kind = plan_.alarms[asked.front()].kind;
                if (first && asked.empty())
                    complain_no_alarm(other->alarm, names, alarm_places_[i]);
            }
        }
        for (const auto& other : alarm.annunciation.suppressed_by) {
            asks[family(alarm)].insert(other);
            const bool known = !named(plan_.alarms, other).empty();
            if (first && !known) complain_no_alarm(other, names, alarm_places_[i]);
        }
        if (first) check_kinds(alarm, alarm_places_[i]);
    }
    check_cycles(asks, places);
}

void SiteReader::complain_no_alarm(const std::string& name,
                                   const std::vector<std::string_view>& names, const Place& place) {
    auto what = fmt::format("there is no alarm {}", name);
    const auto near = nearest(name, names);
    if (!near.empty()) what += fmt::format("; did you mean {}?", near);
    complaints_.add(place, what);
}

/// Two signs of one kind may have one cause that is no fire: they confirm nothing.
void SiteReader::check_kinds(const AlarmPlan& alarm, const Place& place) {
    for (const auto& sign : alarm.confirmed_by) {
        const auto& other = std::get<OtherAlarm>(sign.quantity).alarm;
        if (alarm.kind.empty() || sign.kind.empty()) {
            complaints_.add(place,
                            fmt::format("{} is confirmed by {}: both need a kind = \"heat\", "
                                        "\"gas\" … to be told apart",
                                        alarm.name, other));
        } else if (alarm.kind == sign.kind) {
            complaints_.add(place, fmt::format("{} and {} are both signs of {}: one does not "
                                               "confirm the other",
                                               family(alarm), other, alarm.kind));
        }
    }
    if (alarm.join.kinds == 0) return;
    std::set<std::string> kinds;
    for (const auto& sign : alarm.conditions) {
        if (sign.kind.empty()) {
            complaints_.add(place, fmt::format("{} counts kinds of sign: every alarm that it asks "
                                               "needs a kind",
                                               alarm.name));
            return;
        }
        kinds.insert(sign.kind);
    }
    if (kinds.size() >= alarm.join.kinds) return;
    complaints_.add(place,
                    fmt::format("{} needs {} kinds of sign and asks for {} only: {}", alarm.name,
                                alarm.join.kinds, kinds.size(), fmt::join(kinds, ", ")));
}

void SiteReader::check_cycles(const std::map<std::string, std::set<std::string>, std::less<>>& asks,
                              const std::map<std::string, Place, std::less<>>& places) {
    std::set<std::string> done;
    for (const auto& [start, ignored] : asks) {
        // Depth first without recursion: `path` is the way here, `next` what is yet to be asked.
        std::vector<std::string> path{start};
        std::vector<std::vector<std::string>> next;
        const auto open = [&](const std::string& name) {
            const auto found = asks.find(name);
            next.emplace_back();
            if (found != asks.end()) next.back().assign(found->second.begin(), found->second.end());
        };
        if (done.count(start) == 1) continue;
        open(start);
        while (!path.empty()) {
            if (next.back().empty()) {
                done.insert(path.back());
                path.pop_back();
                next.pop_back();
                continue;
            }
            auto name = std::move(next.back().back());
            next.back().pop_back();
            const auto seen = std::find(path.begin(), path.end(), name);
            if (seen != path.end()) {
                const std::vector<std::string> loop(seen, path.end());
                const auto place = places.find(name);
                complaints_.add(place == places.end() ? Place{path_} : place->second,
                                fmt::format("alarms ask each other in a circle: {} -> {}",
                                            fmt::join(loop, " -> "), name));
            } else if (done.count(name) == 0) {
                path.push_back(name);
                open(name);
            }
        }
    }
}

}  // namespace firebreak
