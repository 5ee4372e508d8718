// The simulator's verbs: check, run, load, report, judge.
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "contract/support/log.hpp"
#include "contract/support/program.hpp"
#include "firmware/profile/profile_file.hpp"
#include "firmware/site_file.hpp"
#include "host/policy_file.hpp"
#include "sim/judge/judge.hpp"
#include "sim/load.hpp"
#include "sim/picture.hpp"
#include "sim/replay.hpp"
#include "sim/report.hpp"
#include "sim/room_file.hpp"
#include "sim/run.hpp"

namespace firebreak {
namespace {

constexpr int well = 0;
constexpr int failed = 1;
constexpr int wrong = 2;

int complain(const Complaints& complaints) {
    fmt::print(stderr, "{}\n", complaints.text());
    return wrong;
}

int exit_code(const Result<void>& result) {
    if (result) return well;
    log(LogLevel::error, "failed", {{"why", result.error().what}});
    return result.error().fault == Fault::config ? wrong : failed;
}

/// A room names a scenario; a scenario has no scenario of its own.
bool is_room(const std::string& path) {
    Complaints ignored;
    const auto file = ConfigFile::load(path, ignored);
    return file.parsed() && (file.root().has("scenario") || file.root().has("servers"));
}

int check_one(const std::string& path) {
    Complaints complaints;
    const auto text = is_room(path) ? describe(load_room(path, profile_folders(), complaints))
                                    : describe(load_scenario(path, complaints));
    if (!complaints.empty()) return complain(complaints);
    fmt::print("{}", text);
    return well;
}

int check_replay(const std::string& site_path, const std::string& policy_path,
                 const std::string& scenario_path, double speed) {
    Complaints complaints;
    const auto site = load_site(site_path, profile_folders(), complaints);
    const auto policy = load_policy(policy_path, complaints);
    const auto scenario = load_scenario(scenario_path, complaints);
    // What the files say of each other only once each can be read.
    if (complaints.empty()) {
        check_against(scenario, site, complaints);
        check_expects(scenario, site, policy, complaints);
    }
    if (!complaints.empty()) return complain(complaints);
    const auto replayed = replay(site, policy, scenario, speed);
    fmt::print("{}\n{}", scenario.title, "\n" + describe(replayed));
    return replayed.kept() ? well : failed;
}

/// The number behind --speed, or `otherwise` when it was not given; nothing if it is none.
std::optional<double> parse_speed(const std::string& text, double otherwise) {
    if (text.empty()) return otherwise;
    double speed = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, speed);
    const bool good = parsed.ec == std::errc() && parsed.ptr == end;
    if (good && speed >= 0.001 && speed <= 100'000) return speed;
    fmt::print(stderr, "--speed {}: write a number from 0.001 to 100000\n", text);
    return std::nullopt;
}

int check(const std::vector<std::string>& files, const std::string& speed_text) {
    // The cores log what they do; here the story tells it.
    open_log("firebreak-sim", LogLevel::warning);
    const auto speed = parse_speed(speed_text, 1);
    if (!speed) return wrong;
    if (files.size() == 1) return check_one(files[0]);
    if (files.size() == 3) return check_replay(files[0], files[1], files[2], *speed);
    fmt::print(stderr, "check takes one file, or SITE POLICY SCENARIO\n");
    return wrong;
}

std::optional<RoomPlan> room_of(const std::string& config) {
    Complaints complaints;
    auto room = load_room(config, profile_folders(), complaints);
    if (complaints.empty()) return room;
    complain(complaints);
    return std::nullopt;
}

int run(const std::string& config, const std::string& speed) {
    open_log("firebreak-sim", LogLevel::info);
    auto room = room_of(config);
    if (!room) return wrong;
    const auto wanted = parse_speed(speed, room->speed);
    if (!wanted) return wrong;
    room->speed = *wanted;
    return exit_code(run_room(*room));
}

int load(const std::string& config, LoadPlan plan, const std::string& lasts) {
    open_log("firebreak-sim", LogLevel::info);
    const auto room = room_of(config);
    if (!room) return wrong;
    for (const auto& service : room->services)
        plan.services.push_back({service.name, service.rate});
    if (!lasts.empty()) {
        plan.lasts = parse_duration(lasts);
        if (!plan.lasts) {
            fmt::print(stderr, "--for {}: write \"30s\" or \"2m\"\n", lasts);
            return wrong;
        }
    }
    return exit_code(run_load(plan));
}

int report(const std::string& config, ReportPlan plan, const std::string& svg) {
    open_log("firebreak-sim", LogLevel::info);
    auto room = room_of(config);
    if (!room) return wrong;
    plan.scenario = std::move(room->scenario);
    plan.speed = room->speed;
    for (const auto& service : room->services) plan.services.push_back(service.name);
    const auto made = make_report(plan);
    if (!made) return exit_code(tl::unexpected(made.error()));
    fmt::print("{}", describe(*made, ::isatty(STDOUT_FILENO) == 1));
    if (!svg.empty()) {
        std::ofstream out(svg, std::ios::trunc);
        out << draw(*made) << std::flush;
        if (!out) return exit_code(fail(Fault::config, "cannot write " + svg));
    }
    return made->broken_promises().empty() ? well : failed;
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
    using namespace firebreak;
    Program program("firebreak-sim", "Stands in for a battery room, its racks and its customers");
    std::vector<std::string> files;
    std::string config, speed, lasts, svg;
    LoadPlan load_plan;
    ReportPlan report_plan;
    program
        .verb("check", "Validate a scenario or room, or play SITE POLICY SCENARIO in process",
              [&] { return check(files, speed); })
        .words("FILE", "a scenario or room file; or a site, a policy and a scenario", files, 1, 3)
        .option("--speed", "story seconds in a second of the site's delays; 1 if left out", speed);
    program.verb("run", "Serve a room on the wire", [&] { return run(config, speed); })
        .option("--config", "the room file", config, true)
        .option("--speed", "story seconds in a second, in place of the room's", speed);
    program
        .verb("load", "Send the services' requests and record how they fare",
              [&] { return load(config, load_plan, lasts); })
        .option("--config", "the room file", config, true)
        .option("--url", "where to, like http://127.0.0.1:8080", load_plan.url, true)
        .option("--csv", "where the record goes", load_plan.csv, true)
        .option("--for", "how long, like 30s; until SIGTERM if left out", lasts);
    program
        .verb("report", "Account for a replay with and one without Firebreak",
              [&] { return report(config, report_plan, svg); })
        .option("--config", "the room file", config, true)
        .option("--with", "the load's record with Firebreak", report_plan.with_csv, true)
        .option("--without", "the load's record without", report_plan.without_csv, true)
        .option("--world", "the room's log of the run with Firebreak", report_plan.world_csv, true)
        .option("--mqtt", "lines of mosquitto_sub -F '%U %t %p'", report_plan.mqtt_log, true)
        .option("--svg", "where the picture goes", svg);
    JudgeWords judged;
    program
        .verb("judge", "Measure alarms on rooms by chance, or on recordings",
              [&] { return judge(judged); })
        .words("CSV", "recordings with t_s and a column a sensor; rooms by chance if left out",
               judged.recordings, 0, 100'000)
        .option("--rules", "the site file whose alarms are judged", judged.rules, true)
        .option("--rooms", "rooms with a failing cell; 200 if left out", judged.rooms)
        .option("--normal", "normal rooms; 20 if left out", judged.normal)
        .option("--hours", "of each normal room; 24 if left out", judged.hours)
        .option("--seed", "other rooms; 1 if left out", judged.seed)
        .option("--power", "of the failing cell's heat; 200W-5kW if left out", judged.power)
        .option("--battery", "of the rooms: li-ion or vrla; li-ion if left out", judged.battery)
        .option("--stories", "tell so many of each story instead of rooms", judged.stories)
        .option("--map", "columns to points: column=device/measure,...", judged.map)
        .option("--column", "what names of cell temperatures begin with; temp", judged.column)
        .option("--svg", "where the picture of the rooms goes", judged.svg)
        .flag("--json", "for machines", judged.json);
    return program.run(argc, argv);
}
