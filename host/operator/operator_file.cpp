#include "host/operator/operator_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "host/topology_file.hpp"

namespace firebreak {
namespace {

constexpr std::size_t longest_socket = 107;  // sun_path, unix(7)
constexpr Duration longest_drill = std::chrono::hours(1);
constexpr std::array<std::pair<std::string_view, Posture>, 3> rungs = {
    {{"drain", Posture::drain}, {"shed", Posture::shed}, {"cut", Posture::cut}}};

/// Targets by name, or every target of a site: one zone.
std::vector<std::string> drilled(Section& section, const PolicyPlan& plan) {
    if (!section.has("site")) return read_targets(section, plan);
    const auto site = section.name("site");
    if (section.has("targets")) section.complain("targets", "say either \"targets\" or \"site\"");
    section.ignore("targets");
    std::vector<std::string> names;
    for (const auto& target : plan.targets) {
        if (target.site == site) names.push_back(target.name);
    }
    if (names.empty()) section.complain("site", "no target stands in \"" + site + "\"");
    return names;
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
    drill.targets = drilled(section, plan);
    drill.items = section.texts("items");
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
