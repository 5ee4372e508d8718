// A broker that freezes for a while: what the room's readings did meanwhile reaches who listened
// all the time, once it thaws, in order and marked.
#include <sstream>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string warming = R"(
[[change]]
at = "1s"
over = "10m"
device = "climate1"
measure = "ambient.temperature"
to = 60
)";

const std::string topic =
    "firebreak/1/pangyo/agent/battery-room/reading/climate1/ambient.temperature";

std::vector<ReadingNotice> readings(const Process& listener) {
    std::vector<ReadingNotice> out;
    std::istringstream lines(listener.out());
    for (std::string line; std::getline(lines, line);) {
        if (auto notice = parse_reading(line)) out.push_back(*std::move(notice));
    }
    return out;
}

/// How many readings wait for the broker, as the agent's metrics say.
double waiting(std::uint16_t port) {
    Process curl("curl", {"-sf", "--max-time", "5",
                          "http://127.0.0.1:" + std::to_string(port) + "/metrics"});
    if (curl.wait(20s) != 0) return 0;
    const auto text = curl.out();
    const std::string name = "name=\"readings.waiting\"} ";
    const auto at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
}

}  // namespace

TEST_CASE("outage: readings of the time without a broker come late, in order, the newest last",
          "[system][outage]") {
    Demo demo(warming);
    const auto port = free_port();
    demo.edit("site.toml", "[broker]",
              "[metrics]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\n\n[broker]");
    demo.start_sim();
    demo.start_agent();
    // It outlives the frost: its keep-alive is an hour.
    Process listener("mosquitto_sub", {"-p", std::to_string(demo.broker.port()), "-k", "3600", "-q",
                                       "1", "-t", topic});
    REQUIRE(eventually([&] { return readings(listener).size() > 2; }, 60s));
    const auto before = waiting(port);
    demo.broker.freeze();
    REQUIRE(eventually([&] { return waiting(port) > before + 40; }, 120s));
    demo.broker.thaw();
    REQUIRE(eventually(
        [&] {
            const auto heard = readings(listener);
            std::size_t late = 0;
            for (const auto& each : heard) late += each.historical ? std::size_t{1} : 0;
            return late >= 5 && !heard.back().historical;
        },
        60s));
    std::uint64_t last = 0;
    for (const auto& each : readings(listener)) {
        CHECK(each.stamp.seq >= last);
        last = each.stamp.seq;
    }
    CHECK(demo.agent->stop() == 0);
}
