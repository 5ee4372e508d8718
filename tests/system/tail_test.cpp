// `firebreak-host tail`: the live picture of the whole story, from the broker alone.
#include <string>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

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

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("tail: alarms, targets, who is there and readings stand in one picture",
          "[system][tail]") {
    Demo demo(fire);
    demo.start();
    REQUIRE(eventually([&] { return demo.all_drained(); }, 120s));
    const auto once =
        firebreak::firebreak("host", {"tail", "--once", "--config", demo.path("policy.toml")});
    REQUIRE(once->wait(60s) == 0);
    const auto text = once->out();
    INFO(text);
    CHECK(says(text, "firing   critical  pangyo/battery-room/gas-suppression-discharged"));
    CHECK(says(text, "drain    armed"));
    CHECK(says(text, "because pangyo/battery-room/gas-suppression-discharged"));
    CHECK(says(text, "online   agent pangyo/battery-room"));
    CHECK(says(text, "online   host  seoul/seoul-1"));
    CHECK(says(text, "ambient.temperature"));
    CHECK_FALSE(says(text, "\x1b"));  // stdout is no terminal
}

TEST_CASE("tail: with --json each message is one line as it came", "[system][tail]") {
    Demo demo("");
    demo.start_sim();
    demo.start_agent();
    REQUIRE(eventually([&] { return demo.status(Role::agent).has_value(); }, 60s));
    const auto json = firebreak::firebreak(
        "host", {"tail", "--json", "--for", "3s", "--config", demo.path("policy.toml")});
    REQUIRE(json->wait(60s) == 0);
    CHECK(says(json->out(),
               "{\"topic\":\"firebreak/1/pangyo/agent/battery-room/reading/climate1/"
               "ambient.temperature\",\"payload\":{\"value\":"));
}

TEST_CASE("tail: without a broker it says so, exit 1, and wrong use is exit 2", "[system][tail]") {
    Demo demo("");
    demo.broker.kill();
    const auto policy = demo.path("policy.toml");
    const auto none =
        firebreak::firebreak("host", {"tail", "--for", "300ms", "--json", "--config", policy});
    CHECK(none->wait(60s) == 1);
    CHECK(says(none->err(), "no broker"));
    CHECK(firebreak::firebreak("host", {"tail", "--for", "soon", "--config", policy})->wait(60s) ==
          2);
}
