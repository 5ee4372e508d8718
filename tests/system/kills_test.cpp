// Agent, broker and host killed at random, 200 times, while 100 alarms make 20,000 transitions.
#include <fmt/format.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/store/store.hpp"
#include "tests/broker/link_client.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string bin = FIREBREAK_BIN_DIR;
const Origin room{"pangyo", Role::agent, "room"};
constexpr int alarms = 100;
constexpr int kills = 200;
constexpr std::size_t transitions = 20'000;

/// A hundred alarms on one sign, and a host that drains while one of them is active.
class Site {
public:
    explicit Site(const std::string& url) {
        const auto modbus = free_port();
        std::string site = fmt::format(R"(site = "pangyo"
agent = "room"
hosts = ["seoul"]
state = "state"
heartbeat = "1s"
[broker]
url = "{}"
[[bus]]
name = "lan"
tcp = "127.0.0.1:{}"
[[device]]
name = "fire1"
profile = "fire-panel"
bus = "lan"
unit = 1
period = "50ms"
)",
                                       url, modbus);
        for (int i = 0; i < alarms; ++i) {
            site += fmt::format(
                "[[alarm]]\nname = \"gas{}\"\nseverity = \"critical\"\n[[alarm.when]]\n"
                "device = \"fire1\"\nmeasure = \"fire.gas.discharged\"\nequals = 1\n",
                i);
        }
        folder_.write("site.toml", site);
        write_room("restless", 2'000);
        write_room("burning", 1);
        write_host(url);
    }

    [[nodiscard]] std::unique_ptr<Process> start(const std::string& program,
                                                 const std::string& file) const {
        return std::make_unique<Process>(
            bin + "/firebreak-" + program,
            std::vector<std::string>{"run", "--config", (folder_.path() / file).string()});
    }
    /// What nobody has taken yet; only while no agent runs.
    [[nodiscard]] std::vector<Record> kept() const {
        return make_sqlite_store((folder_.path() / "state" / "pangyo.room.db").string())
            ->load()
            .records;
    }
    [[nodiscard]] std::string drained() const {
        std::ifstream in(folder_.path() / "text.state");
        std::string line;
        std::getline(in, line);
        return line;
    }

private:
    /// The gas is out at the start and changes every half second, `changes` times.
    void write_room(const std::string& name, int changes) const {
        folder_.write(name + ".toml",
                      fmt::format("site = \"site.toml\"\nscenario = \"{0}-story.toml\"\n"
                                  "log = \"{0}.csv\"\n[servers]\nfirst_port = 1\n",
                                  name));
        std::string story =
            "title = \"gas\"\nsource = \"this test\"\nt0 = \"15:00\"\nbegins = \"0s\"\n"
            "ends = \"1h\"\n[[start]]\ndevice = \"fire1\"\n"
            "values = {\"fire.gas.discharged\" = 1}\n";
        for (int i = 1; i < changes; ++i) {
            story += fmt::format(
                "[[change]]\nat = \"{}ms\"\ndevice = \"fire1\"\n"
                "measure = \"fire.gas.discharged\"\nto = {}\n",
                i * 500, (i + 1) % 2);
        }
        folder_.write(name + "-story.toml", story);
    }

    /// What it drains is a word in a file.
    void write_host(const std::string& url) const {
        const auto state = folder_.write("text.state", "a ready\n");
        const auto program =
            folder_.write("text.sh", fmt::format("#!/bin/sh\n[ \"$1\" = show ] && exec cat {0}\n"
                                                 "echo \"$4 $3\" > {0}.$$ && mv {0}.$$ {0}\n",
                                                 state));
        std::filesystem::permissions(program, std::filesystem::perms(0755));
        folder_.write("host.toml", fmt::format(R"(site = "seoul"
host = "seoul"
armed = true
[broker]
url = "{}"
[guard]
min_ready = 0
[[endpoint]]
name = "edge"
exec = "{}"
[[target]]
name = "text"
site = "pangyo"
exec = {{endpoint = "edge", items = ["a"], as = "servers"}}
[[rule]]
while = {{site = "pangyo", agent = "room", alarm = "gas7"}}
targets = ["text"]
at_least = "drain"
)",
                                               url, program));
    }

    TempDir folder_;
};

/// Hears every event, over a broker that dies: what reached it before is read to the end, and it
/// is back before anybody else, for mosquitto keeps nothing that it has not told.
class Dashboard {
public:
    using Name = std::pair<std::string, std::uint64_t>;  ///< of an event: boot and seq

    explicit Dashboard(const Mosquitto& broker) : broker_(broker) { comes(); }

