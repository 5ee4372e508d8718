#include "contract/payload.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include "tests/catch.hpp"

namespace firebreak {
namespace {

/// Reads a payload and writes it again, or says what is wrong with it.
using Echo = std::function<Result<std::string>(std::string_view)>;

template <class T>
Echo echo(Result<T> (*parse)(std::string_view)) {
    return [parse](std::string_view json) {
        return parse(json).map([](const T& message) { return to_json(message); });
    };
}

const std::map<std::string, Echo> kinds = {
    {"reading", echo(parse_reading)},
    {"alarm", echo(parse_alarm)},
    {"event", echo(parse_event)},
    {"status", echo(parse_status)},
    {"command", echo(parse_command)},
    {"posture", echo(parse_posture_notice)},
    {"ack", echo(parse_ack)},
    {"operator", echo(parse_operator_request)},
    {"action", echo(parse_action_notice)},
    {"flood", echo(parse_flood)},
};

/// Kind and text of every golden message; "reading-missing.json" is a reading.
std::vector<std::pair<std::string, std::string>> examples() {
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& file :
         std::filesystem::directory_iterator(FIREBREAK_SOURCE_DIR "/contract/examples")) {
        std::ifstream in(file.path());
        std::string line;
        std::getline(in, line);
        const auto name = file.path().stem().string();
        out.emplace_back(name.substr(0, name.find('-')), line);
    }
    return out;
}

const Stamp stamp{"9f3c61d20b7a48e5", 7, WallTime{std::chrono::milliseconds(1'665'814'740'000)}};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

std::string complaint(const Result<std::string>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == Fault::wire);
    return result.error().what;
}

const std::string reading = to_json(ReadingNotice{71.25, "", Unit::celsius, stamp});

}  // namespace

TEST_CASE("payload: every golden example reads and prints back byte for byte",
          "[contract][payload]") {
    std::map<std::string, int> seen;
    for (const auto& [kind, text] : examples()) {
        INFO(kind << ": " << text);
        REQUIRE(kinds.contains(kind));
        const auto again = kinds.at(kind)(text);
        CHECK((again ? *again : again.error().what) == text);
        ++seen[kind];
    }
    CHECK(seen.size() == kinds.size());
}

TEST_CASE("payload: an example cut short anywhere is refused", "[contract][payload]") {
    for (const auto& [kind, text] : examples()) {
        for (std::size_t length = 0; length < text.size(); ++length) {
            CHECK_FALSE(kinds.at(kind)(std::string_view(text).substr(0, length)));
        }
    }
}

TEST_CASE("payload: without a required key the complaint names it", "[contract][payload]") {
    const auto without = [](const std::string& key, const std::string& rest) {
        return complaint(kinds.at(rest)([&] {
            for (const auto& [kind, text] : examples()) {
                // The key is renamed, so the text stays well-formed.
                const auto quoted = '"' + key + "\":";
                if (kind == rest && text.find(quoted) != std::string::npos)
                    return replaced(text, quoted, "\"x\":");
            }
            return std::string();
        }()));
    };
    CHECK(without("value", "reading") == "value is missing");
    CHECK(without("missing", "reading") == "missing is missing");
    CHECK(without("boot", "reading") == "boot is missing");
    CHECK(without("seq", "alarm") == "seq is missing");
    CHECK(without("at", "event") == "at is missing");
    CHECK(without("phase", "alarm") == "phase is missing");
    CHECK(without("online", "status") == "online is missing");
    CHECK(without("held", "posture") == "held is missing");
    CHECK(without("id", "command") == "id is missing");
    CHECK(without("about_seq", "ack") == "about_seq is missing");
    CHECK(without("for_s", "operator") == "for_s is missing");
}

