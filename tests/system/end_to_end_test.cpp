// The main job on real wires: simulator, agent, mosquitto, host and HAProxy as processes.
#include <string>

#include "contract/topic.hpp"
#include "tests/catch.hpp"
#include "tests/support/demo.hpp"
#include "tests/support/eventually.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

// A second into the story the suppression discharges, a second later the mains fail.
const std::string fire = R"(
[[change]]
at = "1s"
device = "fire1"
measure = "fire.gas.discharged"
to = 1
)";
const std::string fire_and_mains = fire + R"(
[[change]]
at = "2s"
device = "ups1"
measure = "ups.status.ob"
to = 1
)";

constexpr auto long_enough = 30s;
const char* const services[] = {"text", "login", "payment", "photos", "videos"};

const Topic alarm_topic{{"pangyo", Role::agent, "battery-room"}, Kind::alarm, "ups-on-battery", ""};
const Topic command_topic{{"seoul", Role::host, "seoul-1"}, Kind::command, "photos-racks", ""};

}  // namespace

TEST_CASE("end to end: a fire drains the burning site's servers and leaves the others ready",
          "[system][end-to-end]") {
    Demo demo(fire);
    demo.start();
    REQUIRE(eventually([&] { return demo.all_drained(); }, long_enough));
    for (const char* service : services) {
        CHECK(demo.servers(service).at("elsewhere-1") == "ready");
        CHECK(demo.servers(service).at("elsewhere-2") == "ready");
    }
    REQUIRE(eventually([&] { return demo.reached("videos", Posture::drain); }));
    const auto text = demo.posture("text");
    REQUIRE(text);
    CHECK(text->armed);
    REQUIRE_FALSE(text->because.empty());
    CHECK(text->because.front() == "pangyo/battery-room/gas-suppression-discharged");

    for (auto* process : {demo.agent.get(), demo.host.get(), demo.sim.get()}) {
        CHECK(process->stop() == 0);
    }
    const auto agent = demo.status(Role::agent);
    REQUIRE(agent);
    CHECK_FALSE(agent->online);
    CHECK(agent->version == FIREBREAK_VERSION);
}

TEST_CASE("end to end: on battery, the lowest tiers' outlets go off once their servers are drained",
          "[system][end-to-end]") {
    Demo demo(fire_and_mains);
    demo.start();
    REQUIRE(eventually(
        [&] {
            return demo.reached("photos-racks", Posture::shed) &&
                   demo.reached("videos-racks", Posture::shed);
        },
        long_enough));
    CHECK(demo.all_drained());
    const auto world = demo.world();
    for (const char* rack : {"photos-a", "photos-b", "videos-a", "videos-b"}) {
        INFO(rack);
        CHECK(world.find(std::string("rack_off,") + rack + ",outlet") != std::string::npos);
    }
    CHECK(world.find("rack_off,text") == std::string::npos);
    const auto ack = demo.outlet_ack("photos-racks");
    REQUIRE(ack);
    CHECK((ack->outcome == Outcome::done || ack->outcome == Outcome::already));
}

TEST_CASE("end to end: on battery without a fire, only what is shed is drained, and before it",
          "[system][end-to-end]") {
    Demo demo(R"(
[[change]]
at = "1s"
device = "ups1"
measure = "ups.status.ob"
to = 1
)");
    demo.start();
    // An outlet goes off only once the servers behind it read back as drained.
    REQUIRE(eventually([&] { return demo.world().find("rack_off") != std::string::npos; },
                       long_enough));
    CHECK(demo.servers("videos").at("pangyo-a") == "drain");
    REQUIRE(eventually([&] { return demo.reached("photos-racks", Posture::shed); }, long_enough));
    CHECK(demo.servers("photos").at("pangyo-b") == "drain");
    CHECK(demo.servers("text").at("pangyo-a") == "ready");
    CHECK(demo.servers("payment").at("pangyo-b") == "ready");
}

TEST_CASE("end to end: a host that is not armed rehearses and touches nothing",
          "[system][end-to-end]") {
    Demo demo(fire_and_mains);
    demo.edit("policy.toml", "armed = true", "armed = false");
    demo.start();
    REQUIRE(eventually(
        [&] {
            const auto text = demo.posture("text");
            return text && text->wanted == Posture::drain;
        },
        long_enough));
    const auto text = demo.posture("text");
    REQUIRE(text);
    CHECK_FALSE(text->armed);
    CHECK(text->reached < Posture::drain);
    CHECK(demo.servers("text").at("pangyo-a") == "ready");
    CHECK(demo.world().find("rack_off") == std::string::npos);
}

TEST_CASE("end to end: an absent HAProxy is reported, retried, and drained once it is there",
          "[system][end-to-end]") {
    Demo demo(fire_and_mains);
    demo.start_sim();
    demo.start_agent();
    demo.start_host();
    REQUIRE(eventually(
        [&] {
            const auto text = demo.posture("text");
            return text && text->wanted == Posture::drain && !text->blocked.empty();
        },
        long_enough));
    CHECK(demo.host->running());
    demo.start_haproxy();
    CHECK(eventually([&] { return demo.all_drained(); }, 60s));
}

