#include "contract/view/live.hpp"

#include "contract/topic.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Origin agent{"site1", Role::agent, "room1"};
const Instant start{};
const Stamp stamp{"0123456789abcdef", 1, {}};

Message reading(const std::string& measure, Result<double> value, const std::string& label = "") {
    const ReadingNotice notice{std::move(value), label, Unit::celsius, stamp};
    return {to_string(Topic{agent, Kind::reading, "ups1", measure}), to_json(notice), true};
}

Message alarm(const std::string& name, Phase phase, Severity severity) {
    AlarmNotice notice;
    notice.alarm = name;
    notice.phase = phase;
    notice.severity = severity;
    notice.cause = "because";
    notice.stamp = stamp;
    return {to_string(Topic{agent, Kind::alarm, name, ""}), to_json(notice), true};
}

}  // namespace

TEST_CASE("live: a reading stands with value, unit, label and age", "[contract][live]") {
    Live live;
    live.take(reading("battery.temperature", 23.5, "warm"), start);
    const auto text = live.table(start + 3500ms);
    CHECK(text.find("ups1\n") == 0);
    CHECK(text.find("battery.temperature") != std::string::npos);
    CHECK(text.find("23.5 Cel  warm") != std::string::npos);
    CHECK(text.find(" 3s\n") != std::string::npos);
}

TEST_CASE("live: a missing reading shows why and never a number", "[contract][live]") {
    Live live;
    live.take(reading("battery.temperature", 23.5), start);
    live.take(reading("battery.temperature", fail(Fault::timeout, "no answer")), start + 1s);
    const auto text = live.table(start + 1s);
    CHECK(text.find("timeout: no answer\n") != std::string::npos);
    CHECK(text.find("23.5") == std::string::npos);
    CHECK(text.find(" - Cel") != std::string::npos);
}

TEST_CASE("live: a text is shown and nothing is said to be missing", "[contract][live]") {
    Live live;
    live.take(reading("device.serial", fail(Fault::stale, "a text"), "AS12"), start);
    CHECK(live.table(start).find("AS12") != std::string::npos);
    CHECK(live.table(start).find("stale") == std::string::npos);
}

TEST_CASE("live: the alarm that presses most stands first", "[contract][live]") {
    Live live;
    live.take(alarm("a-clear", Phase::clear, Severity::critical), start);
    live.take(alarm("b-pending", Phase::pending, Severity::critical), start);
    live.take(alarm("c-low", Phase::firing, Severity::low), start);
    live.take(alarm("d-high", Phase::firing, Severity::high), start);
    const auto text = live.table(start);
    const auto at = [&](const char* name) { return text.find(name); };
    CHECK(at("d-high") < at("c-low"));
    CHECK(at("c-low") < at("b-pending"));
    CHECK(at("b-pending") < at("a-clear"));
    CHECK(text.find("d-high: because") != std::string::npos);
}

TEST_CASE("live: an action that is not armed stands as rehearsed, with who asks for it",
          "[contract][live]") {
    Live live;
    ActionNotice notice;
    notice.action = "horn";
    notice.wanted = Switched::on;
    notice.because = {"gas"};
    notice.stamp = stamp;
    const Message message{to_string(Topic{agent, Kind::action, "horn", ""}), to_json(notice), true};
    live.take(message, start);
    CHECK(live.table(start).find("on       rehearsed horn, by gas") != std::string::npos);
    CHECK(live_line(message) == "action  on       rehearsed horn, by gas\n");
}

TEST_CASE("live: the status tells which device is silent and counts its trouble",
          "[contract][live]") {
    Live live;
    Status status;
    status.version = "1";
    status.heartbeat_s = 1;
    status.stamp = stamp;
    status.devices["ups1"] = {true, 7, 2, 1, 3, 4};
    live.take({to_string(Topic{agent, Kind::status, "", ""}), to_json(status), true}, start);
    CHECK(live.table(start) ==
          "ups1: SILENT, 7 reads, 2 timeouts, 1 corrupt, 3 exceptions, 4 missed\n");
}

TEST_CASE("live: a label cannot move the cursor", "[contract][live]") {
    Live live;
    live.take(reading("x", 1.0, "\x1b[2Jgone\r"), start);
    for (const char c : live.table(start)) CHECK((c == '\n' || c >= ' '));
}

