#include "firmware/live.hpp"

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

TEST_CASE("live: a reading stands with value, unit, label and age", "[firmware][live]") {
    Live live;
    live.take(reading("battery.temperature", 23.5, "warm"), start);
    const auto text = live.table(start + 3500ms);
    CHECK(text.find("ups1\n") == 0);
    CHECK(text.find("battery.temperature") != std::string::npos);
    CHECK(text.find("23.5 Cel  warm") != std::string::npos);
    CHECK(text.find(" 3s\n") != std::string::npos);
}

TEST_CASE("live: a missing reading shows why and never a number", "[firmware][live]") {
    Live live;
    live.take(reading("battery.temperature", 23.5), start);
    live.take(reading("battery.temperature", fail(Fault::timeout, "no answer")), start + 1s);
    const auto text = live.table(start + 1s);
    CHECK(text.find("timeout: no answer\n") != std::string::npos);
    CHECK(text.find("23.5") == std::string::npos);
    CHECK(text.find(" - Cel") != std::string::npos);
}

TEST_CASE("live: a text is shown and nothing is said to be missing", "[firmware][live]") {
    Live live;
    live.take(reading("device.serial", fail(Fault::stale, "a text"), "AS12"), start);
    CHECK(live.table(start).find("AS12") != std::string::npos);
    CHECK(live.table(start).find("stale") == std::string::npos);
}

TEST_CASE("live: the alarm that presses most stands first", "[firmware][live]") {
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

TEST_CASE("live: the status tells which device is silent and counts its trouble",
          "[firmware][live]") {
    Live live;
    Status status;
    status.version = "1";
    status.heartbeat_s = 1;
    status.stamp = stamp;
    status.devices["ups1"] = {true, 7, 2, 1, 3};
    live.take({to_string(Topic{agent, Kind::status, "", ""}), to_json(status), true}, start);
    CHECK(live.table(start) == "ups1: SILENT, 7 reads, 2 timeouts, 1 corrupt, 3 exceptions\n");
}

TEST_CASE("live: a label cannot move the cursor", "[firmware][live]") {
    Live live;
    live.take(reading("x", 1.0, "\x1b[2Jgone\r"), start);
    for (const char c : live.table(start)) CHECK((c == '\n' || c >= ' '));
}

TEST_CASE("live: a foreign or broken message changes nothing", "[firmware][live]") {
    Live live;
    live.take({"nothing/of/ours", "{}", false}, start);
    live.take({to_string(Topic{agent, Kind::reading, "ups1", "x"}), "{", false}, start);
    CHECK(live.table(start).empty());
    CHECK(live_line({"nothing/of/ours", "{}", false}).empty());
}

TEST_CASE("live: JSON is the message as the broker would get it", "[firmware][live]") {
    const auto message = reading("x", 1.0);
    CHECK(live_json(message) ==
          "{\"topic\":\"" + message.topic + "\",\"payload\":" + message.payload + "}\n");
}

TEST_CASE("live: a table is cut to the terminal, between characters", "[firmware][live]") {
    CHECK(fit("abcdef\ngh\n", 4, 9) == "abcd\ngh\n");
    CHECK(fit("\xC3\xA4\xC3\xB6\xC3\xBC\n", 2, 9) == "\xC3\xA4\xC3\xB6\n");
    CHECK(fit("a\nb\nc\nd\n", 80, 3) == "a\nb\n(2 more lines: make the window higher)\n");
    CHECK(fit("a\nb\nc\n", 80, 3) == "a\nb\nc\n");
}
