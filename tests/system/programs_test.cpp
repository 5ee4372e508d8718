// The three programs from outside: verbs, exit codes, and every configuration error at once.
#include <fstream>
#include <sstream>
#include <string>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

struct Answer {
    int code = -1;
    std::string out;
    std::string err;
    [[nodiscard]] bool says(const std::string& text) const {
        return (out + err).find(text) != std::string::npos;
    }
};

Answer run(const std::string& program, const std::vector<std::string>& arguments) {
    const auto process = firebreak::firebreak(program, arguments);
    const auto code = process->wait(240s);
    return {code.value_or(-1), process->out(), process->err()};
}

const std::string demo = FIREBREAK_SOURCE_DIR "/sim/demo/";

std::string demo_file(const std::string& name) {
    std::ifstream in(demo + name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("programs: --help and --version answer with exit 0", "[system][programs]") {
    for (const char* program : {"agent", "host", "sim"}) {
        INFO(program);
        const auto help = run(program, {"--help"});
        CHECK(help.code == 0);
        CHECK(help.says("check"));
        CHECK(help.says("run"));
        const auto version = run(program, {"--version"});
        CHECK(version.code == 0);
        CHECK(version.says(FIREBREAK_VERSION));
    }
}

TEST_CASE("programs: wrong use is exit 2", "[system][programs]") {
    for (const char* program : {"agent", "host", "sim"}) {
        INFO(program);
        CHECK(run(program, {}).code == 2);
        CHECK(run(program, {"no-such-verb"}).code == 2);
        CHECK(run(program, {"run"}).code == 2);
        CHECK(run(program, {"check"}).code == 2);
        CHECK(run(program, {"run", "--config", "/nonexistent.toml"}).code == 2);
    }
}

TEST_CASE("programs: check prints the resolved plan of the demo's files", "[system][programs]") {
    const auto site = run("agent", {"check", demo + "site.toml"});
    CHECK(site.code == 0);
    CHECK(site.says("gas-suppression-discharged"));
    CHECK(site.says("photos-a"));
    const auto policy = run("host", {"check", demo + "policy.toml"});
    CHECK(policy.code == 0);
    CHECK(policy.says("payment"));
    const auto scenario =
        run("sim", {"check", FIREBREAK_SOURCE_DIR "/sim/scenarios/pangyo-2022.toml"});
    CHECK(scenario.code == 0);
    CHECK(scenario.says("gas suppression discharges"));
}

TEST_CASE("programs: check plays a scenario against a site and a policy", "[system][programs]") {
    const std::string scenario = FIREBREAK_SOURCE_DIR "/sim/scenarios/pangyo-2022.toml";
    const auto kept = run("sim", {"check", demo + "site.toml", demo + "policy.toml", scenario});
    INFO(kept.out << kept.err);
    CHECK(kept.code == 0);

    const TempDir folder;
    const auto without_heat = folder.write(
        "policy2.toml",
        replaced(replaced(demo_file("policy.toml"), "gas-suppression-discharged", "ups-on-battery"),
                 "battery-cell-hot", "ups-overloaded"));
    const auto late = run("sim", {"check", demo + "site.toml", without_heat, scenario});
    INFO(late.out << late.err);
    CHECK(late.code == 1);
    CHECK(late.says("FAILED"));
}

TEST_CASE("programs: every error of a site is listed with its place, exit 2",
          "[system][programs]") {
    const TempDir folder;
    auto text = demo_file("site.toml");
    text = replaced(text, "heartbeat = \"1s\"", "hartbeat = \"1s\"");
    text = replaced(text, "profile = \"xy-md02\"", "profile = \"xy-md03\"");
    text = replaced(text, "measure = \"fire.smoke\"", "measure = \"fire.smok\"");
    text = replaced(text, "above = 60", "above = \"hot\"");
    const auto site = folder.write("site.toml", text);
    const auto answer = run("agent", {"check", site});
    INFO(answer.out << answer.err);
    CHECK(answer.code == 2);
    CHECK(answer.says(site + ":6:1: "));
    CHECK(answer.says("hartbeat"));
    CHECK(answer.says("xy-md03"));
    CHECK(answer.says("fire.smok"));
    CHECK(answer.says("above"));
    CHECK(run("agent", {"run", "--config", site}).code == 2);
}

TEST_CASE("programs: a truncated file is an error with its place", "[system][programs]") {
    const TempDir folder;
    for (const auto& [program, file] :
         {std::pair("agent", "site.toml"), {"host", "policy.toml"}, {"sim", "room.toml"}}) {
        const auto whole = demo_file(file);
        const auto cut = folder.write(file, whole.substr(0, whole.find("[[") + 5));
        const auto answer = run(program, {"check", cut});
        INFO(answer.out << answer.err);
        CHECK(answer.code == 2);
        CHECK(answer.says(cut + ":"));
    }
}

TEST_CASE("programs: a policy that names an unknown target is an error with its place",
          "[system][programs]") {
    const TempDir folder;
    const auto policy = folder.write(
        "policy.toml", replaced(demo_file("policy.toml"), "targets = [\"videos-racks\"]",
                                "targets = [\"videos-rack\"]"));
    const auto answer = run("host", {"check", policy});
    INFO(answer.out << answer.err);
    CHECK(answer.code == 2);
    CHECK(answer.says(policy + ":"));
    CHECK(answer.says("videos-racks"));  // the hint
}

TEST_CASE("programs: a profile with an unknown key or overlapping registers is refused",
          "[system][programs]") {
    const TempDir folder;
    const auto path = folder.write("odd.toml", R"(title = "Odd"
source = "none"
[[register]]
measure = "battery.voltage"
table = "input"
address = 1
type = "u32"
colour = "red"
[[register]]
measure = "battery.current"
table = "input"
address = 2
[[register]]
measure = "battery.power"
table = "input"
address = 1
type = "u32"
)");
    const auto answer = run("agent", {"check", path});
    INFO(answer.out << answer.err);
    CHECK(answer.code == 2);
    CHECK(answer.says(path + ":8:1: "));
    CHECK(answer.says("colour"));
    CHECK(answer.says("overlap"));
}

TEST_CASE("programs: load says so when its record cannot be written whole", "[system][programs]") {
    const auto answer = run("sim", {"load", "--config", demo + "room.toml", "--url",
                                    "http://127.0.0.1:9", "--csv", "/dev/full", "--for", "1s"});
    INFO(answer.out << answer.err);
    CHECK(answer.code == 1);
    CHECK(answer.says("/dev/full"));
}
