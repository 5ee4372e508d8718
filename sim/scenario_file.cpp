// The scenario's TOML. docs/scenarios.md describes the keys.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "sim/scenario.hpp"

namespace firebreak {
namespace {

constexpr std::array<std::pair<std::string_view, Table>, 4> tables = {{
    {"coil", Table::coil},
    {"discrete_input", Table::discrete_input},
    {"input", Table::input},
    {"holding", Table::holding},
}};

constexpr std::array<std::pair<std::string_view, bool>, 2> bases = {{
    {"record", true},
    {"assumed", false},
}};

// More than any story needs; keeps arithmetic on times far from overflow.
constexpr Duration longest = std::chrono::hours(24 * 366);

Duration story_time(Section& section, std::string_view key) {
    if (!section.has(key)) {
        section.complain(key, fmt::format("missing: write {} = \"3m\", counted from t0", key));
        return {};
    }
    const auto text = section.text(key);
    const auto parsed = parse_signed_duration(text);
    if (!parsed || *parsed > longest || *parsed < -longest) {
        section.complain(
            key, fmt::format("\"{}\" is no time: write \"3m\", \"1h30m\" or \"-5m\"", text));
        return {};
    }
    return *parsed;
}

int clock_minutes(Section& section, std::string_view key) {
    const auto text = section.text(key);
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4)) {
        const int hours = (text[0] - '0') * 10 + (text[1] - '0');
        const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
        if (hours < 24 && minutes < 60) return hours * 60 + minutes;
    }
    if (!text.empty()) {
        section.complain(key, fmt::format("\"{}\" is no clock time: write \"15:19\"", text));
    }
    return 0;
}

/// One pass over the file; what it learns early (span, feeds) checks what comes later.
class Reader {
public:
    explicit Reader(Section root) : root_(std::move(root)) {}

    Scenario read() {
        scenario_.title = root_.text("title");
        scenario_.source = root_.text("source");
        scenario_.t0_minutes = clock_minutes(root_, "t0");
        scenario_.begins = story_time(root_, "begins");
        scenario_.ends = story_time(root_, "ends");
        if (scenario_.ends <= scenario_.begins) {
            root_.complain("ends", "the scenario ends before it begins: let ends be later");
        }
        read_events();
        read_power();
        read_starts();
        read_changes();
        read_faults();
        read_expects();
        root_.finish();
        return std::move(scenario_);
    }

private:
    Duration within_span(Section& section, std::string_view key) {
        const auto at = story_time(section, key);
        if (at < scenario_.begins || at > scenario_.ends) {
            section.complain(key,
                             fmt::format("{} is outside of the scenario's span, {} to {}",
                                         format_story_time(at), format_story_time(scenario_.begins),
                                         format_story_time(scenario_.ends)));
        }
        return at;
    }

