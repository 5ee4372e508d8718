#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "firmware/site_reader.hpp"

namespace firebreak {

namespace {

/// `*` stands for any run of characters.
bool fits(std::string_view text, std::string_view pattern) {
    std::size_t t = 0;
    std::size_t p = 0;
    std::size_t star = std::string_view::npos;
    std::size_t mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// cell.2 before cell.10, as people count.
bool natural_less(std::string_view a, std::string_view b) {
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() && j < b.size()) {
        if (is_digit(a[i]) && is_digit(b[j])) {
            const auto number = [](std::string_view text, std::size_t& at) {
                while (at + 1 < text.size() && text[at] == '0' && is_digit(text[at + 1])) ++at;
                const std::size_t from = at;
                while (at < text.size() && is_digit(text[at])) ++at;
                return text.substr(from, at - from);
            };
            const auto x = number(a, i);
            const auto y = number(b, j);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
        } else {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i;
            ++j;
        }
    }
    return a.size() - i < b.size() - j;
}

}  // namespace

void SiteReader::read_group(Section& row) {
    auto group = std::make_shared<GroupPlan>();
    group->name = row.name("name");
    const bool is_fresh = fresh(row, "a group", group_names_, group->name);
    if (row.has("members")) {
        for (auto& member : row.rows("members")) {
            PointId point;
            if (const auto index = device(member)) {
                point.device = plan_.devices[*index].name;
                measure(member, *index, point.measure);
            } else {
                member.ignore("measure");
            }
            member.finish();
            group->members.push_back(std::move(point));
        }
    } else {
        gather(row, *group);
    }
    std::set<PointId> known;
    for (const auto& member : group->members) {
        if (known.insert(member).second) continue;
        row.complain("members", fmt::format("{} {} is in it twice", member.device, member.measure));
    }
    row.finish();
    if (is_fresh) groups_.emplace(group->name, std::move(group));
}

/// Every measure of every device that fits, in natural order.
void SiteReader::gather(Section& row, GroupPlan& group) {
    const auto devices = row.text("device");
    const auto measures = row.text("measures");
    if (devices.empty() || measures.empty()) return;
    std::vector<const DevicePlan*> fitting;
    for (const auto& device : plan_.devices) {
        if (fits(device.name, devices)) fitting.push_back(&device);
    }
    if (fitting.empty()) row.complain("device", fmt::format("no [[device]] fits {}", devices));
    std::sort(fitting.begin(), fitting.end(), [](const DevicePlan* a, const DevicePlan* b) {
        return natural_less(a->name, b->name);
    });
    for (const auto* device : fitting) {
        std::vector<std::string> names;
        for (const auto& reg : device->profile->registers) {
            if (fits(reg.measure, measures)) names.push_back(reg.measure);
        }
        std::sort(names.begin(), names.end(), natural_less);
        for (auto& name : names) group.members.push_back({device->name, std::move(name)});
        // A profile that is missing or wrong has had its own complaint.
        if (names.empty() && !device->profile->registers.empty()) {
            row.complain("measures", fmt::format("{} (profile {}) has no measure that fits {}",
                                                 device->name, device->profile->name, measures));
        }
    }
}

/// A group by name, or in a rule set by role; a role that the site does not bind is remembered.
Group SiteReader::group(Section& row, std::string_view key, AlarmScope& scope) {
    const auto name = row.text(key);
    const auto& known = scope.roles != nullptr ? *scope.roles : groups_;
    if (const auto found = known.find(name); found != known.end()) {
        if (!found->second) scope.unbound = name;
        return found->second;
    }
    std::vector<std::string_view> names;
    for (const auto& [each, group] : known) names.push_back(each);
    if (!name.empty()) {
        complain_unknown(row, key,
                         scope.roles != nullptr ? "there is no [[role]]" : "there is no [[group]]",
                         name, names);
    }
    return nullptr;
}

}  // namespace firebreak
