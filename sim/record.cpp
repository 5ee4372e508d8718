#include "sim/record.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "contract/payload.hpp"
#include "contract/topic.hpp"

namespace firebreak {

namespace {

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// "site/agent/alarm" to its last part.
std::string alarm_of(const std::string& because) {
    return because.substr(because.find_last_of('/') + 1);
}

/// Collects what the messages say; they come in the order of their arrival.
class Actions {
public:
    void take(const Topic& topic, std::string_view payload, double minute) {
        if (topic.kind == Kind::event) {
            if (const auto event = parse_event(payload)) note(*event, minute);
        } else if (topic.kind == Kind::posture) {
            if (const auto notice = parse_posture_notice(payload)) note(*notice, minute);
        }
    }

    [[nodiscard]] ActionRecord finish() && {
        const auto fired = fired_.find(asked_by_);
        if (fired != fired_.end()) record_.alarm = AlarmRecord{fired->first, fired->second};
        return std::move(record_);
    }

private:
    void note(const AlarmEvent& event, double minute) {
        if (event.to != Phase::pending && event.to != Phase::firing) return;
        if (!record_.first_sign) record_.first_sign = AlarmRecord{event.alarm, minute};
        if (event.to == Phase::firing) fired_.emplace(event.alarm, minute);
    }

    void note(const PostureNotice& notice, double minute) {
        if (notice.wanted < Posture::drain) return;
        if (asked_by_.empty() && !notice.because.empty()) {
            asked_by_ = alarm_of(notice.because.front());
        }
        if (notice.reached >= Posture::drain) record_.drained.emplace(notice.target, minute);
    }

    ActionRecord record_;
    std::map<std::string, double> fired_;
    std::string asked_by_;
};

}  // namespace

std::vector<std::string_view> split(std::string_view line, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = line.find(separator);
        parts.push_back(line.substr(0, end));
        if (end == std::string_view::npos) return parts;
        line.remove_prefix(end + 1);
    }
}

Result<RoomRecord> read_room(const std::string& path, double speed) {
    std::ifstream in(path);
    if (!in) return fail(Fault::config, "cannot read " + path);
    RoomRecord record;
    bool begun = false;
    for (std::string line; std::getline(in, line);) {
        const auto parts = split(line, ',');
        if (parts.size() < 6) continue;
        const auto unix_ms = number(parts[0]);
        const auto story_s = number(parts[1]);
        if (!unix_ms || !story_s) continue;
        if (!begun) record.clock = {*unix_ms - *story_s * 1000 / speed, speed};
        begun = true;
        if (parts[2] != "rack_off") continue;
        if (parts[4] == "outlet") record.kw_shed += number(parts[5]).value_or(0);
        if (parts[4] == "feed") record.power_cut = *story_s / 60;
    }
    if (!begun) return fail(Fault::config, path + " has no line of the room's log");
    return record;
}

Result<Traffic> read_traffic(const std::string& path, const StoryClock& clock) {
    std::ifstream in(path);
    if (!in) return fail(Fault::config, "cannot read " + path);
    Traffic traffic;
    for (std::string line; std::getline(in, line);) {
        const auto parts = split(line, ',');
        if (parts.size() < 3) continue;
        const auto unix_ms = number(parts[0]);
        if (!unix_ms) continue;
        traffic[std::string(parts[1])].push_back({clock.minute(*unix_ms), parts[2] == "1"});
    }
    for (auto& [service, requests] : traffic) {
        std::sort(requests.begin(), requests.end(),
                  [](const Request& a, const Request& b) { return a.minute < b.minute; });
    }
    return traffic;
}

Result<ActionRecord> read_actions(const std::string& path, const StoryClock& clock) {
    std::ifstream in(path);
    if (!in) return fail(Fault::config, "cannot read " + path);
    Actions actions;
    for (std::string line; std::getline(in, line);) {
        const std::string_view text = line;
        const auto first = text.find(' ');
        if (first == std::string_view::npos) continue;
        const auto second = text.find(' ', first + 1);
        if (second == std::string_view::npos) continue;
        const auto at = number(text.substr(0, first));
        const auto topic = parse_topic(text.substr(first + 1, second - first - 1));
        if (!at || !topic) continue;
        actions.take(*topic, text.substr(second + 1), clock.minute(*at * 1000));
    }
    return std::move(actions).finish();
}

}  // namespace firebreak
