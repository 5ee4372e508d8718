// The same agent and host on brokers of three nodes, NATS and RabbitMQ, whose leader is killed in
// the middle of a burst of alarms.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/free_port.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string bin = FIREBREAK_BIN_DIR;
const std::string scripts = FIREBREAK_SOURCE_DIR "/docs/scale/";
const Origin room{"pangyo", Role::agent, "battery.room"};  // with a dot, which neither can carry

constexpr int alarms = 8;
constexpr int changes = 40;  ///< of the gas, which then is out
constexpr auto every = 250ms;

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

class Cluster {
public:
    explicit Cluster(const std::string& script)
        : script_(scripts + script),
          port_(free_ports(10)),
          process_(script_, {folder_.path().string(), std::to_string(port_)}) {
        const auto ready = folder_.path() / "ready";
        const bool began =
            eventually([&] { return std::filesystem::exists(ready) || !process_.running(); }, 240s);
        if (!began || !process_.running()) {
            throw std::runtime_error(script + " does not start: " + process_.err());
        }
    }
    ~Cluster() {
        if (process_.running()) (void)process_.stop(30s);
    }
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    /// 1 to 3
    [[nodiscard]] int leader() const {
        int leads = 0;
        const bool found = eventually(
            [&] {
                Process asks(script_, {folder_.path().string(), "leader"});
                if (asks.wait(30s) != 0) return false;
                for (int node = 1; node <= 3; ++node) {
                    if (pid_of(node) == std::stoi(asks.out())) leads = node;
                }
                return leads != 0;
            },
            60s);
        if (!found) throw std::runtime_error("nobody leads");
        return leads;
    }
    void kill(int node) const { ::kill(pid_of(node), SIGKILL); }
    [[nodiscard]] std::uint16_t port(int node) const {
        return static_cast<std::uint16_t>(port_ + node - 1);
    }
    /// As TOML; `first` is tried first.
    [[nodiscard]] std::string urls(int first) const {
        std::string out;
        for (int i = 0; i < 3; ++i) {
            out += fmt::format("\"mqtt://127.0.0.1:{}\", ", port((first - 1 + i) % 3 + 1));
        }
        return '[' + out + ']';
    }

private:
    [[nodiscard]] pid_t pid_of(int node) const {
        return std::stoi(read(folder_.path() / std::to_string(node) / "pid"));
    }

    TempDir folder_;
    std::string script_;
    std::uint16_t port_;
    Process process_;
};

/// Eight alarms on one gas sign that comes and goes and at last stays; a host that drains on them.
class Site {
public:
    explicit Site(const std::string& urls) {
        const auto modbus = free_port();
        const auto broker = fmt::format(
            "[broker]\nurls = {}\nversion = \"3.1.1\"\nkeep_alive = \"20s\"\ndot = \"~\"\n", urls);
        std::string site = fmt::format(R"(site = "pangyo"
agent = "battery.room"
hosts = ["seoul-1", "seoul-2"]
state = "state"
heartbeat = "1s"
{}[[bus]]
name = "lan"
tcp = "127.0.0.1:{}"
[[device]]
name = "fire1"
profile = "fire-panel"
bus = "lan"
unit = 1
period = "50ms"
)",
                                       broker, modbus);
        for (int i = 0; i < alarms; ++i) {
            site += fmt::format(
                "[[alarm]]\nname = \"gas{}\"\nseverity = \"critical\"\n[[alarm.when]]\n"
                "device = \"fire1\"\nmeasure = \"fire.gas.discharged\"\nequals = 1\n",
                i);
        }
        folder_.write("site.toml", site);
        folder_.write("room.toml",
                      "site = \"site.toml\"\nscenario = \"story.toml\"\nlog = \"room.csv\"\n"
                      "[servers]\nfirst_port = 1\n");
        std::string story =
            "title = \"gas\"\nsource = \"this test\"\nt0 = \"15:00\"\nbegins = \"0s\"\n"
            "ends = \"1h\"\n[[start]]\ndevice = \"fire1\"\n"
            "values = {\"fire.gas.discharged\" = 0}\n";
        for (int i = 1; i < changes; ++i) {
            story += fmt::format(
                "[[change]]\nat = \"{}ms\"\ndevice = \"fire1\"\n"
                "measure = \"fire.gas.discharged\"\nto = {}\n",
                500 + i * every.count(), i % 2);
        }
        folder_.write("story.toml", story);
        for (const char* host : {"seoul-1", "seoul-2"}) write_host(host, broker);
    }

    [[nodiscard]] std::unique_ptr<Process> start(const std::string& program,
                                                 const std::string& file) const {
        return std::make_unique<Process>(bin + '/' + program,
                                         std::vector<std::string>{"run", "--config", path(file)});
    }
    [[nodiscard]] bool drained(const std::string& host) const {
        return read(path(host + ".state")) == "a drain\n";
    }

