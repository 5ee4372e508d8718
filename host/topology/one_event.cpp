#include "host/topology/one_event.hpp"

#include <algorithm>
#include <compare>
#include <set>
#include <string>

namespace firebreak {
namespace {

constexpr std::size_t most_events = 4096;
constexpr const char* silent = "";  // as a sign: no alarm is named so

struct Event {
    std::string site, agent;  ///< "": one that no rule names
    std::set<std::string> signs;

    auto operator<=>(const Event&) const = default;
};

std::set<std::string> signs_of(const RulePlan& rule) {
    std::set<std::string> signs(rule.alarms.begin(), rule.alarms.end());
    if (!rule.alarm.empty()) signs.insert(rule.alarm);
    if (rule.silence) signs.insert(silent);
    return signs;
}

bool votes(const RulePlan& rule, const Event& event) {
    if (!rule.site.empty() && rule.site != event.site) return false;
    if (!rule.agent.empty() && rule.agent != event.agent) return false;
    const auto is_seen = [&](const std::string& sign) { return event.signs.contains(sign); };
    auto seen = std::count_if(rule.alarms.begin(), rule.alarms.end(), is_seen);
    if (!rule.alarm.empty() && is_seen(rule.alarm)) ++seen;
    if (rule.silence && is_seen(silent)) ++seen;
    return seen >= std::max(rule.signs, 1);
}

/// What one rule waits for: any one of its signs, or all that it counts together.
std::vector<std::set<std::string>> signs_for(const RulePlan& rule) {
    auto all = signs_of(rule);
    if (rule.signs > 1) return {std::move(all)};
    std::vector<std::set<std::string>> out;
    for (const auto& sign : all) out.push_back({sign});
    return out;
}

std::set<std::string> one_or_all(const std::string& one, const std::set<std::string>& all) {
    return one.empty() ? all : std::set<std::string>{one};
}

std::set<Event> all_events(const std::vector<const RulePlan*>& rules) {
    std::set<std::string> sites{""}, agents{""};
    for (const auto* rule : rules) sites.insert(rule->site), agents.insert(rule->agent);
    std::set<Event> out;
    for (const auto* rule : rules) {
        for (const auto& signs : signs_for(*rule)) {
            for (const auto& site : one_or_all(rule->site, sites)) {
                for (const auto& agent : one_or_all(rule->agent, agents)) {
                    if (out.size() >= most_events) return out;
                    out.insert({site, agent, signs});
                }
            }
        }
    }
    return out;
}

}  // namespace

std::vector<std::vector<const RulePlan*>> events_of(const std::vector<const RulePlan*>& rules) {
    std::vector<std::vector<const RulePlan*>> out;
    std::set<std::vector<const RulePlan*>> known;
    for (const auto& event : all_events(rules)) {
        std::vector<const RulePlan*> those;
        for (const auto* rule : rules) {
            if (votes(*rule, event)) those.push_back(rule);
        }
        if (known.insert(those).second) out.push_back(std::move(those));
    }
    return out;
}

}  // namespace firebreak