    void read_events() {
        for (auto& row : root_.rows("event")) {
            ScenarioEvent event;
            event.at = within_span(row, "at");
            event.say = row.text("say");
            if (!row.has("basis")) {
                row.complain("basis", "missing: say whether it is \"record\" or \"assumed\"");
            }
            event.on_record = row.choice_or<bool>("basis", bases, false);
            row.finish();
            scenario_.events.push_back(std::move(event));
        }
        std::stable_sort(scenario_.events.begin(), scenario_.events.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
    }

    void read_power() {
        if (auto ups = root_.table("ups")) {
            UpsPlan plan;
            plan.place = ups->place();
            plan.load = {ups->name("device"), ups->text("load")};
            plan.capacity_kw = ups->number("capacity_kw", {0.001, 1e9});
            ups->finish();
            scenario_.ups = std::move(plan);
        }
        for (auto& row : root_.rows("feed")) {
            auto name = row.name("name");
            const auto& feeds = scenario_.feeds;
            if (std::find(feeds.begin(), feeds.end(), name) != feeds.end()) {
                row.complain("name", fmt::format("there is a feed \"{}\" already", name));
            }
            row.finish();
            scenario_.feeds.push_back(std::move(name));
        }
        for (auto& row : root_.rows("rack")) read_rack(row);
    }

    void read_rack(Section& row) {
        RackPlan rack;
        rack.place = row.place("name");
        rack.name = row.name("name");
        if (!rack_names_.insert(rack.name).second) {
            row.complain("name", fmt::format("there is a rack \"{}\" already", rack.name));
        }
        rack.service = row.name("service");
        rack.feed = feed_index(row).value_or(0);
        rack.kw = row.number("kw", {0, 1e6});
        if (auto outlet = row.table("outlet")) {
            rack.outlet = PointId{outlet->name("device"), outlet->text("measure")};
            outlet->finish();
        }
        row.finish();
        scenario_.racks.push_back(std::move(rack));
    }

    std::optional<std::size_t> feed_index(Section& row) {
        const auto name = row.name("feed");
        const auto& feeds = scenario_.feeds;
        const auto found = std::find(feeds.begin(), feeds.end(), name);
        if (found != feeds.end()) return static_cast<std::size_t>(found - feeds.begin());
        const auto near = nearest(name, {feeds.begin(), feeds.end()});
        row.complain("feed",
                     fmt::format("there is no feed \"{}\"{}", name,
                                 near.empty() ? ": add a [[feed]]"
                                              : fmt::format("; did you mean \"{}\"?", near)));
        return std::nullopt;
    }

    void read_starts() {
        std::set<PointId> seen;
        for (auto& row : root_.rows("start")) {
            const auto device = row.name("device");
            if (auto values = row.table("values")) {
                for (const auto& measure : values->keys()) {
                    StartPlan start;
                    start.point = {device, measure};
                    start.place = values->place(measure);
                    start.value = finite(*values, measure);
                    if (!seen.insert(start.point).second) {
                        values->complain(measure, "this measure has a start already");
                    }
                    scenario_.starts.push_back(std::move(start));
                }
            } else {
                row.complain("values", "missing: write values = {\"fire.smoke\" = 0}");
            }
            row.finish();
        }
    }

    void read_changes() {
        for (auto& row : root_.rows("change")) {
            ChangePlan change;
            change.place = row.place();
            change.at = within_span(row, "at");
            change.over = row.duration_or("over", Duration::zero());
            if (change.over > longest) {
                row.complain("over", "longer than a year: write a shorter ramp");
                change.over = {};
            }
            if (row.has("feed")) {
                change.feed = feed_index(row).value_or(0);
                change.to = row.number("to", {0, 1});
                if (change.over != Duration::zero()) {
                    row.complain("over", "a feed is live or dead: leave \"over\" out");
                }
                if (row.has("device") || row.has("measure")) {
                    row.complain("feed", "a change is of a feed or of a device, not of both");
                    (void)row.text_or("device", "");
                    (void)row.text_or("measure", "");
                }
            } else {
                change.point = {row.name("device"), row.text("measure")};
                change.to = finite(row, "to");
            }
            row.finish();
            scenario_.changes.push_back(std::move(change));
        }
        std::stable_sort(scenario_.changes.begin(), scenario_.changes.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
    }

    static void read_kind(Section& row, FaultPlan& fault) {
        std::vector<std::string_view> kinds;
        for (const auto& [name, kind] : fault_kinds) kinds.push_back(name);
        if (!row.has("kind")) {
            row.complain("kind", fmt::format("missing: write one of {}", fmt::join(kinds, ", ")));
        }
        fault.kind = row.choice_or<FaultKind>("kind", fault_kinds, FaultKind::silent);
        if (fault.kind == FaultKind::exception) {
            fault.code = static_cast<std::uint8_t>(row.integer("code", {1, 11}));
        }
        if (fault.kind == FaultKind::slow || fault.kind == FaultKind::dribble) {
            fault.delay = row.duration("delay");
            if (fault.delay > std::chrono::hours(1)) {
                row.complain("delay", "longer than an hour: write kind = \"silent\"");
                fault.delay = {};
            }
        }
    }

    static void read_aim(Section& row, FaultPlan& fault) {
        auto& aim = fault.aim;
        if (row.has("table")) {
            aim.table = row.choice_or<Table>("table", tables, Table::input);
            aim.address = static_cast<std::uint16_t>(row.integer_or("address", 0, {0, 65535}));
            const std::int64_t most = 65536 - aim.address;
            const auto usual = row.has("address") ? 1 : most;
            aim.count = static_cast<std::uint32_t>(row.integer_or("count", usual, {1, most}));
        } else {
            for (const auto* key : {"address", "count"}) {
                if (!row.has(key)) continue;
                row.complain(key, "say of which table: table = \"holding\"");
                row.ignore(key);
            }
        }
        if (fault.kind == FaultKind::stuck) {
            for (const auto* key : {"every", "chance"}) {
                if (!row.has(key)) continue;
                row.complain(key, "a device is stuck whoever asks: leave it out");
                row.ignore(key);
            }
            return;
        }
        aim.every = static_cast<int>(row.integer_or("every", 1, {1, 1'000'000}));
        aim.chance = row.number_or("chance", 1, {0, 1});
    }

    void read_faults() {
        for (auto& row : root_.rows("fault")) {
            FaultPlan fault;
            fault.place = row.place("device");
            fault.at = within_span(row, "at");
            if (row.has("until")) {
                fault.until = story_time(row, "until");
                if (fault.until <= fault.at) row.complain("until", "must be later than \"at\"");
            }
            fault.device = row.name("device");
            read_kind(row, fault);
            read_aim(row, fault);
            row.finish();
            scenario_.faults.push_back(std::move(fault));
        }
        std::stable_sort(scenario_.faults.begin(), scenario_.faults.end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
    }

    void read_expects() {
        for (auto& row : root_.rows("expect")) {
            ExpectPlan expect;
            expect.place = row.place();
            expect.by = row.has("by");
            if (expect.by && row.has("at")) {
                row.complain("by", "an expectation has \"at\" or \"by\", not both");
                (void)row.text_or("at", "");
            }
            expect.at = within_span(row, expect.by ? "by" : "at");
            if (row.has("alarm") == row.has("target")) {
                row.complain("",
                             "an expectation names an alarm with its phase, or a target "
                             "with what it reached");
                (void)row.text_or("alarm", "");
                (void)row.text_or("target", "");
                (void)row.text_or("phase", "");
                (void)row.text_or("reached", "");
            } else if (row.has("alarm")) {
                expect.alarm = row.name("alarm");
                expect.phase = word<Phase>(row, "phase", parse_phase,
                                           "unknown, clear, pending, firing or fading");
            } else {
                expect.target = row.name("target");
                expect.reached = word<Posture>(row, "reached", parse_posture,
                                               "normal, watch, drain, shed or cut");
            }
            row.finish();
            scenario_.expects.push_back(std::move(expect));
        }
    }

    template <class E>
    static E word(Section& row, std::string_view key, std::optional<E> (*parse)(std::string_view),
                  std::string_view choices) {
        const auto text = row.text(key);
        const auto parsed = parse(text);
        if (!parsed && !text.empty()) {
            row.complain(key, fmt::format("\"{}\" is none of {}", text, choices));
        }
        return parsed.value_or(E{});
    }

    static double finite(Section& section, std::string_view key) {
        const double value = section.number(key);
        if (std::isfinite(value)) return value;
        section.complain(key, "not a finite number");
        return 0;
    }

    Section root_;
    Scenario scenario_;
    std::set<std::string> rack_names_;
};

}  // namespace

Scenario parse_scenario(ConfigFile& file) {
    if (!file.parsed()) return {};
    return Reader(file.root()).read();
}

Scenario load_scenario(const std::string& path, Complaints& complaints) {
    auto file = ConfigFile::load(path, complaints);
    return parse_scenario(file);
}

}  // namespace firebreak