private:
    /// What it drains is a word in a file.
    void write_host(const std::string& name, const std::string& broker) {
        const auto state = folder_.write(name + ".state", "a ready\n");
        const auto program =
            folder_.write(name + ".sh", fmt::format("#!/bin/sh\n[ \"$1\" = show ] && exec cat {0}\n"
                                                    "echo \"$4 $3\" > {0}.new && mv {0}.new {0}\n",
                                                    state));
        std::filesystem::permissions(program, std::filesystem::perms(0755));
        folder_.write(name + ".toml", fmt::format(R"(site = "seoul"
host = "{}"
armed = true
{}[guard]
min_ready = 0
[[endpoint]]
name = "edge"
exec = "{}"
[[target]]
name = "text"
site = "pangyo"
exec = {{endpoint = "edge", items = ["a"], as = "servers"}}
[[rule]]
while = {{site = "pangyo", agent = "battery.room", alarm = "gas3"}}
targets = ["text"]
at_least = "drain"
)",
                                                  name, broker, program));
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    TempDir folder_;
};

/// A subscriber of the agent's events, there once constructed: nothing is kept for who is not.
class Dashboard {
public:
    explicit Dashboard(std::uint16_t port)
        : process_("stdbuf", {"-oL", "mosquitto_sub", "-d", "-V", "mqttv311", "-h", "127.0.0.1",
                              "-p", std::to_string(port), "-q", "1", "-t",
                              "firebreak/1/pangyo/agent/battery~room/event"}) {
        const bool subscribed = eventually(
            [&] { return process_.out().find("\nSubscribed (mid: ") != std::string::npos; }, 60s);
        if (!subscribed) throw std::runtime_error("nobody subscribes: " + process_.out());
    }

    /// What it was told of each alarm: each event once, in the order of their first coming.
    const std::map<std::string, std::vector<AlarmEvent>>& told() {
        const auto lines = process_.out();
        for (auto end = lines.find('\n', read_); end != std::string::npos;
             end = lines.find('\n', read_)) {
            const auto event = parse_event(lines.substr(read_, end - read_));
            read_ = end + 1;
            if (!event || !heard_.insert({event->stamp.boot, event->stamp.seq}).second) continue;
            told_[event->alarm].push_back(*event);
        }
        return told_;
    }
    /// Of each alarm at least so many.
    [[nodiscard]] bool was_told(std::size_t events) {
        return told().size() == alarms &&
               std::all_of(told_.begin(), told_.end(),
                           [&](const auto& alarm) { return alarm.second.size() >= events; });
    }

private:
    Process process_;
    std::size_t read_ = 0;  ///< of its output
    std::set<std::pair<std::string, std::uint64_t>> heard_;
    std::map<std::string, std::vector<AlarmEvent>> told_;
};

void plays_through(const std::string& kind) {
    const Cluster cluster(kind);
    // A node is to be led away from: somebody must have been there before anybody leads.
    Process opens("mosquitto_pub",
                  {"-V", "mqttv311", "-h", "127.0.0.1", "-p", std::to_string(cluster.port(1)), "-q",
                   "1", "-t", "firebreak/x", "-m", "x"});
    REQUIRE(opens.wait(60s) == 0);
    const int leader = cluster.leader();
    const Site site(cluster.urls(leader));
    Dashboard dashboard(cluster.port(leader % 3 + 1));
    const auto host = site.start("firebreak-host", "seoul-1.toml");
    const auto agent = site.start("firebreak-agent", "site.toml");
    const auto sim = site.start("firebreak-sim", "room.toml");
    REQUIRE(eventually([&] { return dashboard.was_told(1); }, 60s));
    cluster.kill(leader);

    const bool told_all = eventually([&] { return dashboard.was_told(changes); }, 180s);
    {
        INFO(agent->err());
        CHECK(told_all);
    }
    for (const auto& [alarm, told] : dashboard.told()) {
        std::string order;
        for (const auto& event : told) order += ' ' + std::to_string(event.stamp.seq);
        INFO(alarm << " in the order" << order);
        CHECK(told.front().from == Phase::unknown);
        for (std::size_t i = 1; i < told.size(); ++i) CHECK(told[i].from == told[i - 1].to);
        CHECK(told.back().to == Phase::firing);
    }
    const bool drained = eventually([&] { return site.drained("seoul-1"); }, 60s);
    INFO(host->err());
    CHECK(drained);

    // One that comes later learns what is: RabbitMQ hands over nothing retained below a wildcard.
    const auto late = site.start("firebreak-host", "seoul-2.toml");
    const bool late_drained = eventually([&] { return site.drained("seoul-2"); }, 60s);
    INFO(late->err());
    CHECK(late_drained);
    CHECK(late->stop() == 0);
    CHECK(agent->stop() == 0);
    CHECK(host->stop() == 0);
}

}  // namespace

TEST_CASE("cluster: NATS loses its leader in a burst, and no transition is lost",
          "[system][cluster]") {
    plays_through("nats");
}

TEST_CASE("cluster: RabbitMQ loses its leader in a burst, and no transition is lost",
          "[system][cluster]") {
    plays_through("rabbitmq");
}