    void comes() {
        client_ = std::make_unique<Client>(
            broker_.url(),
            std::vector<std::string>{filter(room.site, Role::agent, room.id, Kind::event)},
            "dashboard");
        if (!client_->comes_up()) throw std::runtime_error("the dashboard has no broker");
    }
    void goes() {
        if (!client_->goes_down()) throw std::runtime_error("the dashboard misses nothing");
        take();
        client_.reset();
    }
    [[nodiscard]] bool heard(const Name& event) const { return heard_.contains(event); }
    void listen(Duration time) {
        (void)client_->until([] { return false; }, time);
        take();
    }

    std::map<std::string, std::vector<AlarmEvent>> told;  ///< each once, as first heard
    std::size_t count = 0;

private:
    void take() {
        for (const auto& message : client_->arrived) {
            const auto event = parse_event(message.payload);
            if (!event || !heard_.insert({event->stamp.boot, event->stamp.seq}).second) continue;
            told[event->alarm].push_back(*event);
            ++count;
        }
        client_->arrived.clear();
    }

    const Mosquitto& broker_;
    std::set<Name> heard_;
    std::unique_ptr<Client> client_;
};

/// The whole of it, of which one at a time is killed and started again.
struct Scene {
    Mosquitto broker{Mosquitto::At::once, "max_inflight_messages 0\nmax_queued_messages 0\n"};
    Site site{broker.url()};
    Dashboard dashboard{broker};
    std::set<Dashboard::Name> owed;  ///< events that were on the agent's disk when it died
    std::unique_ptr<Process> sim = site.start("sim", "restless.toml");
    std::unique_ptr<Process> host = site.start("host", "host.toml");
    std::unique_ptr<Process> agent = site.start("agent", "site.toml");

    void kill(unsigned long which) {
        if (which == 0) {
            agent->kill();
            for (const auto& record : site.kept()) {
                if (const auto event = parse_event(record.message.payload)) {
                    owed.insert({event->stamp.boot, event->stamp.seq});
                }
            }
            agent = site.start("agent", "site.toml");
        } else if (which == 1) {
            host->kill();
            host = site.start("host", "host.toml");
        } else {
            agent->signal(SIGSTOP);
            broker.kill();
            dashboard.goes();
            broker.start();
            dashboard.comes();
            agent->signal(SIGCONT);
        }
    }
};

}  // namespace

TEST_CASE("kills: over 200 deaths of agent, broker and host no transition is lost or out of order",
          "[system][kills]") {
    Scene scene;
    auto& dashboard = scene.dashboard;
    std::minstd_rand random(20221015);
    const auto patience = std::chrono::steady_clock::now() + 10min;
    for (int killed = 0; killed < kills || dashboard.count < transitions;) {
        REQUIRE(std::chrono::steady_clock::now() < patience);
        dashboard.listen(std::chrono::milliseconds(50 + random() % 400));
        if (killed < kills) scene.kill(random() % 3);
        ++killed;
    }
    scene.sim->kill();
    scene.sim = scene.site.start("sim", "burning.toml");

    const auto all_fire = [&] {
        dashboard.listen(100ms);
        return dashboard.told.size() == alarms &&
               std::all_of(dashboard.told.begin(), dashboard.told.end(),
                           [](const auto& each) { return each.second.back().to == Phase::firing; });
    };
    INFO(scene.agent->err());
    CHECK(eventually(all_fire, 120s));
    for (const auto& [alarm, told] : dashboard.told) {
        std::string broken;
        for (std::size_t i = 1; i < told.size(); ++i) {
            // A new life looks for itself what is; within one nothing may be missing.
            const bool reborn = told[i].stamp.boot != told[i - 1].stamp.boot;
            if (told[i].from == (reborn ? Phase::unknown : told[i - 1].to)) continue;
            broken +=
                fmt::format(" {} of {}: {} -> {} after {} of {}", told[i].stamp.seq,
                            told[i].stamp.boot, to_string(told[i].from), to_string(told[i].to),
                            told[i - 1].stamp.seq, told[i - 1].stamp.boot);
        }
        INFO(alarm << broken);
        CHECK(broken.empty());
        const auto retained =
            parse_alarm(scene.broker.retained(to_string(Topic{room, Kind::alarm, alarm, ""})));
        CHECK((retained && retained->phase == told.back().to));
    }
    CHECK(scene.owed.size() > 1000);
    CHECK(std::all_of(scene.owed.begin(), scene.owed.end(),
                      [&](const auto& event) { return dashboard.heard(event); }));
    CHECK(eventually([&] { return scene.site.drained() == "a drain"; }, 60s));
}
