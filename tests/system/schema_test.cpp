// The JSON Schemas of the contract against our own parsers and our own programs, by Debian's validator.
#include <functional>
#include <map>
#include <sstream>
#include <string>

#include "contract/payload.hpp"
#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string source = FIREBREAK_SOURCE_DIR;
const std::string check = source + "/contract/schema/check";

/// What our programs make of a payload, by the kind of its topic.
const std::map<std::string, std::function<bool(std::string_view)>> parsers = {
    {"reading", [](auto text) { return parse_reading(text).has_value(); }},
    {"alarm", [](auto text) { return parse_alarm(text).has_value(); }},
    {"event", [](auto text) { return parse_event(text).has_value(); }},
    {"flood", [](auto text) { return parse_flood(text).has_value(); }},
    {"status", [](auto text) { return parse_status(text).has_value(); }},
    {"posture", [](auto text) { return parse_posture_notice(text).has_value(); }},
    {"command", [](auto text) { return parse_command(text).has_value(); }},
    {"ack", [](auto text) { return parse_ack(text).has_value(); }},
    {"action", [](auto text) { return parse_action_notice(text).has_value(); }},
    {"operator", [](auto text) { return parse_operator_request(text).has_value(); }},
};

}  // namespace

TEST_CASE("schema: our parsers and the schemas agree on every golden message and every change to one",
          "[system][schema]") {
    Process mutants("python3", {"-W", "ignore", source + "/tests/contract/schema_mutants.py"});
    REQUIRE(mutants.wait(120s) == 0);
    std::istringstream lines(mutants.out());
    std::map<std::string, int> good;
    std::map<std::string, int> bad;
    for (std::string line; std::getline(lines, line);) {
        const auto space = line.find(' ');
        const auto next = line.find(' ', space + 1);
        const auto kind = line.substr(space + 1, next - space - 1);
        const bool is_good = line.substr(0, space) == "good";
        ++(is_good ? good : bad)[kind];
        INFO(line);
        CHECK(parsers.at(kind)(line.substr(next + 1)) == is_good);
    }
    for (const auto& [kind, parser] : parsers) {
        INFO(kind);
        CHECK(good[kind] >= 10);
        CHECK(bad[kind] >= 100);
    }
}

TEST_CASE("schema: every message of a fire, as a dashboard hears it, is of the contract",
          "[system][schema]") {
    Demo demo(R"(
[[change]]
at = "1s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
[[change]]
at = "2s"
device = "ups1"
measure = "ups.status.ob"
to = 1
)");
    Process dashboard("mosquitto_sub", {"-h", "127.0.0.1", "-p", std::to_string(demo.broker.port()),
                                        "-v", "-q", "1", "-t", "firebreak/1/#"});
    demo.start();
    REQUIRE(eventually([&] { return demo.all_drained() && demo.outlet_ack("photos-racks"); }, 60s));
    CHECK(demo.agent->stop() == 0);
    CHECK(demo.host->stop() == 0);
    const TempDir folder;
    const auto recorded = folder.write("recorded", dashboard.out());
    Process checks("sh", {"-c", "exec python3 -W ignore " + check + " < " + recorded});
    CHECK(checks.wait(60s) == 0);
    CHECK(checks.out().empty());
    CHECK(checks.err().empty());
    for (const char* kind : {"/status ", "/reading/", "/alarm/", "/event ", "/flood ", "/posture/",
                             "/command/", "/ack/"}) {
        INFO(kind);
        CHECK(dashboard.out().find(kind) != std::string::npos);
    }
    Process refuses("sh", {"-c", "echo 'firebreak/1/s/agent/a/reading/d/m {\"value\":\"hot\"}' | "
                                 "python3 -W ignore " + check});
    CHECK(refuses.wait(30s) == 1);
}