TEST_CASE("end to end: garbage on every subscribed topic is counted and dropped",
          "[system][end-to-end]") {
    Demo demo(fire);
    demo.edit("scenario.toml", "at = \"1s\"", "at = \"6s\"");
    demo.start();
    REQUIRE(eventually([&] { return demo.status(Role::agent) && demo.status(Role::host); }));
    const std::string huge(1'000'000, 'x');
    for (const auto& topic : {alarm_topic, command_topic}) {
        for (const std::string& payload :
             {std::string("not json"), huge, std::string("{\"alarm\": 7, \"id\": []}"),
              std::string("[[[[[["), std::string("{}")}) {
            CHECK(demo.broker.publish(to_string(topic), payload));
        }
    }
    const auto dropped = [&](Role role) -> std::uint64_t {
        const auto status = demo.status(role);
        if (!status) return 0;
        const auto found = status->counters.find("messages.dropped");
        return found == status->counters.end() ? 0 : found->second;
    };
    CHECK(eventually([&] { return dropped(Role::host) >= 5; }));
    CHECK(eventually([&] { return dropped(Role::agent) >= 5; }));
    CHECK(eventually([&] { return demo.all_drained(); }, long_enough));
}

TEST_CASE("end to end: when the agent is killed its will is published and the host holds on",
          "[system][end-to-end]") {
    Demo demo(fire);
    demo.start();
    REQUIRE(eventually([&] { return demo.all_drained(); }, long_enough));
    demo.agent->kill();
    CHECK(eventually(
        [&] {
            const auto status = demo.status(Role::agent);
            return status && !status->online;
        },
        long_enough));
    CHECK(eventually([&] {
        const auto text = demo.posture("text");
        return text && text->wanted == Posture::drain;
    }));
    CHECK(demo.all_drained());
}

TEST_CASE("end to end: a restarted host neither restores early nor forgets what it put down",
          "[system][end-to-end]") {
    Demo demo(fire);
    demo.start();
    REQUIRE(eventually([&] { return demo.reached("videos", Posture::drain); }, long_enough));
    demo.host->kill();
    demo.start_host();
    REQUIRE(eventually([&] {
        const auto host = demo.status(Role::host);
        return host && host->online;
    }));
    REQUIRE(eventually([&] {
        const auto text = demo.posture("text");
        return text && text->held.size() == 2 && text->reached == Posture::drain;
    }));
    CHECK(demo.all_drained());
}

TEST_CASE("end to end: a broker that dies and comes back loses no state", "[system][end-to-end]") {
    Demo demo(fire);
    demo.edit("scenario.toml", "at = \"1s\"", "at = \"8s\"");
    demo.start();
    REQUIRE(eventually([&] { return demo.status(Role::agent) && demo.status(Role::host); }));
    demo.broker.kill();
    demo.broker.start();
    CHECK(eventually([&] { return demo.all_drained(); }, 60s));
    CHECK(eventually([&] {
        return demo.broker.retained(to_string(alarm_topic)).find("clear") != std::string::npos;
    }));
}

TEST_CASE("end to end: programs end with exit 0 when the broker and HAProxy hang",
          "[system][end-to-end]") {
    Demo demo(fire);
    demo.edit("scenario.toml", "at = \"1s\"", "at = \"4s\"");
    demo.start();
    REQUIRE(eventually([&] { return demo.status(Role::agent) && demo.status(Role::host); }));
    demo.broker.freeze();
    demo.haproxy->signal(SIGSTOP);
    demo.sim->signal(SIGSTOP);
    CHECK(demo.agent->stop() == 0);
    CHECK(demo.host->stop() == 0);
    demo.sim->signal(SIGCONT);
    CHECK(demo.sim->stop() == 0);
}

TEST_CASE("end to end: a full disk under the logs stops nobody", "[system][end-to-end]") {
    Demo demo(fire_and_mains);
    demo.edit("room.toml", "log = \"world.csv\"", "log = \"/dev/full\"");
    demo.start_haproxy();
    demo.start_sim();
    const auto with_full_disk = [&](const std::string& program, const std::string& config) {
        return std::make_unique<Process>(
            "/bin/sh",
            std::vector<std::string>{"-c", "exec \"$0\" run --config \"$1\" 2>/dev/full",
                                     std::string(FIREBREAK_BIN_DIR) + "/firebreak-" + program,
                                     demo.path(config)},
            std::map<std::string, std::string>{
                {"FIREBREAK_PROFILES", FIREBREAK_SOURCE_DIR "/firmware/profiles"}});
    };
    demo.agent = with_full_disk("agent", "site.toml");
    demo.host = with_full_disk("host", "policy.toml");
    CHECK(eventually([&] { return demo.all_drained(); }, long_enough));
    CHECK(eventually([&] { return demo.reached("photos-racks", Posture::shed); }, long_enough));
    CHECK(demo.agent->stop() == 0);
    CHECK(demo.host->stop() == 0);
    CHECK(demo.sim->running());
}
