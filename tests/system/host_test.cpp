// firebreak-host as a process, with a real broker and a real haproxy; the agent is played.
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/system/host_stage.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr const char* host_binary = FIREBREAK_BIN_DIR "/firebreak-host";

struct Stage : HostStage {
    explicit Stage(const std::string& more = "") : HostStage(host_binary, more) {}
};

}  // namespace

TEST_CASE("host: an alarm on the wire drains real servers, calm brings them back",
          "[system][host]") {
    Stage stage;
    stage.start_host();
    stage.quiet_day();
    stage.alarm("gas", Phase::firing);
    CHECK(eventually([&] { return stage.is("drain"); }));
    CHECK(eventually([&] { return stage.posture("text").reached == Posture::drain; }));
    CHECK(stage.posture("text").because == std::vector<std::string>{"pangyo/room/gas"});
    CHECK(stage.state("seoul-a") == "ready");

    for (const auto& payload : {std::string("junk"), std::string(1024 * 1024, 'x')}) {
        stage.folder.write("payload", payload);
        Process publish("mosquitto_pub", {"-p", std::to_string(stage.broker.port()), "-t",
                                          to_string({stage.room, Kind::alarm, "gas", ""}), "-f",
                                          stage.path("payload")});
        CHECK(publish.wait(10s) == 0);
    }
    CHECK(eventually([&] {
        const auto counters = stage.host_status().counters;
        return counters.contains("messages.dropped") && counters.at("messages.dropped") >= 2;
    }));
    CHECK(stage.is("drain"));

    stage.alarm("gas", Phase::clear);
    CHECK(eventually([&] { return stage.is("ready"); }));
    CHECK(eventually([&] { return stage.posture("text").wanted == Posture::normal; }));
    CHECK(stage.posture("text").held.empty());
}

TEST_CASE("host: killed and started anew, it neither forgets nor restores early",
          "[system][host]") {
    Stage stage;
    stage.start_host();
    stage.quiet_day();
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return stage.posture("text").held.size() == 2; }));
    stage.host->kill();
    REQUIRE(eventually([&] { return !stage.host_status().online; }));  // the broker tells its will
    stage.start_host();
    CHECK(eventually([&] {
        const auto notice = stage.posture("text");
        return notice.stamp.boot == stage.host_status().stamp.boot && notice.held.size() == 2;
    }));
    CHECK(stage.is("drain"));
    stage.alarm("gas", Phase::clear);
    CHECK(eventually([&] { return stage.is("ready"); }));
}

TEST_CASE("host: of two, one is killed with servers drained, and the other brings them back",
          "[system][host]") {
    Stage stage("[[peer]]\nsite = \"busan\"\nhost = \"busan-1\"\n");
    stage.quiet_day();
    stage.start_host();
    std::ifstream file(stage.path("policy.toml"));
    std::string policy(std::istreambuf_iterator<char>(file), {});
    for (const auto& [from, to] :
         {std::pair<std::string, std::string>{"site = \"seoul\"\nhost = \"seoul-1\"",
                                              "site = \"busan\"\nhost = \"busan-1\""},
          {"[[peer]]\nsite = \"busan\"\nhost = \"busan-1\"",
           "[[peer]]\nsite = \"seoul\"\nhost = \"seoul-1\""}}) {
        REQUIRE(policy.find(from) != std::string::npos);
        policy.replace(policy.find(from), from.size(), to);
    }
    Process other(host_binary, {"run", "--config", stage.folder.write("other.toml", policy)});
    const auto other_says = [&](const std::string& text) {
        return eventually([&] { return other.err().find(text) != std::string::npos; }, 20s);
    };
    REQUIRE(other_says("event=started"));
    REQUIRE(eventually([&] {
        return !stage.broker.retained("firebreak/1/busan/host/busan-1/posture/text").empty();
    }));
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return stage.is("drain"); }));

    stage.host->kill();
    stage.alarm("gas", Phase::clear);
    INFO(other.err());
    CHECK(eventually([&] { return stage.is("ready"); }, 30s));
    CHECK(other.stop() == 0);
}

