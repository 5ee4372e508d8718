// Operators and power cuts on real processes: the agent, its simulator, mosquitto, and a disk.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

const std::string bin = FIREBREAK_BIN_DIR;
const Origin me{"here", Role::agent, "room"};

/// Gas that comes and goes: at 1 s, and from then on every half second, five times in all.
std::string story() {
    std::string text = R"(
title = "gas"
source = "this test"
t0 = "15:00"
begins = "0s"
ends = "1h"
[[start]]
device = "fire1"
values = {"fire.gas.discharged" = 0}
)";
    for (int i = 0; i < 5; ++i) {
        text += "[[change]]\nat = \"" + std::to_string(1000 + 500 * i) +
                "ms\"\ndevice = \"fire1\"\nmeasure = \"fire.gas.discharged\"\nto = " +
                std::to_string((i + 1) % 2) + "\n";
    }
    return text;
}

class Room {
public:
    Room() : broker(Mosquitto::At::later) {
        folder_.write("site.toml", R"(
site = "here"
agent = "room"
state = "state"
[broker]
url = ")" + broker.url() + R"("
[[bus]]
name = "lan"
tcp = "127.0.0.1:)" + std::to_string(port_) +
                                       R"("
timeout = "200ms"
[[device]]
name = "fire1"
profile = "fire-panel"
bus = "lan"
unit = 1
period = "50ms"
[[alarm]]
name = "gas"
severity = "critical"
[[alarm.when]]
device = "fire1"
measure = "fire.gas.discharged"
equals = 1
[[alarm]]
name = "latched"
latch = true
priority = 990
[[alarm.when]]
device = "fire1"
measure = "fire.gas.discharged"
equals = 1
[[alarm]]
name = "quiet"
[[alarm.when]]
device = "fire1"
silent = true
)");
        folder_.write("room.toml", R"(
site = "site.toml"
scenario = "story.toml"
log = "room.csv"
[servers]
first_port = 1
)");
        folder_.write("story.toml", story());
    }
    void start_sim() {
        sim = std::make_unique<Process>(
            bin + "/firebreak-sim", std::vector<std::string>{"run", "--config", path("room.toml")});
        REQUIRE(eventually([this] { return accepts(port_); }));
    }
    void start_agent() {
        agent.reset();
        agent = std::make_unique<Process>(
            bin + "/firebreak-agent",
            std::vector<std::string>{"run", "--config", path("site.toml")});
    }
    /// SIGKILL: the power is cut.
    void cut() { agent->kill(); }

    struct Said {
        int code = -1;
        std::string out, err;
    };
    [[nodiscard]] Said asks(std::vector<std::string> words) const {
        words.insert(words.begin(), "alarm");
        words.insert(words.end(), {"--config", path("site.toml")});
        Process process(bin + "/firebreak-agent", words);
        const auto code = process.wait(30s);
        return {code.value_or(-1), process.out(), process.err()};
    }
    [[nodiscard]] std::optional<AlarmNotice> notice(const std::string& alarm) const {
        const auto notice = parse_alarm(broker.retained(to_string({me, Kind::alarm, alarm, ""})));
        return notice ? std::optional(*notice) : std::nullopt;
    }
    [[nodiscard]] bool comes_up() const {
        return eventually([this] {
            const auto got = parse_status(broker.retained(to_string({me, Kind::status, "", ""})));
            return got && got->online;
        });
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }
    [[nodiscard]] std::size_t lines(const std::string& what) const {
        std::size_t count = 0;
        const auto text = agent->err();
        for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
            ++count;
        }
        return count;
    }

    Mosquitto broker;
    std::unique_ptr<Process> sim, agent;

private:
    TempDir folder_;
    std::uint16_t port_ = free_port();
};

