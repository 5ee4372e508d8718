#include "sim/judge/judge.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <fstream>

#include "firmware/profile/profile_file.hpp"
#include "firmware/site_file.hpp"
#include "sim/judge/recording.hpp"
#include "sim/judge/stories.hpp"
#include "sim/judge/tally.hpp"

namespace firebreak {

namespace {

constexpr int well = 0;
constexpr int failed = 1;
constexpr int wrong = 2;
constexpr std::size_t stories_beside_rooms = 50;

/// Complaints about options have the option where files have their name.
template <class T>
void read(const std::string& option, const std::string& text, T least, T most, T& into,
          Complaints& complaints) {
    if (text.empty()) return;
    T value{};
    const auto* end = text.data() + text.size();
    const auto got = std::from_chars(text.data(), end, value);
    if (got.ec == std::errc() && got.ptr == end && value >= least && value <= most) {
        into = value;
    } else {
        complaints.add({option, 1, 1},
                       fmt::format("\"{}\": write a number from {} to {}", text, least, most));
    }
}

/// "200W" or "5kW"; nothing for anything else.
std::optional<double> watts(std::string text) {
    double factor = 1;
    if (!text.empty() && text.back() == 'W') text.pop_back();
    if (!text.empty() && text.back() == 'k') {
        factor = 1000;
        text.pop_back();
    }
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto got = std::from_chars(text.data(), end, value);
    if (got.ec != std::errc() || got.ptr != end || !(value > 0) || value > 1e5) return std::nullopt;
    return value * factor;
}

RoomsPlan rooms_plan(const JudgeWords& words, Complaints& complaints) {
    RoomsPlan plan;
    read<std::size_t>("--rooms", words.rooms, 0, 1'000'000, plan.failing, complaints);
    read<std::size_t>("--normal", words.normal, 0, 1'000'000, plan.normal, complaints);
    read<double>("--hours", words.hours, 0.01, 10'000, plan.hours, complaints);
    read<std::uint64_t>("--seed", words.seed, 0, UINT64_MAX, plan.seed, complaints);
    plan.vrla = words.battery == "vrla";
    if (!words.battery.empty() && !plan.vrla && words.battery != "li-ion")
        complaints.add({"--battery", 1, 1},
                       fmt::format("\"{}\": write li-ion or vrla", words.battery));
    if (words.power.empty()) return plan;
    const auto dash = words.power.find('-');
    const auto least = watts(words.power.substr(0, dash));
    const auto most = dash == std::string::npos ? least : watts(words.power.substr(dash + 1));
    if (least && most && *least <= *most) {
        plan.least_watts = *least;
        plan.most_watts = *most;
    } else {
        complaints.add({"--power", 1, 1},
                       fmt::format("\"{}\": write it like 200W-5kW", words.power));
    }
    return plan;
}

/// "column=device/measure,column=device/measure"
RecordingPlan recording_plan(const JudgeWords& words, Complaints& complaints) {
    RecordingPlan plan;
    if (!words.column.empty()) plan.cells = words.column;
    for (std::size_t from = 0; from < words.map.size();) {
        const auto comma = std::min(words.map.find(',', from), words.map.size());
        const auto entry = words.map.substr(from, comma - from);
        const auto equals = entry.find('=');
        const auto slash = entry.find('/', equals);
        from = comma + 1;
        if (equals == std::string::npos || slash == std::string::npos) {
            complaints.add({"--map", 1, 1},
                           fmt::format("\"{}\": write column=device/measure", entry));
            continue;
        }
        plan.map.push_back(
            {entry.substr(0, equals),
             {entry.substr(equals + 1, slash - equals - 1), entry.substr(slash + 1)}});
    }
    return plan;
}

std::string when(const std::optional<double>& at) {
    return at ? fmt::format("{:.0f} s", *at) : "never";
}

std::string describe(const std::string& name, const RecordingOutcome& played,
                     const DetectorNames& names) {
    auto text = fmt::format(
        "{}: {} rows, {:.2f} sensor-hours, {} cells no number, {} rows back in time\n"
        "  60 Cel {}, 80 Cel {}, runaway {}\n",
        name, played.rows, played.room.sensor_hours, played.nonsense, played.backwards,
        when(played.room.hot60), when(played.room.hot80), when(played.room.runaway));
    for (const auto& column : played.unused)
        text += fmt::format("  column \"{}\" is nobody's: --map it, or leave it\n", column);
    for (std::size_t detector = 0; detector < names.size(); ++detector) {
        std::optional<double> first;
        std::size_t count = 0;
        for (const auto& firing : played.room.firings) {
            if (firing.detector != detector) continue;
            if (count++ == 0) first = firing.at;
        }
        if (!first) continue;
        text += fmt::format("  {:<36} {:>9} ({} times)", names[detector], when(first), count);
        const auto lead = [&](const std::optional<double>& at, const char* of) {
            if (at) text += fmt::format(", {:.0f} s before {}", *at - *first, of);
        };
        lead(played.room.runaway, "runaway");
        lead(played.room.hot80, "80 Cel");
        lead(played.room.hot60, "60 Cel");
        text += '\n';
    }
    return text;
}

std::string json(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out + '"';
}

std::string to_json(const std::string& name, const RecordingOutcome& played,
                    const DetectorNames& names) {
    const auto number = [](const std::optional<double>& at) {
        return at ? fmt::format("{:.3f}", *at) : "null";
    };
    auto text = fmt::format(
        "{{\"file\": {}, \"rows\": {}, \"sensor_hours\": {:.4f}, \"nonsense\": {}, "
        "\"backwards\": {}, \"runaway_s\": {}, \"hot60_s\": {}, \"hot80_s\": {}, \"firings\": [",
        json(name), played.rows, played.room.sensor_hours, played.nonsense, played.backwards,
        number(played.room.runaway), number(played.room.hot60), number(played.room.hot80));
    bool first = true;
    for (const auto& firing : played.room.firings) {
        text += fmt::format("{}{{\"detector\": {}, \"at_s\": {:.3f}}}", first ? "" : ", ",
                            json(names[firing.detector]), firing.at);
        first = false;
    }
    return text + "]}\n";
}

int play_files(const JudgeWords& words, const SitePlan& site, const RecordingPlan& plan) {
    Complaints complaints;
    const auto names = detector_names(site);
    std::vector<RoomOutcome> outcomes;
    for (const auto& path : words.recordings) {
        std::ifstream csv(path);
        if (!csv) {
            complaints.add({path, 1, 1}, "cannot be read");
            continue;
        }
        const auto before = complaints.size();
        const auto played = play_recording(csv, path, site, plan, complaints);
        if (complaints.size() > before) continue;
        fmt::print("{}", words.json ? to_json(path, played, names) : describe(path, played, names));
        outcomes.push_back(played.room);
    }
    if (outcomes.size() > 1) {
        const auto scores = tally(names, outcomes);
        fmt::print("\n{}", words.json ? to_json(scores) : describe(scores));
    }
    if (complaints.empty()) return well;
    fmt::print(stderr, "{}\n", complaints.text());
    return wrong;
}

int play_all_rooms(const JudgeWords& words, const SitePlan& site, const RoomsPlan& rooms) {
    const auto scores = tally(detector_names(site), play_rooms(site, rooms));
    if (words.json) {
        fmt::print("{}", to_json(scores));
    } else {
        const auto how = rooms.vrla ? std::string("overcharged")
                                    : fmt::format("at {:.0f} to {:.0f} W", rooms.least_watts,
                                                  rooms.most_watts);
        fmt::print("{} failing rooms {}, {} normal rooms of {:g} h, seed {}\n\n{}\n{}",
                   rooms.failing, how, rooms.normal, rooms.hours, rooms.seed, describe(scores),
                   describe(tell_stories(site, rooms.seed, stories_beside_rooms)));
    }
    if (words.svg.empty()) return well;
    std::ofstream out(words.svg, std::ios::trunc);
    out << draw(scores) << std::flush;
    if (out) return well;
    fmt::print(stderr, "cannot write {}\n", words.svg);
    return failed;
}

}  // namespace

int judge(const JudgeWords& words) {
    Complaints complaints;
    const auto rooms = rooms_plan(words, complaints);
    std::size_t stories = 0;
    read<std::size_t>("--stories", words.stories, 1, 1'000'000, stories, complaints);
    const auto recording = recording_plan(words, complaints);
    const auto site = load_site(words.rules, profile_folders(), complaints);
    if (complaints.empty() && cell_points(site).empty())
        complaints.add({words.rules, 1, 1},
                       "no device has battery.cell.temperature.max: there is nothing to judge");
    if (!complaints.empty()) {
        fmt::print(stderr, "{}\n", complaints.text());
        return wrong;
    }
    if (!words.recordings.empty()) return play_files(words, site, recording);
    if (stories == 0) return play_all_rooms(words, site, rooms);
    const auto told = tell_stories(site, rooms.seed, stories);
    fmt::print("{}", words.json ? to_json(told) : describe(told));
    return well;
}

}  // namespace firebreak