TEST_CASE("live: a foreign or broken message changes nothing", "[contract][live]") {
    Live live;
    live.take({"nothing/of/ours", "{}", false}, start);
    live.take({to_string(Topic{agent, Kind::reading, "ups1", "x"}), "{", false}, start);
    CHECK(live.table(start).empty());
    CHECK(live_line({"nothing/of/ours", "{}", false}).empty());
}

TEST_CASE("live: JSON is the message as the broker would get it", "[contract][live]") {
    const auto message = reading("x", 1.0);
    CHECK(live_json(message) ==
          "{\"topic\":\"" + message.topic + "\",\"payload\":" + message.payload + "}\n");
}

TEST_CASE("live: a table is cut to the terminal, between characters", "[contract][live]") {
    CHECK(fit("abcdef\ngh\n", 4, 9) == "abcd\ngh\n");
    CHECK(fit("\xC3\xA4\xC3\xB6\xC3\xBC\n", 2, 9) == "\xC3\xA4\xC3\xB6\n");
    CHECK(fit("a\nb\nc\nd\n", 80, 3) == "a\nb\n(2 more lines: make the window higher)\n");
    CHECK(fit("a\nb\nc\n", 80, 3) == "a\nb\nc\n");
}

namespace {

const Origin other{"site2", Role::agent, "room2"};
const Origin host{"site3", Role::host, "host1"};

Message status_of(const Origin& origin, bool online) {
    Status status;
    status.online = online;
    status.version = "1.0";
    status.heartbeat_s = 5;
    status.stamp = stamp;
    return {to_string(Topic{origin, Kind::status, "", ""}), to_json(status), true};
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("live: with several senders each thing bears the name of its own", "[contract][live]") {
    Live live;
    live.take(alarm("hot", Phase::firing, Severity::high), start);
    live.take(status_of(agent, true), start);
    live.take(status_of(other, true), start);
    const auto text = live.table(start + 1s);
    CHECK(says(text, "site1/room1/hot"));
    CHECK(says(text, "online   agent site2/room2"));
}

TEST_CASE(
    "live: an agent that is not heard any more is silent, and so is what its alarms are worth",
    "[contract][live]") {
    Live live;
    live.take(alarm("hot", Phase::clear, Severity::high), start);
    live.take(status_of(agent, true), start);
    live.take(status_of(other, false), start);
    CHECK_FALSE(says(live.table(start + 15s), "SILENT"));
    const auto text = live.table(start + 16s);
    CHECK(says(text, "SILENT   agent site1/room1"));
    CHECK(says(text, "site1/room1/hot (its agent is SILENT)"));
    CHECK(says(text, "OFFLINE  agent site2/room2"));
}

TEST_CASE("live: a target stands with what is wanted, why, and what holds it back",
          "[contract][live]") {
    PostureNotice notice;
    notice.target = "videos";
    notice.wanted = Posture::drain;
    notice.because = {"site1/room1/hot", "site1/room1/smoke"};
    notice.held = {"web-1"};
    notice.blocked = "too few\x1b[2J ready";
    notice.stamp = stamp;
    const Message message{to_string(Topic{host, Kind::posture, "videos", ""}), to_json(notice),
                          true};
    Live live;
    live.take(message, start);
    const auto text = live.table(start);
    CHECK(says(text,
               "drain    rehearsed videos, reads back normal, because site1/room1/hot and 1 "
               "more, holds 1 down: too few"));
    CHECK_FALSE(says(text, "\x1b"));
    CHECK(says(live_line(message), "drain    rehearsed videos"));
}

TEST_CASE("live: what is said late of a time without a link changes nothing", "[contract][live]") {
    Live live;
    live.take(reading("battery.temperature", 23.5), start);
    ReadingNotice late{20.0, "", Unit::celsius, stamp, true};
    live.take({to_string(Topic{agent, Kind::reading, "ups1", "battery.temperature"}), to_json(late),
               false},
              start);
    CHECK(says(live.table(start), "23.5 Cel"));
}

TEST_CASE("live: a broker that never ends cannot fill the memory", "[contract][live]") {
    Live live;
    for (std::size_t i = 0; i < Live::most + 10; ++i) {
        const Origin many{"s" + std::to_string(i), Role::agent, "a"};
        live.take({to_string(Topic{many, Kind::event, "", ""}), "{}", false}, start);
    }
    CHECK(says(live.table(start), "the rest is left out"));
}
