#include "firmware/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "contract/topic.hpp"

namespace firebreak {
namespace {

/// A payload may quote a device: nothing of it may move the cursor.
std::string printable(std::string text) {
    std::replace_if(
        text.begin(), text.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
    return text;
}

/// Six digits: more than any sensor here has, and no tail of binary fractions.
std::string value_text(const ReadingNotice& notice) {
    return notice.value ? fmt::format("{:.6g}", *notice.value) : "-";
}

std::string why_missing(const ReadingNotice& notice) {
    if (notice.value) return "";
    const auto& error = notice.value.error();
    // A text is no number, but nothing is missing.
    if (error.fault == Fault::stale && !notice.label.empty()) return "";
    return fmt::format("{}: {}", to_string(error.fault), error.what);
}

std::string row_text(const std::string& measure, const ReadingNotice& notice,
                     const std::string& age) {
    auto line = fmt::format("  {:<34} {:>12} {:<4} {:<18} {:>6}  {}", measure, value_text(notice),
                            to_string(notice.unit), printable(notice.label), age,
                            printable(why_missing(notice)));
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

std::string alarm_text(const AlarmNotice& notice) {
    auto line = fmt::format("  {:<8} {:<9} {}", to_string(notice.phase), to_string(notice.severity),
                            notice.alarm);
    if (notice.latched) line += ", latched";
    if (notice.acknowledged) line += ", acknowledged";
    if (notice.shelved) line += ", shelved";
    if (notice.silenced && !notice.shelved) line += ", silenced";
    if (!notice.cause.empty()) line += ": " + printable(notice.cause);
    return line + '\n';
}

std::string action_text(const ActionNotice& notice) {
    auto line = fmt::format("  {:<8} {:<9} {}", to_string(notice.wanted),
                            notice.armed ? "armed" : "rehearsed", notice.action);
    if (notice.reached != Switched::unknown) {
        line += fmt::format(", reads back {}", to_string(notice.reached));
    }
    if (!notice.because.empty()) line += fmt::format(", by {}", fmt::join(notice.because, ", "));
    if (!notice.detail.empty()) line += ": " + printable(notice.detail);
    return line + '\n';
}

/// What wants to be read first: active, then pending, then unknown; of these the most severe.
int urgency(const AlarmNotice& notice) {
    const int severity = static_cast<int>(notice.severity);
    if (is_active(notice.phase)) return 300 + severity;
    if (notice.phase == Phase::pending) return 200 + severity;
    if (notice.phase == Phase::unknown) return 100 + severity;
    return severity;
}

/// Whole seconds: tenths would only flicker.
std::string age_text(Duration age) {
    return format_duration(std::chrono::floor<std::chrono::seconds>(age));
}

/// Where the first `columns` characters of a UTF-8 text end.
std::size_t end_of(const std::string& text, std::size_t columns) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (begins && ++characters > columns) return i;
    }
    return text.size();
}

}  // namespace

void Live::take(const Message& message, Instant now) {
    const auto topic = parse_topic(message.topic);
    if (!topic) return;
    if (topic->kind == Kind::reading) {
        if (auto notice = parse_reading(message.payload)) {
            devices_[topic->name].rows.insert_or_assign(topic->measure,
                                                        Row{*std::move(notice), now});
        }
    } else if (topic->kind == Kind::alarm) {
        if (auto notice = parse_alarm(message.payload)) alarms_[topic->name] = *std::move(notice);
    } else if (topic->kind == Kind::action) {
        if (auto notice = parse_action_notice(message.payload)) {
            actions_[topic->name] = *std::move(notice);
        }
    } else if (topic->kind == Kind::status) {
        const auto status = parse_status(message.payload);
        if (!status) return;
        for (const auto& [name, device] : status->devices) {
            devices_[name].status = device;
            devices_[name].known = true;
        }
    }
}

std::string Live::table(Instant now) const {
    std::string text;
    if (!alarms_.empty()) text += "alarms\n";
    std::vector<const AlarmNotice*> alarms;
    for (const auto& [name, notice] : alarms_) alarms.push_back(&notice);
    std::stable_sort(alarms.begin(), alarms.end(),
                     [](const auto* a, const auto* b) { return urgency(*a) > urgency(*b); });
    for (const auto* notice : alarms) text += alarm_text(*notice);
    if (!actions_.empty()) text += "actions: wanted, armed or not, what was read back\n";
    for (const auto& [name, notice] : actions_) text += action_text(notice);
    for (const auto& [name, device] : devices_) {
        text += name;
        if (device.known) {
            const auto& counts = device.status;
            text += fmt::format(": {}, {} reads, {} timeouts, {} corrupt, {} exceptions, {} missed",
                                counts.silent ? "SILENT" : "answers", counts.reads, counts.timeouts,
                                counts.corrupt, counts.exceptions, counts.missed);
        }
        text += '\n';
        for (const auto& [measure, row] : device.rows) {
            text += row_text(measure, row.notice, age_text(now - row.at));
        }
    }
    return text;
}

std::string live_line(const Message& message) {
    const auto topic = parse_topic(message.topic);
    if (!topic) return "";
    if (topic->kind == Kind::reading) {
        const auto notice = parse_reading(message.payload);
        return notice ? topic->name + row_text(topic->measure, *notice, "") : "";
    }
    if (topic->kind == Kind::alarm) {
        const auto notice = parse_alarm(message.payload);
        return notice ? "alarm" + alarm_text(*notice) : "";
    }
    if (topic->kind == Kind::action) {
        const auto notice = parse_action_notice(message.payload);
        return notice ? "action" + action_text(*notice) : "";
    }
    return "";
}

std::string live_json(const Message& message) {
    // A topic is made of names and slashes: nothing in it wants escaping.
    return fmt::format("{{\"topic\":\"{}\",\"payload\":{}}}\n", message.topic, message.payload);
}

std::string fit(const std::string& text, std::size_t columns, std::size_t rows) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        const auto line = text.substr(begin, end - begin);
        lines.push_back(line.substr(0, end_of(line, columns)));
        begin = end + 1;
    }
    if (lines.size() > rows && rows > 0) {
        const auto left_out = lines.size() - rows + 1;
        lines.resize(rows - 1);
        lines.push_back(fmt::format("({} more lines: make the window higher)", left_out));
        lines.back().resize(end_of(lines.back(), columns));
    }
    return fmt::format("{}\n", fmt::join(lines, "\n"));
}

}  // namespace firebreak