TEST_CASE("host: an outlet goes off by command and acknowledgement", "[system][host]") {
    Stage stage;
    Process listen("mosquitto_sub", {"-p", std::to_string(stage.broker.port()), "-q", "1", "-t",
                                     to_string({stage.self, Kind::command, "racks", ""})});
    stage.start_host();
    stage.quiet_day();
    stage.alarm("on-battery", Phase::firing);
    REQUIRE(eventually([&] { return listen.out().find('\n') != std::string::npos; }));
    const auto command = parse_command(listen.out().substr(0, listen.out().find('\n')));
    REQUIRE(command);
    CHECK(command->action == "off");
    CHECK(command->armed);
    CHECK(stage.is("drain"));  // first the traffic
    Ack ack;
    ack.about = "racks";
    ack.id = command->id;
    ack.boot = command->stamp.boot;
    ack.seq = command->stamp.seq;
    ack.stamp = {"life", ++stage.seq, {}};
    stage.broker.publish(to_string({stage.room, Kind::ack, "racks", ""}), to_json(ack));
    CHECK(eventually([&] { return stage.posture("racks").reached == Posture::shed; }));
}

TEST_CASE("host: SIGTERM ends it with 0 though HAProxy hangs and the broker is dead",
          "[system][host]") {
    Stage stage;
    stage.start_host();
    stage.quiet_day();
    SECTION("all is well") {}
    SECTION("both are gone") {
        stage.haproxy->signal(SIGSTOP);
        stage.alarm("gas", Phase::firing);
        stage.broker.kill();
        std::this_thread::sleep_for(300ms);
    }
    SECTION("both hang") {
        stage.haproxy->signal(SIGSTOP);
        stage.alarm("gas", Phase::firing);
        std::this_thread::sleep_for(300ms);
        stage.broker.freeze();
    }
    stage.host->signal(SIGTERM);
    CHECK(stage.host->wait(2s) == 0);
    UNSCOPED_INFO(stage.host->err());
    CHECK(stage.host->err().find("event=stopped") != std::string::npos);
}

TEST_CASE("host: without broker and HAProxy it starts, waits, and works when they come",
          "[system][host]") {
    Stage stage;
    stage.haproxy.reset();
    stage.broker.kill();
    stage.host.emplace(host_binary,
                       std::vector<std::string>{"run", "--config", stage.path("policy.toml")});
    std::this_thread::sleep_for(500ms);
    REQUIRE(stage.host->running());
    stage.broker.start();
    REQUIRE(eventually([&] { return stage.host_status().online; }, 30s));
    stage.quiet_day();
    stage.alarm("gas", Phase::firing);
    CHECK(eventually([&] { return !stage.posture("text").blocked.empty(); }));
    stage.haproxy.emplace("haproxy",
                          std::vector<std::string>{"-db", "-f", stage.path("haproxy.cfg")});
    CHECK(eventually([&] { return stage.is("drain"); }, 35s));
    CHECK(eventually([&] { return stage.posture("text").blocked.empty(); }));
}

TEST_CASE("host: wrong configuration ends with 2 and says where", "[system][host]") {
    const TempDir folder;
    const auto file = folder.write("policy.toml", "site = \"seoul\"\nhost = 7\n");
    for (const auto& words : {std::vector<std::string>{"check", file},
                              std::vector<std::string>{"run", "--config", file}}) {
        Process host(host_binary, words);
        CHECK(host.wait(10s) == 2);
        CHECK(host.err().find(file + ":2:") != std::string::npos);
    }
    Process check(host_binary, {"check", FIREBREAK_SOURCE_DIR "/sim/demo/policy.toml"});
    CHECK(check.wait(10s) == 0);
    CHECK(check.out().find("at least drain while") != std::string::npos);
}
