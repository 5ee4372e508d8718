#include "host/operator/operator_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "host/power/draw.hpp"
#include "host/restore/restore_plan.hpp"
#include "host/topology_file.hpp"

namespace firebreak {
namespace {

constexpr std::size_t longest_socket = 107;  // sun_path, unix(7)
constexpr Duration longest_drill = std::chrono::hours(1);
constexpr std::array<std::pair<std::string_view, Posture>, 3> rungs = {
    {{"drain", Posture::drain}, {"shed", Posture::shed}, {"cut", Posture::cut}}};

/// Every target of a site, or those of one stage of its restoration.
std::vector<std::string> targets_at(Section& section, const PolicyPlan& plan) {
    const auto site = section.name("site");
    const auto stage = section.maybe_integer("stage", {1, 1000});
    const auto stages = restore_stages(plan);
    std::vector<std::string> names;
    std::vector<std::string_view> sites;
    std::size_t last = 0;
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
        sites.push_back(plan.targets[i].site);
        if (plan.targets[i].site != site) continue;
        last = std::max(last, stages[i]);
        if (stage && stages[i] != static_cast<std::size_t>(*stage)) continue;
        names.push_back(plan.targets[i].name);
    }
    if (last == 0 && !site.empty()) {
        section.complain("site", "no target stands in \"" + site + "\"" + hint(site, sites));
    } else if (names.empty() && stage) {
        section.complain("stage", fmt::format("the last stage of {} is {}", site, last));
    }
    return names;
}

/// The UPSs of the battery room, all at one site; none, and it is complained of.
std::set<std::size_t> upss_in_room(Section& section, const PolicyPlan& plan,
                                   const std::string& room, std::string& site) {
    std::set<std::size_t> upss;
    std::set<std::string> sites;
    for (std::size_t i = 0; plan.map && i < plan.map->upss.size(); ++i) {
        const auto& ups = plan.map->upss[i];
        if (ups.room != room || (!site.empty() && ups.site != site)) continue;
        upss.insert(i);
        sites.insert(ups.site);
    }
    if (sites.size() == 1) site = *sites.begin();
    if (upss.empty()) {
        section.complain("room", fmt::format("no UPS of [topology] stands in a room \"{}\"{}", room,
                                             site.empty() ? "" : " at " + site));
    } else if (sites.size() > 1) {
        section.complain("room", "several sites have a room \"" + room + "\": say \"site\"");
        upss.clear();
    }
    return upss;
}

/// What hangs on a battery room, over whichever of its feeds. What nobody can place is left out.
void drill_room(Section& section, PolicyPlan& plan, DrillPlan& drill) {
    const auto room = section.text("room");
    auto site = section.name_or("site", "");
    const auto upss = upss_in_room(section, plan, room, site);
    if (upss.empty()) return;
    std::set<std::string> here;
    for (const auto& target : plan.targets) {
        if (target.site == site) here.insert(target.name);
    }
    Complaints unknown;
    std::set<std::string> items, unplaced;
    std::set<std::size_t> targets;
    for (const auto& draw : draws_of(plan, here, unknown)) {
        bool told = !draw.parts.empty();
        bool hangs = false;
        for (const auto& part : draw.parts) {
            told = told && !part.feeds.empty();
            for (const auto ups : part.feeds) hangs = hangs || upss.contains(ups);
        }
        for (const auto& [target, item] : draw.items) {
            if (hangs) targets.insert(target), items.insert(item);
            if (!hangs && !told) unplaced.insert(item);
        }
    }
    for (const auto target : targets) drill.targets.push_back(plan.targets[target].name);
    drill.items.assign(items.begin(), items.end());
    if (items.empty()) {
        section.complain("room", "no item of a target at " + site + " is known to hang on room \"" +
                                     room + "\": see [topology]");
    } else if (!unplaced.empty()) {
        plan.warnings.push_back(fmt::format(
            "drill {}: nobody can tell whether {}{} hangs on room {}: left out", drill.name,
            *unplaced.begin(),
            unplaced.size() > 1 ? fmt::format(" and {} more", unplaced.size() - 1) : "", room));
    }
}

/// Of what the drill is: exactly one of four ways to say so.
void read_drilled(Section& section, PolicyPlan& plan, DrillPlan& drill) {
    const bool by_place = section.has("site") || section.has("stage") || section.has("room");
    if (by_place && section.has("targets")) {
        section.complain(
            "targets",
            "say either \"targets\" or \"site\", with \"room\" or \"stage\" or all of it");
        section.ignore("targets");
    }
    if (section.has("room") && section.has("stage")) {
        section.complain("stage", "say either \"room\" or \"stage\"");
        section.ignore("stage");
    }
    if (section.has("room")) {
        if (section.has("items")) section.complain("items", "\"room\" says which items they are");
        section.ignore("items");
        return drill_room(section, plan, drill);
    }
    drill.targets = by_place ? targets_at(section, plan) : read_targets(section, plan);
    drill.items = section.texts("items");
}

void check_items(Section& section, const DrillPlan& drill, const PolicyPlan& plan) {
    for (const auto& item : drill.items) {
        const bool known =
            std::any_of(plan.targets.begin(), plan.targets.end(), [&](const auto& t) {
                return std::find(drill.targets.begin(), drill.targets.end(), t.name) !=
                           drill.targets.end() &&
                       std::find(t.items.begin(), t.items.end(), item) != t.items.end();
            });
        if (!known) section.complain("items", "\"" + item + "\" is no item of the drill's targets");
    }
}

void read_drill(Section& section, PolicyPlan& plan) {
    DrillPlan drill;
    drill.place = section.place();
    drill.name = section.name("name");
    read_drilled(section, plan, drill);
    check_items(section, drill, plan);
    drill.posture = section.choice_or<Posture>("posture", rungs, Posture::drain);
    drill.hold_for = section.duration_or("hold_for", drill.hold_for);
    drill.undo = section.flag_or("undo", true);
    if (drill.hold_for <= Duration::zero() || drill.hold_for > longest_drill) {
        section.complain("hold_for", "\"hold_for\" must be above 0s and at most 1h");
    }
    for (const auto& other : plan.drills) {
        if (other.name != drill.name) continue;
        section.complain("name", "there is a drill \"" + other.name + "\" already");
    }
    section.finish();
    plan.drills.push_back(std::move(drill));
}

}  // namespace