TEST_CASE("payload: a key of the wrong type is refused, whatever the key and the type",
          "[contract][payload]") {
    for (const auto& [kind, text] : examples()) {
        // Every key's value, one after the other, by an object where none belongs.
        for (auto at = text.find("\":"); at != std::string::npos; at = text.find("\":", at + 1)) {
            if (text[at + 2] == '{') continue;
            const auto bad = text.substr(0, at + 2) + R"({"a":[1]},"b":)" + text.substr(at + 2);
            INFO(bad);
            CHECK_FALSE(kinds.at(kind)(bad));
        }
    }
    for (const auto* const bad : {"", "null", "1", "\"text\"", "[]", "[{}]", "{}", "true", "{]"}) {
        for (const auto& [kind, parse] : kinds) CHECK_FALSE(parse(bad));
    }
}

TEST_CASE("payload: keys of a later minor version are ignored", "[contract][payload]") {
    for (const auto& [kind, text] : examples()) {
        const auto more = R"({"later":{"deep":[1,{"x":null}]},)" + text.substr(1);
        CHECK(kinds.at(kind)(more) == text);
    }
}

TEST_CASE("payload: a payload over 64 KiB is refused unread", "[contract][payload]") {
    const auto padded = [](std::size_t size) {
        return reading + std::string(size - reading.size(), ' ');
    };
    CHECK(parse_reading(padded(max_payload_bytes)));
    CHECK(complaint(kinds.at("reading")(padded(max_payload_bytes + 1))) == "payload too large");
    CHECK_FALSE(parse_alarm(std::string(1024 * 1024, 'x')));
}

