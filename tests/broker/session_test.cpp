// What a broker keeps for a program that is away, at a real mosquitto.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/broker/link_client.hpp"
#include "tests/catch.hpp"
#include "tests/support/mosquitto.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

BrokerPlan at(const Mosquitto& broker, MqttVersion version) {
    return {.urls = {broker.url()}, .version = version};
}

constexpr bool keeps = true;

}  // namespace

TEST_CASE("session: what came while a host was away is handed over first, in order",
          "[broker][session]") {
    const Mosquitto broker;
    for (const auto version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
        const std::string id = version == MqttVersion::v5 ? "five" : "three";
        Client host(at(broker, version), {"in/+"}, id, keeps);
        REQUIRE(host.comes_up());
        CHECK_FALSE(host.resumed);
        host.destroy();
        for (const char* text : {"1", "2", "3"}) REQUIRE(broker.publish("in/a", text));

        Client again(at(broker, version), {"in/+"}, id, keeps);
        REQUIRE(again.comes_up());
        CHECK(again.resumed);
        REQUIRE(again.until([&] { return again.arrived.size() >= 3; }));
        std::vector<std::string> got;
        for (const auto& message : again.arrived) got.push_back(message.payload);
        CHECK(got == std::vector<std::string>{"1", "2", "3"});
    }
}

TEST_CASE("session: an agent is handed nothing that was said while it was away",
          "[broker][session]") {
    const Mosquitto broker;
    for (const auto version : {MqttVersion::v5, MqttVersion::v3_1_1}) {
        Client agent(at(broker, version), {"in/+"});
        REQUIRE(agent.comes_up());
        agent.destroy();
        REQUIRE(broker.publish("in/a", "switch off, an hour ago"));

        Client again(at(broker, version), {"in/+"});
        REQUIRE(again.comes_up());
        CHECK_FALSE(again.resumed);
        REQUIRE(broker.publish("in/a", "now"));
        REQUIRE(again.until([&] { return !again.arrived.empty(); }));
        CHECK(again.arrived.front().payload == "now");
    }
}

TEST_CASE("session: what was on its way is sent again to a broker that forgot the session",
          "[broker][session]") {
    Mosquitto broker;
    Client host(at(broker, MqttVersion::v5), {"in/+"}, "host", keeps);
    REQUIRE(host.comes_up());
    broker.freeze();
    for (int i = 0; i < 10; ++i) {
        REQUIRE(host.publish({"out/" + std::to_string(i), "x", true}));
    }
    broker.kill();
    REQUIRE(host.goes_down());
    broker.start();
    REQUIRE(host.comes_up());
    CHECK_FALSE(host.resumed);
    // All the window is free again: what was lost with the session is not waited for.
    for (int i = 0; i < 200; ++i) REQUIRE(host.publish({"more", std::to_string(i), true}));
    REQUIRE(host.until([&] { return broker.retained("more") == "199"; }));
    CHECK(broker.retained("out/0") == "x");
    CHECK(broker.retained("out/9") == "x");
}
