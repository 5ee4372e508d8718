#include "contract/topic.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace firebreak {
namespace {

const Origin agent{"pangyo", Role::agent, "battery-room"};
const Origin host{"seoul", Role::host, "seoul-1"};

/// Whether an MQTT broker would hand `topic` to a subscriber of `pattern` ('+' only).
bool matches(std::string pattern, std::string topic) {
    const auto take = [](std::string& rest) {
        const auto level = rest.substr(0, rest.find('/'));
        rest.erase(0, level.size() + 1);
        return level;
    };
    while (!pattern.empty() && !topic.empty()) {
        const auto wanted = take(pattern);
        const auto level = take(topic);
        if (wanted != "+" && wanted != level) return false;
    }
    return pattern.empty() && topic.empty();
}

const std::vector<std::pair<Topic, std::string>> all = {
    {{agent, Kind::status, "", ""}, "firebreak/1/pangyo/agent/battery-room/status"},
    {{agent, Kind::reading, "ups1", "battery.temperature"},
     "firebreak/1/pangyo/agent/battery-room/reading/ups1/battery.temperature"},
    {{agent, Kind::alarm, "cell-hot", ""}, "firebreak/1/pangyo/agent/battery-room/alarm/cell-hot"},
    {{agent, Kind::ack, "photos", ""}, "firebreak/1/pangyo/agent/battery-room/ack/photos"},
    {{agent, Kind::event, "", ""}, "firebreak/1/pangyo/agent/battery-room/event"},
    {{agent, Kind::flood, "", ""}, "firebreak/1/pangyo/agent/battery-room/flood"},
    {{agent, Kind::operator_request, "cell-hot", ""},
     "firebreak/1/pangyo/agent/battery-room/operator/cell-hot"},
    {{host, Kind::status, "", ""}, "firebreak/1/seoul/host/seoul-1/status"},
    {{host, Kind::posture, "photos", ""}, "firebreak/1/seoul/host/seoul-1/posture/photos"},
    {{host, Kind::command, "photos", ""}, "firebreak/1/seoul/host/seoul-1/command/photos"},
    {{host, Kind::ack, "cell-hot", ""}, "firebreak/1/seoul/host/seoul-1/ack/cell-hot"},
    {{host, Kind::operator_request, "cell-hot", ""},
     "firebreak/1/seoul/host/seoul-1/operator/cell-hot"},
};

}  // namespace

TEST_CASE("topic: every kind is written as specified and read back as itself",
          "[contract][topic]") {
    for (const auto& [topic, text] : all) {
        CHECK(to_string(topic) == text);
        CHECK(parse_topic(text) == topic);
    }
}

TEST_CASE("topic: a longer, shorter or misspelt topic is none", "[contract][topic]") {
    for (const auto& [topic, text] : all) {
        INFO(text);
        CHECK_FALSE(parse_topic(text + "/"));
        CHECK_FALSE(parse_topic(text + "/more"));
        CHECK_FALSE(parse_topic("/" + text));
        CHECK_FALSE(parse_topic(text.substr(0, text.rfind('/'))));
        CHECK_FALSE(parse_topic(text.substr(0, text.rfind('/') + 1)));
        for (std::size_t i = 0; i < text.size(); ++i) {
            auto bad = text;
            bad[i] = '#';
            CHECK_FALSE(parse_topic(bad));
            bad[i] = '\0';
            CHECK_FALSE(parse_topic(bad));
            bad[i] = 'A';  // names are lower-case
            CHECK_FALSE(parse_topic(bad));
        }
    }
    CHECK_FALSE(parse_topic(""));
    CHECK_FALSE(parse_topic(std::string(100'000, '/')));
}

TEST_CASE("topic: another version of the contract is not taken for this one", "[contract][topic]") {
    CHECK_FALSE(parse_topic("firebreak/2/pangyo/agent/battery-room/status"));
    CHECK_FALSE(parse_topic("firebreak/01/pangyo/agent/battery-room/status"));
}

TEST_CASE("topic: a role does not speak of what is the other's", "[contract][topic]") {
    CHECK_FALSE(parse_topic("firebreak/1/pangyo/agent/battery-room/command/photos"));
    CHECK_FALSE(parse_topic("firebreak/1/pangyo/agent/battery-room/posture/photos"));
    CHECK_FALSE(parse_topic("firebreak/1/seoul/host/seoul-1/alarm/cell-hot"));
    CHECK_FALSE(parse_topic("firebreak/1/seoul/host/seoul-1/reading/ups1/ups.load"));
    CHECK_FALSE(parse_topic("firebreak/1/seoul/room/seoul-1/status"));
}

TEST_CASE("topic: a name longer than 64 characters is none", "[contract][topic]") {
    const std::string start = "firebreak/1/pangyo/agent/battery-room/alarm/";
    CHECK(parse_topic(start + std::string(64, 'a')));
    CHECK_FALSE(parse_topic(start + std::string(65, 'a')));
}

TEST_CASE("topic: a filter catches its kind from its senders and nothing else",
          "[contract][topic]") {
    for (const auto& [topic, text] : all) {
        for (const auto& [other, other_text] : all) {
            const auto pattern = filter("+", topic.origin.role, "+", topic.kind);
            const bool same = other.kind == topic.kind && other.origin.role == topic.origin.role;
            INFO(pattern << " on " << other_text);
            CHECK(matches(pattern, other_text) == same);
        }
    }
    CHECK(filter("pangyo", Role::agent, "+", Kind::reading) ==
          "firebreak/1/pangyo/agent/+/reading/+/+");
    CHECK(filter("+", Role::host, "seoul-1", Kind::command) ==
          "firebreak/1/+/host/seoul-1/command/+");
}

TEST_CASE("topic: an alarm is named by site, agent and alarm", "[contract][topic]") {
    CHECK(alarm_name(agent, "cell-hot") == "pangyo/battery-room/cell-hot");
}

}  // namespace firebreak
