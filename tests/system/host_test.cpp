// firebreak-host as a process, with a real broker and a real haproxy; the agent is played.
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/peers/kube_api.hpp"
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
        CHECK(publish.wait(60s) == 0);
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

TEST_CASE("host: a HAProxy that is reloaded in mid-drain has forgotten it, and is drained again",
          "[system][host]") {
    Stage stage;
    stage.start_host();
    stage.quiet_day();
    stage.alarm("gas", Phase::firing);
    REQUIRE(eventually([&] { return stage.posture("text").reached == Posture::drain; }));
    for (int reload = 0; reload < 3; ++reload) {
        const auto before = stage.host->err().size();
        stage.haproxy->signal(SIGUSR2);  // the master starts a new worker with -sf
        CHECK(eventually(
            [&] {
                return stage.host->err().find("event=changed-by-others", before) !=
                       std::string::npos;
            },
            30s));
        CHECK(eventually([&] { return stage.is("drain"); }, 30s));
        CHECK(eventually([&] { return stage.posture("text").held.size() == 2; }, 30s));
    }
    stage.alarm("gas", Phase::clear);
    CHECK(eventually([&] { return stage.is("ready"); }, 30s));
    CHECK(stage.haproxy->running());
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

TEST_CASE("host: whatever acknowledges is commanded over MQTT, and given back", "[system][host]") {
    Stage stage(R"(
[[target]]
name = "lift"
site = "pangyo"
mqtt = {agent = "door-control", items = ["east"], as = "servers"}
[[rule]]
while = {site = "pangyo", alarm = "smoke"}
targets = ["lift"]
at_least = "drain"
)");
    const Origin door{"pangyo", Role::agent, "door-control"};
    Process listen("mosquitto_sub", {"-p", std::to_string(stage.broker.port()), "-q", "1", "-t",
                                     to_string({stage.self, Kind::command, "lift", ""})});
    stage.start_host();
    stage.quiet_day();
    const auto answer_next = [&](const std::string& action, std::size_t from) {
        std::optional<Command> command;
        REQUIRE(eventually([&] {
            const auto text = listen.out();
            for (auto at = from; text.find('\n', at) != std::string::npos;) {
                const auto end = text.find('\n', at);
                const auto said = parse_command(text.substr(at, end - at));
                if (said && said->action == action) command = *said;
                at = end + 1;
            }
            return command.has_value();
        }));
        CHECK(command->item == "east");
        CHECK(command->armed);
        Ack ack;
        ack.about = "lift";
        ack.id = command->id;
        ack.boot = command->stamp.boot;
        ack.seq = command->stamp.seq;
        ack.stamp = {"door-1", ++stage.seq, {}};
        stage.broker.publish(to_string({door, Kind::ack, "lift", ""}), to_json(ack));
    };
    stage.alarm("smoke", Phase::firing);
    answer_next("drain", 0);
    CHECK(eventually([&] { return stage.posture("lift").reached == Posture::drain; }));
    CHECK(stage.posture("lift").held == std::vector<std::string>{"east"});
    stage.alarm("smoke", Phase::clear);
    answer_next("ready", 0);
    CHECK(eventually([&] { return stage.posture("lift").held.empty(); }));
}

TEST_CASE("host: a Kubernetes node is emptied as its budgets allow, and given back by a later life",
          "[system][host]") {
    KubeApiDouble api;
    const TempDir folder;
    api.add_node("n1");
    api.add_node("n2");
    api.add_pod({"web", "n1"});
    api.add_pod({"db", "n1", 1000, "tight"});
    api.set_budget("tight", 0);
    api.edit_node("n2", R"({"spec":{"unschedulable":true}})");  // by a person
    Stage stage(fmt::format(R"(
[[endpoint]]
name = "cluster"
kubernetes = "{}"
token_file = "{}"
[[target]]
name = "pods"
site = "pangyo"
kubernetes = {{endpoint = "cluster", nodes = ["n[1-2]"]}}
[[rule]]
while = {{site = "pangyo", alarm = "smoke"}}
targets = ["pods"]
at_least = "drain"
)",
                            api.url(), folder.write("token", KubeApiDouble::token)));
    stage.start_host();
    stage.quiet_day();
    stage.alarm("smoke", Phase::firing);
    CHECK(eventually([&] {
        return stage.posture("pods").blocked.find("disruption budget") != std::string::npos;
    }));
    CHECK(api.pods("n1") == std::vector<std::string>{"db"});
    CHECK(stage.posture("pods").reached < Posture::drain);
    stage.host->kill();
    stage.start_host();
    api.set_budget("tight", 1);
    CHECK(eventually([&] { return stage.posture("pods").reached == Posture::drain; }, 60s));
    CHECK(stage.posture("pods").held == std::vector<std::string>{"n1"});
    stage.alarm("smoke", Phase::clear);
    CHECK(eventually([&] { return api.node("n1").find("unschedulable") == std::string::npos; }));
    CHECK(eventually([&] { return stage.posture("pods").held.empty(); }));
    CHECK(api.node("n2").find("unschedulable") != std::string::npos);
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
        CHECK(host.wait(60s) == 2);
        CHECK(host.err().find(file + ":2:") != std::string::npos);
    }
    Process check(host_binary, {"check", FIREBREAK_SOURCE_DIR "/sim/demo/policy.toml"});
    CHECK(check.wait(60s) == 0);
    CHECK(check.out().find("at least drain while") != std::string::npos);
}
