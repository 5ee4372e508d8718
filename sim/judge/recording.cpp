#include "sim/judge/recording.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace firebreak {

namespace {

constexpr double runaway_rate = 10;   ///< Cel/s
constexpr double runaway_least = 80;  ///< Cel: a cold sensor that jumps is broken

std::string_view trimmed(std::string_view text) {
    const auto spare = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
    while (!text.empty() && spare(text.front())) text.remove_prefix(1);
    while (!text.empty() && spare(text.back())) text.remove_suffix(1);
    return text;
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::vector<std::string_view> cells_of(std::string_view line) {
    std::vector<std::string_view> cells;
    for (std::size_t from = 0;;) {
        const auto comma = line.find(',', from);
        cells.push_back(trimmed(line.substr(from, comma - from)));
        if (comma == std::string_view::npos) return cells;
        from = comma + 1;
    }
}

struct Column {
    std::optional<std::size_t> seat;
    bool heat = false;
    std::optional<double> last;  ///< of the reading before
    double last_at = 0;
    int fast = 0;  ///< rises of runaway speed in a row
    int hot60 = 0, hot80 = 0;
};

/// Two readings in a row, so that a spike of a broken thermocouple is not what happened.
void look(Column& column, double value, double at, RoomOutcome& room) {
    const auto twice = [&](int& row, bool met, std::optional<double>& when) {
        row = met ? row + 1 : 0;
        if (row == 2 && !when) when = at;
    };
    const bool rises = column.last && value > runaway_least &&
                       value - *column.last >= runaway_rate * (at - column.last_at);
    twice(column.fast, rises, room.runaway);
    twice(column.hot60, value >= 60, room.hot60);
    twice(column.hot80, value >= 80, room.hot80);
    column.last = value;
    column.last_at = at;
}

class Player {
public:
    Player(const SitePlan& site, const RecordingPlan& plan)
        : plan_(plan), cells_(cell_points(site)), detectors_(site) {}

    /// False: there is no column of time.
    bool head(std::string_view line, const std::string& name, Complaints& complaints) {
        std::size_t heat = 0;
        for (const auto cell : cells_of(line)) {
            const std::string title(cell);
            if (title == "t_s" && !time_) time_ = columns_.size();
            columns_.push_back(column(title, heat));
            if (!columns_.back().seat && title != "t_s") outcome.unused.push_back(title);
        }
        if (!time_) complaints.add({name, 1, 1}, "no column t_s: name the seconds' column so");
        if (heat > cells_.size())
            complaints.add({name, 1, 1},
                           fmt::format("{} columns of cell temperatures, but the site has {} "
                                       "cells: give it more devices",
                                       heat, cells_.size()));
        return time_ && heat <= cells_.size();
    }

    void row(std::string_view line) {
        const auto cells = cells_of(line);
        const auto at = *time_ < cells.size() ? number(cells[*time_]) : std::nullopt;
        if (!at) {
            ++outcome.nonsense;
            return;
        }
        if (!first_) first_ = *at;
        const double now = *at - *first_;
        // A week without a row is a clock that jumped, not a recording.
        if (outcome.rows > 0 && (now <= now_ || now > now_ + 7 * 86400)) {
            ++outcome.backwards;
            return;
        }
        if (outcome.rows > 0) outcome.room.sensor_hours += (now - now_) / 3600 * heated_;
        now_ = now;
        ++outcome.rows;
        for (std::size_t i = 0; i < columns_.size(); ++i) take(i, cells);
        detectors_.judge(now);
    }

    RecordingOutcome finish() {
        outcome.room.firings = detectors_.firings();
        if (outcome.room.runaway || outcome.room.hot80) outcome.room.watts = 1;
        return std::move(outcome);
    }

private:
    Column column(const std::string& title, std::size_t& heat) {
        Column made;
        for (const auto& [name, point] : plan_.map) {
            if (name != title) continue;
            made.seat = detectors_.seat(point);
            made.heat = point.measure.find("temperature") != std::string::npos;
        }
        if (made.seat) return made;
        if (const auto slash = title.find('/'); slash != std::string::npos) {
            const PointId point{title.substr(0, slash), title.substr(slash + 1)};
            made.seat = detectors_.seat(point);
            made.heat = point.measure.find("temperature") != std::string::npos;
        } else if (title.rfind(plan_.cells, 0) == 0) {
            if (heat < cells_.size()) made.seat = detectors_.seat(cells_[heat]);
            made.heat = true;
            ++heat;
        }
        if (made.heat) heated_ += 1;
        return made;
    }

    void take(std::size_t i, const std::vector<std::string_view>& cells) {
        auto& column = columns_[i];
        if (!column.seat) return;
        const auto text = i < cells.size() ? cells[i] : std::string_view{};
        const auto value = number(text);
        if (!value && !text.empty()) ++outcome.nonsense;
        detectors_.hear(*column.seat, value, now_);
        if (value && column.heat) look(column, *value, now_, outcome.room);
    }

    const RecordingPlan& plan_;
    std::vector<PointId> cells_;
    Detectors detectors_;
    std::vector<Column> columns_;
    std::optional<std::size_t> time_;
    std::optional<double> first_;
    double now_ = 0;
    double heated_ = 0;

public:
    RecordingOutcome outcome;
};

}  // namespace

RecordingOutcome play_recording(std::istream& csv, const std::string& name, const SitePlan& site,
                                const RecordingPlan& plan, Complaints& complaints) {
    Player player(site, plan);
    std::string line;
    if (!std::getline(csv, line)) {
        complaints.add({name, 1, 1}, "empty: the first line names the columns");
        return {};
    }
    std::string_view head = line;
    if (head.rfind("\xEF\xBB\xBF", 0) == 0) head.remove_prefix(3);
    if (!player.head(head, name, complaints)) return {};
    while (std::getline(csv, line))
        if (!trimmed(line).empty()) player.row(line);
    return player.finish();
}

}  // namespace firebreak
