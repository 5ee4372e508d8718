#include "host/actuate/haproxy_stat.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace firebreak {
namespace {

/// Cells of one line of CSV; quotes are only about those that hold words for people.
std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> cells;
    std::size_t begin = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= line.size(); ++i) {
        if (i < line.size() && line[i] == '"') quoted = !quoted;
        if (i < line.size() && (line[i] != ',' || quoted)) continue;
        cells.push_back(line.substr(begin, i - begin));
        begin = i + 1;
    }
    return cells;
}

/// An empty cell counts nothing: in mode tcp there are no answers by their code.
std::optional<std::uint64_t> count(std::string_view cell) {
    if (cell.empty()) return 0;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (error != std::errc{} || end != cell.data() + cell.size()) return std::nullopt;
    return value;
}

/// The table's columns by name: later versions add some.
class StatTable {
public:
    explicit StatTable(std::string_view header) : names_(cells_of(header)) {}

    [[nodiscard]] bool has(std::string_view name) const { return place(name) < names_.size(); }
    /// One row from here on; false when it is too short.
    bool take(std::string_view row) {
        cells_ = cells_of(row);
        good_ = cells_.size() >= names_.size() - 1;  // the header ends with a comma
        return good_;
    }
    std::string_view text(std::string_view name) {
        const auto at = place(name);
        good_ = good_ && at < cells_.size();
        return good_ ? cells_[at] : std::string_view{};
    }
    std::uint64_t number(std::string_view name) {
        const auto value = count(text(name));
        good_ = good_ && value;
        return value.value_or(0);
    }
    [[nodiscard]] bool good() const { return good_; }

private:
    [[nodiscard]] std::size_t place(std::string_view name) const {
        return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) -
                                        names_.begin());
    }

    std::vector<std::string_view> names_, cells_;
    bool good_ = false;
};

ServerCounters counters_of(StatTable& row) {
    ServerCounters out;
    out.waiting = row.number("qcur");
    const auto failed = row.number("econ") + row.number("eresp");
    const auto wrong = row.number("hrsp_5xx");
    std::uint64_t answers = wrong;
    for (const auto* name : {"hrsp_1xx", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_other"}) {
        answers += row.number(name);
    }
    // In mode tcp nobody counts answers: sessions are what was tried.
    out.tries = row.text("mode") == "http" ? answers + failed : row.number("stot");
    out.failures = failed + wrong;
    return out;
}

}  // namespace

std::string stat_line(const std::string& backend) {
    constexpr int backends_and_servers = 2 + 4;
    return "show stat " + backend + ' ' + std::to_string(backends_and_servers) + " -1";
}

Result<BackendCounters> parse_stat(std::string_view answer, std::string_view backend) {
    constexpr std::string_view mark = "# ";
    constexpr std::size_t longest_told = 160;
    if (!answer.starts_with(mark)) {
        return fail(Fault::refused, std::string(answer.substr(0, longest_told)));
    }
    // The table ends with an empty line; without it the answer was cut.
    if (!answer.ends_with("\n\n")) return fail(Fault::corrupt, "the counters are cut short");
    answer.remove_prefix(mark.size());
    const auto header = answer.substr(0, answer.find('\n'));
    StatTable table(header);
    for (const auto* name : {"pxname", "svname", "qcur", "stot", "econ", "eresp", "hrsp_5xx"}) {
        if (!table.has(name)) return fail(Fault::corrupt, "the counters lack a column");
    }
    answer.remove_prefix(header.size() + 1);
    BackendCounters out;
    bool whole = false;  // the backend's own row is there
    while (answer.size() > 1) {
        const auto row = answer.substr(0, answer.find('\n'));
        answer.remove_prefix(row.size() + 1);
        const bool fits = table.take(row);
        if (!fits || table.text("pxname") != backend) {
            return fail(Fault::corrupt, "a row of the counters is not what was asked for");
        }
        const auto name = std::string(table.text("svname"));
        const auto counters = counters_of(table);
        if (!table.good()) return fail(Fault::corrupt, "not a number in the counters");
        if (name == "BACKEND") {
            out.waiting = counters.waiting;
            whole = true;
        } else {
            out.servers[name] = counters;
        }
    }
    if (!whole) return fail(Fault::corrupt, "the counters lack the backend's row");
    return out;
}

Feedback feedback_between(const BackendCounters& before, const BackendCounters& now,
                          Duration period, const std::set<std::string>& receivers) {
    Feedback out;
    out.waiting = now.waiting;
    out.period = period;
    for (const auto& [name, server] : now.servers) {
        const auto was = before.servers.find(name);
        const bool anew = was != before.servers.end() && (server.tries < was->second.tries ||
                                                          server.failures < was->second.failures);
        if (anew) out.period = Duration::zero();
        if (!receivers.contains(name)) continue;
        out.waiting += server.waiting;
        if (was == before.servers.end() || anew) continue;
        out.tries += server.tries - was->second.tries;
        out.failures += server.failures - was->second.failures;
    }
    if (out.period == Duration::zero()) out.tries = out.failures = 0;
    return out;
}

}  // namespace firebreak