void read_operator(Section& root, PolicyPlan& plan) {
    auto& operators = plan.operators;
    if (!plan.journal.file.empty()) {
        const auto folder = std::filesystem::path(plan.journal.file).parent_path();
        operators.socket = (folder / "host.sock").string();
    }
    if (auto section = root.table("operator")) {
        operators.socket = section->text_or("socket", operators.socket);
        operators.may_arm = section->flag_or("may_arm", false);
        if (operators.socket.empty()) {
            section->complain("socket",
                              "\"socket\" is missing: a path like \"/run/firebreak/host.sock\"");
        }
        section->finish();
    }
    if (operators.socket.size() > longest_socket) {
        root.complain("operator", "\"socket\" may have at most 107 bytes");
    }
}

void read_drills(Section& root, PolicyPlan& plan) {
    for (auto& section : root.rows("drill")) read_drill(section, plan);
}

std::string describe_operators(const PolicyPlan& plan) {
    std::string out;
    if (!plan.operators.socket.empty()) {
        out += fmt::format("operators at {}{}\n", plan.operators.socket,
                           plan.operators.may_arm ? ", who may arm" : "");
    }
    for (const auto& drill : plan.drills) {
        out += fmt::format("drill {}: {} for {}, {}:", drill.name, to_string(drill.posture),
                           format_duration(drill.hold_for), drill.undo ? "undone" : "not undone");
        for (const auto& name : drill.items.empty() ? drill.targets : drill.items)
            out += ' ' + name;
        out += '\n';
    }
    return out;
}

}  // namespace firebreak
