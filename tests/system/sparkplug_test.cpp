// `firebreak-agent sparkplug` at a real broker, decoded by npm's sparkplug-payload.
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string decoder = FIREBREAK_SOURCE_DIR "/tests/peers/sparkplug_decode.js";
const std::string peers = FIREBREAK_BIN_DIR "/../peers";

const std::string fire = R"(
[[change]]
at = "8s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
)";

/// The demo's room with its bridge, and what a Sparkplug host application gets of it.
struct Edge {
    explicit Edge(const std::string& changes = "") : demo(changes) {
        demo.start_sim();
        demo.start_agent();
        listen();
        start();
    }
    void listen() {
        listener = std::make_unique<Process>(
            "sh", std::vector<std::string>{
                      "-c", "mosquitto_sub -p " + std::to_string(demo.broker.port()) +
                                " -V 5 -q 2 -F '%t %x %q %r' --retain-as-published"
                                " -t 'spBv1.0/#' | node " +
                                decoder + " " + peers});
    }
    void start() {
        bridge = firebreak::firebreak("agent", {"sparkplug", "--config", demo.path("site.toml")});
    }
    /// What came of this kind, or of all, oldest first.
    std::vector<json> of(const std::string& kind = "") const {
        std::vector<json> out;
        std::istringstream lines(listener->out());
        for (std::string line; std::getline(lines, line);) {
            if (!kind.empty() && line.find("/" + kind + "/") == std::string::npos) continue;
            auto parsed = json::parse(line, nullptr, false);
            if (!parsed.is_discarded()) out.push_back(std::move(parsed));
        }
        return out;
    }
    bool gets(const std::string& kind, std::size_t count = 1) const {
        return eventually([&] { return of(kind).size() >= count; }, 60s);
    }

    Demo demo;
    std::unique_ptr<Process> listener, bridge;
};

json metric(const json& message, const std::string& name) {
    for (const auto& each : message.at("payload").at("metrics")) {
        if (each.value("name", "") == name) return each;
    }
    return {};
}

bool has_alias(const json& message, const json& alias, const json& value) {
    for (const auto& each : message.at("payload").at("metrics")) {
        if (each.at("alias") == alias && each.at("value") == value) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("sparkplug: npm's decoder reads births, data by alias, and the death of a device",
          "[system][sparkplug]") {
    Edge edge(fire);
    INFO(edge.listener->out() << edge.listener->err() << edge.bridge->err());
    REQUIRE(edge.gets("NBIRTH"));
    REQUIRE(edge.gets("DBIRTH", 6));
    const auto node = edge.of("NBIRTH").front();
    CHECK(node.at("topic") == "spBv1.0/pangyo/NBIRTH/battery-room");
    CHECK(node.at("payload").at("seq") == 0);
    CHECK(metric(node, "bdSeq").at("value") == 0);
    CHECK(metric(node, "Node Control/Rebirth").at("value") == false);
    const auto alarm = metric(node, "Alarms/gas-suppression-discharged").at("alias");
    const auto device = edge.of("DBIRTH").front();
    CHECK(device.at("payload").at("seq") == 1);
    for (const auto& each : device.at("payload").at("metrics")) {
        CHECK(each.contains("name"));
        CHECK(each.contains("alias"));
    }
    CHECK(eventually(
        [&] {
            for (const auto& data : edge.of("NDATA")) {
                if (has_alias(data, alarm, true)) return true;
            }
            return false;
        },
        60s));
    REQUIRE(edge.gets("DDATA"));
    const auto data = edge.of("DDATA");
    for (const auto& each : data.front().at("payload").at("metrics")) {
        CHECK_FALSE(each.contains("name"));
    }
    edge.demo.sim->kill();
    CHECK(edge.gets("DDEATH", 6));
    edge.bridge->kill();
    REQUIRE(edge.gets("NDEATH"));
    // Sparkplug 3.0.0: tck-id-topics-nbirth-mqtt and its likes, -seq-num; will-message-qos.
    std::uint64_t seq = 0;
    for (const auto& message : edge.of()) {
        INFO(message);
        const bool dies =
            message.at("topic").get<std::string>().find("NDEATH") != std::string::npos;
        CHECK(message.at("qos") == (dies ? 1 : 0));
        CHECK(message.at("retained") == 0);
        if (!dies) CHECK(message.at("payload").at("seq") == seq++ % 256);
        CHECK(message.at("payload").contains("seq") != dies);
    }
}

TEST_CASE("sparkplug: asked by npm's encoder it is born anew, and its will is its death",
          "[system][sparkplug]") {
    Edge edge;
    REQUIRE(edge.gets("DBIRTH", 6));
    const auto port = std::to_string(edge.demo.broker.port());
    Process command("sh", {"-c", "node " + decoder + " " + peers + " rebirth | mosquitto_pub -p " +
                                     port + " -t spBv1.0/pangyo/NCMD/battery-room -s"});
    REQUIRE(command.wait(30s) == 0);
    REQUIRE(edge.gets("NBIRTH", 2));
    CHECK(edge.gets("DBIRTH", 12));
    CHECK(metric(edge.of("NBIRTH").back(), "bdSeq").at("value") == 0);
    edge.bridge->kill();
    REQUIRE(edge.gets("NDEATH"));
    CHECK(metric(edge.of("NDEATH").back(), "bdSeq").at("value") == 0);
}

TEST_CASE("sparkplug: the next connection has the next bdSeq, and a farewell is a death too",
          "[system][sparkplug]") {
    Edge edge;
    REQUIRE(edge.gets("NBIRTH"));
    edge.demo.broker.kill();
    edge.demo.broker.start();
    edge.listen();
    REQUIRE(edge.gets("NBIRTH"));
    CHECK(metric(edge.of("NBIRTH").back(), "bdSeq").at("value") == 1);
    CHECK(edge.bridge->stop() == 0);
    REQUIRE(edge.gets("NDEATH"));
    CHECK(metric(edge.of("NDEATH").back(), "bdSeq").at("value") == 1);
}
