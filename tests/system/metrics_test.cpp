// What Prometheus gets of the running programs, held to its own linter, promtool.
#include <string>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string fire = R"(
[[change]]
at = "1s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
)";

std::string listen_on(std::uint16_t port) {
    return "[metrics]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\n\n";
}

/// As a scraper gets it; "" when nobody answers.
std::string scrape(std::uint16_t port) {
    Process curl("curl", {"-sf", "--max-time", "5",
                          "http://127.0.0.1:" + std::to_string(port) + "/metrics"});
    return curl.wait(20s) == 0 ? curl.out() : "";
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

void lint(const std::string& metrics) {
    const TempDir folder;
    const auto file = folder.write("metrics.txt", metrics);
    Process promtool("sh", {"-c", "promtool check metrics < " + file});
    const auto code = promtool.wait(60s);
    INFO(promtool.out() << promtool.err());
    CHECK(code == 0);
}

}  // namespace

TEST_CASE("metrics: the agent's are what promtool likes, and go on without a broker",
          "[system][metrics]") {
    Demo demo(fire);
    const auto port = free_port();
    demo.edit("site.toml", "[broker]", listen_on(port) + "[broker]");
    demo.start_sim();
    demo.start_agent();
    std::string metrics;
    REQUIRE(eventually(
        [&] {
            metrics = scrape(port);
            return says(metrics, "alarm=\"gas-suppression-discharged\",severity=\"critical\"} 1") &&
                   says(metrics,
                        "firebreak_agent_link_up{site=\"pangyo\",agent=\"battery-room\"} 1");
        },
        60s));
    INFO(metrics);
    lint(metrics);
    CHECK(says(metrics,
               "firebreak_reading{site=\"pangyo\",agent=\"battery-room\","
               "device=\"climate1\",measure=\"ambient.temperature\",unit=\"Cel\"} "));
    CHECK(says(metrics, "firebreak_device_silent{"));
    demo.broker.kill();
    CHECK(eventually(
        [&] {
            return says(scrape(port),
                        "firebreak_agent_link_up{site=\"pangyo\",agent=\"battery-room\"} 0");
        },
        30s));
    CHECK(demo.agent->stop() == 0);
}

TEST_CASE("metrics: the host's tell of targets, agents and alarms", "[system][metrics]") {
    Demo demo(fire);
    const auto port = free_port();
    demo.edit("policy.toml", "[broker]", listen_on(port) + "[broker]");
    demo.start();
    std::string metrics;
    CHECK(eventually(
        [&] {
            metrics = scrape(port);
            return says(metrics, "alarm=\"gas-suppression-discharged\",severity=\"critical\"} 1");
        },
        60s));
    INFO(metrics);
    lint(metrics);
    CHECK(says(metrics, "firebreak_target_wanted{"));
    CHECK(says(metrics, "firebreak_agent_present{"));
    CHECK(says(metrics, "firebreak_host_events_total{"));
    CHECK(demo.host->stop() == 0);
}

TEST_CASE("metrics: an agent whose port is taken says so and goes on", "[system][metrics]") {
    Demo demo("");
    demo.edit("site.toml", "[broker]", listen_on(demo.broker.port()) + "[broker]");
    demo.start_sim();
    demo.start_agent();
    CHECK(eventually([&] { return says(demo.agent->err(), "no_metrics"); }, 20s));
    CHECK(eventually([&] { return demo.status(Role::agent).has_value(); }, 30s));
}
