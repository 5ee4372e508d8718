#include "host/actuate/haproxy_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "host/actuate/marks.hpp"

namespace firebreak {
namespace {

// enum srv_admin, include/haproxy/server-t.h
constexpr unsigned forced_maint = 0x01;
constexpr unsigned inherited_maint = 0x02;
constexpr unsigned configured_maint = 0x04;
constexpr unsigned forced_drain = 0x08;
constexpr unsigned inherited_drain = 0x10;
constexpr unsigned unresolved_maint = 0x20;
constexpr unsigned any_maint = forced_maint | inherited_maint | unresolved_maint;
constexpr unsigned any_drain = forced_drain | inherited_drain;

// enum srv_state: stopped 0, starting 1, running 2, stopping 3 (a health check asks for no more)
constexpr unsigned starting = 1;
constexpr unsigned running = 2;

/// In place of what `words` held: a table of thousands of rows has room in one.
void split(std::string_view line, std::vector<std::string_view>& words) {
    words.clear();
    while (!line.empty()) {
        const auto begin = line.find_first_not_of(" \t\r");
        if (begin == std::string_view::npos) break;
        line.remove_prefix(begin);
        const auto end = std::min(line.find_first_of(" \t\r"), line.size());
        words.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    split(line, words);
    return words;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    lines.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::optional<unsigned> number(std::string_view word) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
}

std::string quoted(std::string_view text) {
    constexpr std::size_t most = 160;  // for people; HAProxy's help text runs on for a page
    return std::string(text.substr(0, most));
}

/// Where the columns stand is the header's business: later versions add some.
struct Columns {
    std::optional<std::size_t> backend, server, operational, admin, weight;

    explicit Columns(const std::vector<std::string_view>& header) {
        const auto at = [&](std::string_view name) -> std::optional<std::size_t> {
            const auto found = std::find(header.begin(), header.end(), name);
            if (found == header.end()) return std::nullopt;
            return static_cast<std::size_t>(found - header.begin()) - 1;  // the "#" is no column
        };
        backend = at("be_name");
        server = at("srv_name");
        operational = at("srv_op_state");
        admin = at("srv_admin_state");
        weight = at("srv_uweight");
    }
    [[nodiscard]] bool complete() const {
        return backend && server && operational && admin && weight;
    }
    [[nodiscard]] std::size_t least_words() const {
        return std::max({*backend, *server, *operational, *admin, *weight}) + 1;
    }
};

std::string state_of(const HaproxyServer& server, bool by_weight) {
    // CMAINT only says that the file asked for maintenance at start: "ready" lifts FMAINT and
    // leaves CMAINT standing (seen on 2.6.12: 5 before, 4 after, and running).
    static_assert((any_maint & configured_maint) == 0);
    if ((server.admin & forced_maint) != 0) return "maint";
    if (server.weight == 0 && by_weight) return "drain";
    // A drain outlasts what HAProxy itself takes a server out for: a lost address, a tracked one.
    // Where weights drain, it is somebody else's.
    if ((server.admin & any_drain) != 0) {
        return marked_state("drain", by_weight ? Whose::others : Whose::ours);
    }
    if ((server.admin & any_maint) != 0) return "maint";
    // Weight 0 takes no new traffic either, but is nobody's drain: it is just not ready.
    const bool up = server.operational == starting || server.operational == running;
    return up && server.weight > 0 ? "ready" : "down";
}

bool is_header(std::string_view line) {
    return line.starts_with("# be_id ");
}

}  // namespace

std::vector<std::string> settings_of(const std::vector<Step>& steps) {
    std::vector<std::string> settings;
    settings.reserve(steps.size());
    for (const auto& step : steps) settings.push_back(step.item + " state " + step.action);
    return settings;
}

std::optional<std::vector<std::string>> weight_settings_of(const Step& step,
                                                           const HaproxyServer& server,
                                                           std::optional<unsigned> before) {
    if (step.action == "maint") return settings_of({step});
    std::vector<std::string> settings;
    const bool in_maint = (server.admin & forced_maint) != 0;
    // A person was faster: what is in maintenance carries nothing.
    if (in_maint && step.from == 0) return settings;
    // The weight first: what leaves maintenance must not get traffic in between.
    if (step.action == "drain" && server.weight > 0) settings.push_back(step.item + " weight 0");
    if (step.action == "ready" && server.weight == 0) {
        if (!before) return std::nullopt;
        settings.push_back(fmt::format("{} weight {}", step.item, *before));
    }
    // Only out of maintenance: an admin drain is none of ours.
    if (in_maint) settings.push_back(step.item + " state ready");
    return settings;
}

std::optional<unsigned> weight_behind(std::string_view state) {
    const auto at = state.find('@');
    if (at == std::string_view::npos) return std::nullopt;
    constexpr unsigned most = 256;  // SRV_UWGHT_MAX
    const auto weight = number(state.substr(at + 1));
    return weight && *weight > 0 && *weight <= most ? weight : std::nullopt;
}

std::vector<std::string> command_lines(const std::string& backend,
                                       const std::vector<std::string>& settings) {
    const std::string show = "show servers state " + backend;
    const std::string set = "set server " + backend + '/';
    std::vector<std::string> lines(1);
    // Between commands only: one that is empty is answered with the help text, a refusal.
    const auto part = [&lines] {
        if (!lines.back().empty()) lines.back() += ';';
    };
    for (const auto& setting : settings) {
        if (lines.back().size() + set.size() + setting.size() + show.size() + 2 > max_line_bytes) {
            lines.emplace_back();
        }
        part();
        lines.back().append(set).append(setting);
    }
    part();
    lines.back() += show;
    return lines;
}

Result<void> parse_set_answer(std::string_view answer) {
    for (const auto line : lines_of(answer)) {
        if (is_blank(line)) continue;  // success is an empty line
        return fail(Fault::refused, quoted(line));
    }
    return {};
}

Result<HaproxyServers> parse_servers(std::string_view answer, std::string_view backend) {
    const auto lines = lines_of(answer);
    const auto header = std::find_if(lines.begin(), lines.end(), is_header);
    // Before the table: an empty line for each command done, complaints, the version number.
    auto table = header;
    if (table != lines.begin() && header != lines.end()) --table;
    for (auto line = lines.begin(); line != table; ++line) {
        if (!is_blank(*line)) return fail(Fault::refused, quoted(*line));
    }
    if (header == lines.end()) return fail(Fault::corrupt, "no server table in the answer");
    if (table == header || !number(*table)) return fail(Fault::corrupt, "no table version");
    // The table ends with an empty line; without it the answer was cut.
    if (!answer.ends_with("\n\n")) return fail(Fault::corrupt, "the server table is cut short");

    const Columns columns(words_of(*header));
    if (!columns.complete()) return fail(Fault::corrupt, "the server table lacks a column");
    HaproxyServers servers;
    std::vector<std::string_view> words;
    for (auto line = header + 1; line != lines.end(); ++line) {
        split(*line, words);
        if (words.empty()) continue;
        if (words.size() < columns.least_words()) {
            return fail(Fault::corrupt, "a short row in the server table: " + quoted(*line));
        }
        if (words[*columns.backend] != backend) {
            return fail(Fault::corrupt, "a row of another backend: " + quoted(*line));
        }
        const auto operational = number(words[*columns.operational]);
        const auto admin = number(words[*columns.admin]);
        const auto weight = number(words[*columns.weight]);
        if (!operational || !admin || !weight) {
            return fail(Fault::corrupt, "not a number in the server table: " + quoted(*line));
        }
        servers[std::string(words[*columns.server])] = {*operational, *admin, *weight};
    }
    return servers;
}

ItemStates states_of(const HaproxyServers& servers, bool by_weight) {
    ItemStates states;
    for (const auto& [name, server] : servers) {
        states.emplace_hint(states.end(), name, state_of(server, by_weight));
    }
    return states;
}

}  // namespace firebreak
