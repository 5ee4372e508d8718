#include "contract/view/live.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

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

std::string alarm_text(const AlarmNotice& notice, const std::string& name) {
    auto line =
        fmt::format("  {:<8} {:<9} {}", to_string(notice.phase), to_string(notice.severity), name);
    if (notice.latched) line += ", latched";
    if (notice.acknowledged) line += ", acknowledged";
    if (notice.shelved) line += ", shelved";
    if (notice.silenced && !notice.shelved) line += ", silenced";
    if (!notice.cause.empty()) line += ": " + printable(notice.cause);
    return line + '\n';
}

std::string target_text(const PostureNotice& notice, const std::string& name) {
    auto line = fmt::format("  {:<8} {:<9} {}, reads back {}", to_string(notice.wanted),
                            notice.armed ? "armed" : "rehearsed", name, to_string(notice.reached));
    if (!notice.because.empty()) {
        line += fmt::format(", because {}", printable(notice.because.front()));
        const auto more = notice.because.size() - 1;
        if (more > 0) line += fmt::format(" and {} more", more);
    }
    if (!notice.held.empty()) line += fmt::format(", holds {} down", notice.held.size());
    if (!notice.blocked.empty()) line += ": " + printable(notice.blocked);
    return line + '\n';
}

std::string action_text(const ActionNotice& notice, const std::string& name) {
    auto line = fmt::format("  {:<8} {:<9} {}", to_string(notice.wanted),
                            notice.armed ? "armed" : "rehearsed", name);
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

template <class Map, class Key>
auto* Live::room(Map& map, const Key& key) {
    auto found = map.find(key);
    if (found == map.end()) {
        if (things_ >= most) {
            ++left_out_;
            return static_cast<typename Map::mapped_type*>(nullptr);
        }
        ++things_;
        found = map.emplace(key, typename Map::mapped_type{}).first;
    }
    return &found->second;
}

void Live::take(const Message& message, Instant now) {
    const auto topic = parse_topic(message.topic);
    if (!topic) return;
    const Name name{topic->origin, topic->name};
    const auto put = [&](auto& map, auto notice) {
        if (!notice) return;
        if (auto* place = room(map, name)) *place = *std::move(notice);
    };
    if (topic->kind == Kind::reading) {
        auto notice = parse_reading(message.payload);
        if (!notice || notice->historical) return;
        auto* device = room(devices_, name);
        auto* row = device == nullptr ? nullptr : room(device->rows, topic->measure);
        if (row != nullptr) *row = {*std::move(notice), now};
    } else if (topic->kind == Kind::alarm) {
        put(alarms_, parse_alarm(message.payload));
    } else if (topic->kind == Kind::action) {
        put(actions_, parse_action_notice(message.payload));
    } else if (topic->kind == Kind::posture) {
        put(targets_, parse_posture_notice(message.payload));
    } else if (topic->kind == Kind::status) {
        if (const auto status = parse_status(message.payload)) {
            take_status(topic->origin, *status, now);
        }
    }
    static_cast<void>(room(senders_, topic->origin));
}

void Live::take_status(const Origin& sender, const Status& status, Instant now) {
    if (auto* place = room(senders_, sender)) *place = {status, now, true};
    for (const auto& [name, counts] : status.devices) {
        auto* device = room(devices_, Name{sender, name});
        if (device == nullptr) return;
        device->status = counts;
        device->known = true;
    }
}

bool Live::is_crowd() const {
    return senders_.size() > 1;
}

std::string Live::shown(const Name& name) const {
    if (!is_crowd()) return name.second;
    return fmt::format("{}/{}/{}", name.first.site, name.first.id, name.second);
}

/// Within three of its heartbeats, as the contract counts silence.
bool Live::is_heard(const Origin& origin, Instant now) const {
    const auto found = senders_.find(origin);
    if (found == senders_.end() || !found->second.known) return true;  // it has not had its turn
    const auto& [status, at, known] = found->second;
    return status.online && seconds(now - at) <= 3 * status.heartbeat_s;
}

std::string Live::alarms(Instant now) const {
    std::string text;
    std::vector<const std::pair<const Name, AlarmNotice>*> sorted;
    for (const auto& each : alarms_) sorted.push_back(&each);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return urgency(a->second) > urgency(b->second);
    });
    for (const auto* each : sorted) {
        auto name = shown(each->first);
        if (!is_heard(each->first.first, now)) name += " (its agent is SILENT)";
        text += alarm_text(each->second, name);
    }
    return text;
}

std::string Live::targets() const {
    std::string text;
    if (!targets_.empty()) text += "targets: wanted, armed or not, what was read back\n";
    for (const auto& [name, notice] : targets_) text += target_text(notice, shown(name));
    if (!actions_.empty()) text += "actions: wanted, armed or not, what was read back\n";
    for (const auto& [name, notice] : actions_) text += action_text(notice, shown(name));
    return text;
}

std::string Live::senders(Instant now) const {
    if (!is_crowd()) return "";
    std::string text = "agents and hosts\n";
    for (const auto& [origin, sender] : senders_) {
        text += fmt::format("  {:<8} {:<5} {}/{}",
                            !sender.known           ? "unknown"
                            : !sender.status.online ? "OFFLINE"
                            : is_heard(origin, now) ? "online"
                                                    : "SILENT",
                            origin.role == Role::agent ? "agent" : "host", origin.site, origin.id);
        if (sender.known) {
            text += fmt::format(", {}, said {} ago", sender.status.armed ? "armed" : "rehearses",
                                age_text(now - sender.at));
        }
        text += '\n';
    }
    return text;
}

std::string Live::devices(Instant now) const {
    std::string text;
    for (const auto& [name, device] : devices_) {
        text += shown(name);
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

std::string Live::table(Instant now) const {
    std::string text;
    if (!alarms_.empty()) text += "alarms\n";
    text += alarms(now) + targets() + senders(now) + devices(now);
    if (left_out_ > 0) text += fmt::format("(more than {} things: the rest is left out)\n", most);
    return text;
}

std::string live_line(const Message& message) {
    const auto topic = parse_topic(message.topic);
    if (!topic) return "";
    const auto& name = topic->name;
    if (topic->kind == Kind::reading) {
        const auto notice = parse_reading(message.payload);
        return notice ? name + row_text(topic->measure, *notice, "") : "";
    }
    if (topic->kind == Kind::alarm) {
        const auto notice = parse_alarm(message.payload);
        return notice ? "alarm" + alarm_text(*notice, name) : "";
    }
    if (topic->kind == Kind::action) {
        const auto notice = parse_action_notice(message.payload);
        return notice ? "action" + action_text(*notice, name) : "";
    }
    if (topic->kind == Kind::posture) {
        const auto notice = parse_posture_notice(message.payload);
        return notice ? "target" + target_text(*notice, name) : "";
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