TEST_CASE("payload: nesting is bounded, closed or not", "[contract][payload]") {
    const auto nested = [](std::size_t depth, bool closed) {
        return replaced(
            reading, "{",
            "{\"x\":" + std::string(depth, '[') + (closed ? std::string(depth, ']') : "") + ",");
    };
    CHECK(parse_reading(nested(8, true)));
    CHECK(complaint(kinds.at("reading")(nested(17, true))) == "payload nested too deep");
    CHECK_FALSE(parse_reading(nested(30'000, true)));
    CHECK_FALSE(parse_reading(std::string(max_payload_bytes, '[')));
    CHECK_FALSE(parse_reading(std::string(100'000, '[')));
    std::string objects;
    while (objects.size() < max_payload_bytes - 8) objects += "{\"x\":";
    CHECK_FALSE(parse_status(objects));
}

TEST_CASE("payload: a number that is none is neither written nor read", "[contract][payload]") {
    for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()}) {
        const auto text = to_json(ReadingNotice{bad, "", Unit::volt, stamp});
        const auto back = parse_reading(text);
        REQUIRE(back);
        REQUIRE_FALSE(back->value);
        CHECK(back->value.error().fault == Fault::corrupt);
    }
    for (const auto* const bad : {"NaN", "Infinity", "-Infinity", "1e999", "-1e999", "\"71\"",
                                  "true", "[71]", "0x10", "1.", ".5", "+1"}) {
        INFO(bad);
        CHECK_FALSE(parse_reading(replaced(reading, "71.25", bad)));
    }
}

TEST_CASE("payload: a reading's value survives to the last bit", "[contract][payload]") {
    for (const double value : {0.1, 1.0 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e21, 25.0}) {
        const auto back = parse_reading(to_json(ReadingNotice{value, "", Unit::ohm, stamp}));
        REQUIRE(back);
        CHECK(*back->value == value);
        CHECK(std::signbit(*back->value) == std::signbit(value));
    }
    CHECK(*parse_reading(replaced(reading, "71.25", "71"))->value == 71);
}

TEST_CASE("payload: a sequence number is a whole number every reader keeps exactly",
          "[contract][payload]") {
    const auto with_seq = [](const std::string& seq) {
        return parse_reading(replaced(reading, "\"seq\":7", "\"seq\":" + seq));
    };
    CHECK(with_seq("0")->stamp.seq == 0);
    CHECK(with_seq("9007199254740991")->stamp.seq == 9007199254740991);
    for (const auto* const bad : {"-1", "9007199254740992", "18446744073709551615",
                                  "18446744073709551616", "1e400", "7.0", "7.5", "\"7\"", "null"}) {
        INFO(bad);
        CHECK_FALSE(with_seq(bad));
    }
}

TEST_CASE("payload: a name must be a name", "[contract][payload]") {
    for (const auto& [kind, text] : examples()) {
        for (const auto* const key : {"alarm", "target", "about", "boot", "about_boot", "action"}) {
            const auto start = '"' + std::string(key) + "\":\"";
            const auto at = text.find(start);
            if (at == std::string::npos) continue;
            const auto from = at + start.size();
            for (const auto& bad :
                 {std::string(), std::string("a/b"), std::string("+"), std::string("A"),
                  std::string("a b"), std::string("a\\u0000"), std::string(65, 'a')}) {
                auto changed = text;
                changed.replace(from, text.find('"', from) - from, bad);
                INFO(changed);
                CHECK_FALSE(kinds.at(kind)(changed));
            }
        }
    }
}

TEST_CASE("payload: control characters and broken UTF-8 are refused in any text",
          "[contract][payload]") {
    const auto with_cause = [](const std::string& cause) {
        return parse_event(replaced(
            to_json(AlarmEvent{.alarm = "a", .cause = "CAUSE", .stamp = stamp}), "CAUSE", cause));
    };
    CHECK(with_cause("71 °C in Kühlraum 배터리"));
    CHECK_FALSE(with_cause("a\\u0000b"));
    CHECK_FALSE(with_cause("a\\nb"));
    CHECK_FALSE(with_cause("\\u001b[31m"));
    CHECK_FALSE(with_cause(std::string("a\0b", 3)));
    CHECK_FALSE(with_cause("a\nb"));
    CHECK_FALSE(with_cause("\xff\xfe"));
    CHECK_FALSE(with_cause("\xc3"));
    CHECK_FALSE(with_cause("\\ud800"));
    CHECK(with_cause(std::string(512, 'x')));
    CHECK_FALSE(with_cause(std::string(513, 'x')));
}

TEST_CASE("payload: whatever text we are given, what we write is read again",
          "[contract][payload]") {
    std::string every_byte;
    for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
    for (const auto& text : {every_byte, std::string(10'000, '\xff'), std::string(10'000, '\n'),
                             std::string(511, 'x') + "배", std::string("\0", 1)}) {
        CHECK(parse_alarm(
            to_json(AlarmNotice{.alarm = "a", .cause = text, .since = stamp.at, .stamp = stamp})));
        CHECK(parse_ack(
            to_json(Ack{.about = "a", .id = text, .boot = "b", .detail = text, .stamp = stamp})));
        CHECK(parse_command(to_json(Command{.id = text,
                                            .target = "t",
                                            .item = text,
                                            .action = "off",
                                            .because = text,
                                            .stamp = stamp})));
        CHECK(parse_posture_notice(to_json(PostureNotice{.target = "t",
                                                         .because = std::vector(1000, text),
                                                         .held = std::vector(1000, text),
                                                         .blocked = text,
                                                         .stamp = stamp})));
        CHECK(parse_reading(
            to_json(ReadingNotice{fail(Fault::timeout, text), text, Unit::volt, stamp})));
        CHECK(parse_operator_request(
            to_json(OperatorRequest{"a", OperatorAction::shelve, 1e9, text})));
        CHECK(parse_status(to_json(Status{.version = text,
                                          .heartbeat_s = std::nan(""),
                                          .up_s = -1,
                                          .devices = {},
                                          .counters = {},
                                          .stamp = stamp})));
    }
}

TEST_CASE("payload: every fault a reading can miss for reads back", "[contract][payload]") {
    for (int i = 0; i <= static_cast<int>(Fault::stale); ++i) {
        const ReadingNotice notice{fail(static_cast<Fault>(i), "why"), "", Unit::none, stamp};
        CHECK(parse_reading(to_json(notice)) == notice);
    }
    const auto unknown = R"({"value":null,"missing":"tired","why":"","unit":"","boot":"b",)"
                         R"("seq":1,"at":"2022-10-15T06:22:04.250Z"})";
    CHECK_FALSE(parse_reading(unknown));
}

TEST_CASE("payload: a status of 1,000 devices fits whole", "[contract][payload]") {
    Status status{.online = true,
                  .version = "1",
                  .armed = true,
                  .heartbeat_s = 5,
                  .up_s = 1,
                  .devices = {},
                  .counters = {},
                  .stamp = stamp};
    for (int i = 0; i < 1000; ++i) {
        status.devices["device-" + std::to_string(i)] = {.silent = i % 2 == 0,
                                                         .reads = 1'000'000'000};
    }
    const auto text = to_json(status);
    CHECK(text.size() <= max_payload_bytes);
    CHECK(parse_status(text) == status);
}

TEST_CASE("payload: a status too long leaves well devices out before silent ones and counts them",
          "[contract][payload]") {
    Status status{.online = true,
                  .version = "1",
                  .heartbeat_s = 5,
                  .up_s = 1,
                  .devices = {},
                  .counters = {},
                  .stamp = stamp};
    for (int i = 0; i < 3000; ++i) {
        status.devices["device-" + std::to_string(i)] = {
            .silent = i % 100 == 0, .reads = 1'000'000'000, .timeouts = 1'000'000};
    }
    const auto text = to_json(status);
    CHECK(text.size() <= max_payload_bytes);
    const auto back = parse_status(text);
    REQUIRE(back);
    CHECK(back->counters.at("devices.left_out") == 3000 - back->devices.size());
    CHECK(back->devices.size() > 500);
    for (int i = 0; i < 3000; i += 100) {
        CHECK(back->devices.contains("device-" + std::to_string(i)));
    }
}

TEST_CASE("payload: a device's or counter's entry is checked like any key", "[contract][payload]") {
    const auto status = [](const std::string& devices, const std::string& counters) {
        return kinds.at("status")(
            R"({"online":true,"version":"1","armed":false,"heartbeat_s":5,"up_s":1,"boot":"b",)"
            R"("seq":1,"at":"2022-10-15T06:22:04.250Z","devices":)" +
            devices + ",\"counters\":" + counters + "}");
    };
    CHECK(status(R"({"ups1":{"silent":true,"reads":1}})", R"({"a.b":1})"));
    CHECK(complaint(status(R"({"ups1":{"silent":true}})", "{}")) ==
          "devices.ups1.reads is missing");
    CHECK_FALSE(status(R"({"ups1":7})", "{}"));
    CHECK_FALSE(status(R"({"ups1":{"silent":true,"reads":1,"timeouts":-1}})", "{}"));
    CHECK_FALSE(status(R"({"UPS 1":{"silent":true,"reads":1}})", "{}"));
    CHECK_FALSE(status("[]", "{}"));
    CHECK_FALSE(status("{}", R"({"a":1.5})"));
    CHECK_FALSE(status("{}", "null"));
}

TEST_CASE("payload: an operator may shelve for more than nothing and at most a day",
          "[contract][payload]") {
    const auto shelve = [](const std::string& for_s) {
        return parse_operator_request(R"({"alarm":"a","action":"shelve","for_s":)" + for_s +
                                      R"(,"by":"kim"})");
    };
    CHECK(shelve("86400"));
    CHECK(shelve("0.5"));
    CHECK_FALSE(shelve("0"));
    CHECK_FALSE(shelve("-1"));
    CHECK_FALSE(shelve("86400.1"));
    CHECK_FALSE(parse_operator_request(R"({"alarm":"a","action":"reset","by":""})"));
    CHECK(parse_operator_request(R"({"alarm":"a","action":"reset","for_s":"x","by":"kim"})"));
}

}  // namespace firebreak