std::vector<AlarmEvent> events(const std::string& lines) {
    std::vector<AlarmEvent> out;
    for (std::size_t at = 0, end = 0; (end = lines.find('\n', at)) != std::string::npos;
         at = end + 1) {
        const auto event = parse_event(std::string_view(lines).substr(at, end - at));
        if (event) out.push_back(*event);
    }
    return out;
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("operator: what was asked over the broker survives a power cut and a lost broker",
          "[broker][operator]") {
    Room room;
    room.broker.start();
    room.start_sim();
    room.start_agent();
    REQUIRE(room.comes_up());
    REQUIRE(eventually([&] {
        const auto gas = room.notice("gas");
        return gas && is_active(gas->phase) && room.notice("latched")->latched;
    }));
    CHECK(room.asks({"ack", "latched", "--by", "kim"}).code == 0);
    CHECK(room.asks({"shelve", "quiet", "--for", "1h", "--by", "lee"}).code == 0);
    CHECK(room.asks({"out-of-service", "gas", "--by", "lee"}).code == 0);
    room.cut();
    room.broker.kill();  // and with it all that was retained
    room.broker.start();
    room.start_agent();
    REQUIRE(room.comes_up());
    REQUIRE(eventually([&] { return room.notice("gas") && room.notice("latched"); }));
    const auto latched = *room.notice("latched");
    CHECK(latched.latched);
    CHECK(latched.acknowledged);
    REQUIRE(latched.acknowledge);
    CHECK(latched.acknowledge->by == "kim");
    CHECK(latched.priority == 990);
    const auto quiet = *room.notice("quiet");
    CHECK(quiet.shelved);
    REQUIRE(quiet.shelve);
    CHECK(quiet.shelve->by == "lee");
    const auto gas = *room.notice("gas");
    REQUIRE(gas.out_of_service);
    CHECK(gas.out_of_service->by == "lee");
    CHECK(gas.silenced);

    const auto back = room.asks({"in-service", "gas", "--by", "lee"});
    CHECK(back.code == 0);
    CHECK(back.out == "gas: done, in service\n");
    CHECK(room.asks({"in-service", "gas", "--by", "lee"}).out ==
          "gas: already, was so before: in service\n");
    CHECK(room.agent->stop() == 0);
}

TEST_CASE("operator: transitions made while the broker was away come in order, over a power cut",
          "[broker][operator]") {
    Room room;
    room.start_agent();  // before the sensors: it sees every change
    room.start_sim();
    REQUIRE(eventually([&] { return room.lines("gas clear -> firing") >= 3; }, 30s));
    // By then the disk has all but what it was asked for last.
    room.cut();
    room.broker.start();
    Process listener("mosquitto_sub",
                     {"-h", "127.0.0.1", "-p", std::to_string(room.broker.port()), "-q", "1", "-v",
                      "-t", "firebreak/1/here/agent/room/event", "-F", "%p"});
    REQUIRE(room.broker.publish("firebreak/1/here/agent/room/event", "ready"));
    REQUIRE(eventually([&] {
        return says(listener.out(), "ready") ||
               !room.broker.publish("firebreak/1/here/agent/room/event", "ready");
    }));
    room.start_agent();
    REQUIRE(room.comes_up());
    std::vector<AlarmEvent> got;
    const auto of_first_life = [&] {
        got = events(listener.out());
        const auto boot = got.empty() ? "" : got.front().stamp.boot;
        std::erase_if(got, [&boot](const AlarmEvent& event) {
            return event.alarm != "gas" || event.stamp.boot != boot;
        });
        return got.size();
    };
    REQUIRE(eventually([&] { return of_first_life() >= 5; }));
    // unknown -> clear, then up and down; each begins where the one before has ended
    for (std::size_t i = 1; i < got.size(); ++i) {
        CHECK(got[i].stamp.seq > got[i - 1].stamp.seq);
        CHECK(got[i].from == got[i - 1].to);
    }
    CHECK(room.agent->stop() == 0);
}

TEST_CASE("operator: a file of garbage for a store is moved aside, said, and the agent goes on",
          "[broker][operator]") {
    Room room;
    std::filesystem::create_directories(room.path("state"));
    std::ofstream(room.path("state/here.room.db")) << std::string(9000, '?');
    room.broker.start();
    room.start_sim();
    room.start_agent();
    REQUIRE(room.comes_up());
    CHECK(room.lines("store_failed") >= 1);
    CHECK(says(room.agent->err(), "here.room.db.corrupt-1"));
    CHECK(std::filesystem::exists(room.path("state/here.room.db.corrupt-1")));
    CHECK(room.asks({"out-of-service", "gas", "--by", "kim"}).code == 0);
    room.cut();
    room.start_agent();
    CHECK(eventually([&] {
        const auto listed = room.asks({"show", "gas"});
        return listed.code == 0 && says(listed.out, "out of service by kim");
    }));
    CHECK(room.agent->stop() == 0);
}

TEST_CASE("operator: the verb says what it cannot do, and its exit code tells it",
          "[broker][operator]") {
    Room room;
    const auto nobody = room.asks({"list", "--wait", "500ms"});
    CHECK(nobody.code == 1);
    CHECK(says(nobody.err, "no word of here/room"));
    CHECK(room.asks({"explode", "gas"}).code == 2);
    CHECK(room.asks({"ack", "gas"}).code == 2);  // by whom?
    const auto typo = room.asks({"ack", "gass", "--by", "kim"});
    CHECK(typo.code == 2);
    CHECK(says(typo.err, "did you mean gas?"));

    room.broker.start();
    room.start_agent();  // no sensors: nothing is known, and later silence
    REQUIRE(room.comes_up());
    const auto refused = room.asks({"ack", "gas", "--by", "kim"});
    CHECK(refused.code == 1);
    CHECK(refused.out == "gas: refused, it is not active\n");
    const auto list = room.asks({"list"});
    CHECK(list.code == 0);
    CHECK(says(list.out, "unknown  critical  800  gas"));
    const auto json = room.asks({"list", "gas", "--json"});
    CHECK(says(json.out, "{\"topic\":\"firebreak/1/here/agent/room/alarm/gas\",\"payload\":{"));
    CHECK(room.agent->stop() == 0);
    const auto gone = room.asks({"ack", "gas", "--by", "kim"});
    CHECK(gone.code == 1);
    CHECK(says(gone.err, "is not running: nothing was asked"));
}

}  // namespace firebreak
