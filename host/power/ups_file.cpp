#include "host/power/ups_file.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "contract/overload_file.hpp"
#include "host/power/draw.hpp"
#include "host/topology_file.hpp"

namespace firebreak {
namespace {

PointId read_point(Section section) {
    PointId point{section.name("device"), section.name("measure")};
    section.finish();
    return point;
}

std::optional<std::size_t> place_of(const PolicyPlan& plan, const std::string& name,
                                    Section& section) {
    if (!plan.map) {
        section.complain("name", "there is no [topology] that says what hangs on it");
        return std::nullopt;
    }
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < plan.map->upss.size(); ++i) {
        if (plan.map->upss[i].name == name) return i;
        names.push_back(plan.map->upss[i].name);
    }
    section.complain("name", "there is no [[topology.ups]] \"" + name + '"' + hint(name, names));
    return std::nullopt;
}

void read_durations(Section& section, WatchedUps& ups) {
    const auto read = [&](std::string_view key, Duration& value) {
        value = section.duration_or(key, value);
    };
    read("stop", ups.rating.stop);
    read("margin", ups.rating.margin = std::chrono::seconds(30));
    read("hold", ups.rating.hold);
    read("max_age", ups.max_age = std::chrono::seconds(70));
    read("settle", ups.settle = std::chrono::seconds(2));
    if (ups.max_age < std::chrono::seconds(1)) {
        section.complain("max_age", "\"max_age\" must be at least 1s");
    }
    if (ups.settle > std::chrono::minutes(1)) {
        section.complain("settle", "\"settle\" must be at most 1m: an overload does not wait");
    }
    const bool timed = ups.rating.stop > Duration::zero() || ups.rating.hold > Duration::zero();
    if (timed && !ups.runtime) {
        section.complain("runtime", "\"stop\" and \"hold\" need the UPS's \"runtime\"");
    }
    if (ups.runtime && !timed) {
        section.complain("runtime", "\"runtime\" is for \"stop\" or \"hold\": say one of them");
    }
    if (ups.runtime && ups.on_battery.empty()) {
        section.complain("on_battery",
                         "\"on_battery\" is missing: the agent's alarm without which the runtime "
                         "means nothing");
    }
}

}  // namespace

void read_ups(Section& section, PolicyPlan& plan) {
    WatchedUps ups;
    ups.place = section.place();
    ups.name = section.text("name");
    const auto place = place_of(plan, ups.name, section);
    for (const auto& other : plan.upss) {
        if (other.name != ups.name) continue;
        section.complain("name", "there is a [[ups]] \"" + ups.name + "\" already");
    }
    ups.agent = {"", Role::agent, section.name("agent")};
    if (auto load = section.table("load")) {
        ups.load = read_point(*load);
    } else {
        section.complain("load", "\"load\" is missing: say load = {device = …, measure = …}");
    }
    if (auto runtime = section.table("runtime")) ups.runtime = read_point(*runtime);
    ups.on_battery = section.name_or("on_battery", "");
    if (auto curve = section.table("overload")) {
        ups.rating.overload = read_curve(*curve);
        // What it may carry for ever is no overload: such a point would be passed over unheard.
        const auto& points = ups.rating.overload;
        if (!points.empty() && points.front().load <= 100) {
            curve->complain("loads", fmt::format("loads must be above 100, in per cent of what the "
                                                 "UPS may carry for ever: {:g} is no overload",
                                                 points.front().load));
        }
        curve->finish();
    }
    read_durations(section, ups);
    const auto kw = section.number_or("capacity_kw", 0, {0.001, 1e6});
    section.finish();
    if (!place) return;
    ups.ups = *place;
    ups.agent.site = plan.map->upss[*place].site;
    ups.rating.kw = kw > 0 ? kw : plan.map->upss[*place].kw;
    plan.upss.push_back(std::move(ups));
}

void check_power(const PolicyPlan& plan, Complaints& complaints) {
    for (const auto& rule : plan.rules) {
        if (!rule.by_power) continue;
        for (const auto& target : plan.targets) {
            const auto& names = rule.targets;
            if (std::find(names.begin(), names.end(), target.name) == names.end()) continue;
            if (ladder_of(target) != Ladder::servers) continue;
            complaints.add(rule.place, "by_power: \"" + target.name +
                                           "\" takes traffic away, not load: name the outlets or "
                                           "nodes behind it, they drain what they come after");
        }
        if (plan.upss.empty()) {
            complaints.add(rule.place, "by_power: no [[ups]] says how much is too much");
        }
        if (!plan.map) {
            complaints.add(rule.place, "by_power: no [topology] says what hangs on which UPS");
        }
    }
    if (plan.map) static_cast<void>(draws_of(plan, shed_by_power(plan), complaints));
}

std::string describe(const WatchedUps& ups) {
    auto out = fmt::format("shedding by power: {} may carry {:.1f} kW, read by {}", ups.name,
                           ups.rating.kw, alarm_name(ups.agent, ups.load.device));
    for (const auto& point : ups.rating.overload) {
        out += fmt::format(", {:g} % for {:g} s", point.load, point.seconds);
    }
    if (ups.rating.hold > Duration::zero()) {
        out += ", to last " + format_duration(ups.rating.hold) + " on battery";
    }
    if (ups.rating.stop > Duration::zero()) {
        out += ", stopped within " + format_duration(ups.rating.stop);
    }
    return out + '\n';
}

}  // namespace firebreak
