#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "firmware/site_reader.hpp"

namespace firebreak {

namespace fs = std::filesystem;

/// Beside the site's file, so that a site may have its own; else beside the profiles.
std::string SiteReader::find_rules(const std::string& name) const {
    const auto own = fs::path(path_).parent_path() / (name + ".toml");
    std::vector<fs::path> places{own};
    for (const auto& folder : folders_) {
        auto at = fs::path(folder).lexically_normal();
        if (!at.has_filename()) at = at.parent_path();  // "profiles/" is "profiles"
        places.push_back(at.parent_path() / "rules" / (name + ".toml"));
    }
    std::error_code none;
    for (const auto& place : places) {
        if (fs::is_regular_file(place, none)) return place.string();
    }
    return "";
}

void SiteReader::read_rules(Section& root) {
    auto bindings = root.table("rules");
    if (!bindings) return;
    for (const auto& name : bindings->keys()) {
        auto binding = bindings->table(name);
        if (!binding) continue;
        read_rule_set(name, *binding);
        binding->finish();
    }
}

void SiteReader::read_rule_set(const std::string& name, Section& binding) {
    // A set may serve twice, for two strings: then its tables have names of their own.
    const auto wanted = binding.text_or("set", name);
    const auto path = is_name(wanted) ? find_rules(wanted) : "";
    if (path.empty()) {
        binding.complain("set", fmt::format("there is no rule set {}: it must be {}.toml beside "
                                            "this file or in a folder \"rules\" beside the "
                                            "profiles",
                                            wanted, wanted));
        for (const auto& key : binding.keys()) binding.ignore(key);
        return;
    }
    const auto file = ConfigFile::load(path, complaints_);
    if (!file.parsed()) return;
    auto rules = file.root();
    rules.text("title");
    std::map<std::string, Group> roles;
    for (auto& role : rules.rows("role")) {
        const auto key = role.name("name");
        role.text("about");
        role.finish();
        roles[key] = binding.has(key) ? bind(binding, key) : nullptr;
    }
    const std::string prefix = binding.text_or("prefix", "");
    if (!prefix.empty() && !is_name(prefix)) {
        binding.complain("prefix", "becomes part of names: use a-z 0-9 . _ -");
        return;
    }
    const std::size_t before = plan_.alarms.size();
    dropped_.clear();
    for (auto& row : rules.rows("alarm")) {
        AlarmScope scope;
        scope.roles = &roles;
        scope.prefix = prefix;
        read_alarm(row, scope);
    }
    rules.finish();
    prune(before);
    RuleSetPlan set{name, plan_.alarms.size() - before, {}};
    for (const auto& [alarm, why] : dropped_) set.dropped.push_back(alarm + " (" + why + ')');
    if (set.alarms == 0) {
        binding.complain("", fmt::format("no rule of {} can be used: bind its roles here", wanted));
    }
    plan_.rules.push_back(std::move(set));
}

/// A role is a group by name, or one point.
Group SiteReader::bind(Section& binding, const std::string& role) {
    AlarmScope site;
    if (auto point = binding.is_table(role) ? binding.table(role) : std::nullopt) {
        auto one = std::make_shared<GroupPlan>();
        one->name = role;
        PointId id;
        if (const auto index = device(*point)) {
            id.device = plan_.devices[*index].name;
            measure(*point, *index, id.measure);
        } else {
            point->ignore("measure");
        }
        point->finish();
        one->members.push_back(std::move(id));
        return one;
    }
    return group(binding, role, site);
}

/// How many kinds of sign an alarm can see.
std::size_t SiteReader::kinds_of(const AlarmPlan& alarm) const {
    std::set<std::string> kinds;
    for (const auto& condition : alarm.conditions) {
        const auto* other = std::get_if<OtherAlarm>(&condition.quantity);
        const auto asked =
            std::find_if(plan_.alarms.begin(), plan_.alarms.end(), [&](const AlarmPlan& each) {
                return other != nullptr &&
                       (each.name == other->alarm || each.made_by == other->alarm);
            });
        if (asked != plan_.alarms.end()) kinds.insert(asked->kind);
    }
    return kinds.size();
}

/// Rules that ask dropped rules go without them, or go as well.
void SiteReader::prune(std::size_t first) {
    const auto gone = [&](const ConditionPlan& condition) {
        const auto* other = std::get_if<OtherAlarm>(&condition.quantity);
        return other != nullptr && dropped_.count(other->alarm) == 1;
    };
    for (bool again = true; std::exchange(again, false);) {
        for (std::size_t i = first; i < plan_.alarms.size(); ++i) {
            auto& alarm = plan_.alarms[i];
            const bool confirmed = !alarm.confirmed_by.empty();
            const auto lost = std::erase_if(alarm.conditions, gone);
            std::erase_if(alarm.confirmed_by, gone);
            const bool useless = alarm.conditions.empty() || (lost > 0 && alarm.all) ||
                                 (confirmed && alarm.confirmed_by.empty()) ||
                                 alarm.conditions.size() < alarm.join.at_least ||
                                 (alarm.join.kinds > 0 && kinds_of(alarm) < alarm.join.kinds);
            if (!useless) continue;
            dropped_.emplace(alarm.made_by.empty() ? alarm.name : alarm.made_by,
                             "needs rules that are not there");
            plan_.alarms.erase(plan_.alarms.begin() + static_cast<std::ptrdiff_t>(i));
            alarm_places_.erase(alarm_places_.begin() + static_cast<std::ptrdiff_t>(i));
            again = true;
            break;
        }
    }
}

}  // namespace firebreak
