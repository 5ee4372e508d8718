// A stage for firebreak-host as a process: a real broker, a real haproxy, and a room that the test
// plays. Everything stands in a folder of its own and ends with the stage.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "host/actuate/haproxy.hpp"
#include "tests/catch.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class HostStage {
public:
    /// `more`: policy text, put before its first table.
    HostStage(std::string program, const std::string& more) : binary(std::move(program)) {
        folder.write("haproxy.cfg",
                     fmt::format("global\n  stats socket {} level admin\n"
                                 "defaults\n  mode http\n  timeout client 5s\n"
                                 "  timeout server 5s\n  timeout connect 1s\nbackend text\n"
                                 "  server pangyo-a 127.0.0.1:1\n  server pangyo-b 127.0.0.1:1\n"
                                 "  server seoul-a 127.0.0.1:1\n  server seoul-b 127.0.0.1:1\n",
                                 socket()));
        haproxy.emplace("haproxy", std::vector<std::string>{"-W", "-db", "-f", path("haproxy.cfg")});
        folder.write("policy.toml", fmt::format(R"(
site = "seoul"
host = "seoul-1"
armed = true
heartbeat = "500ms"
calm_for = "1s"
{}
[broker]
url = "{}"
[guard]
min_ready = 2
evidence_max_age = "60s"
[[endpoint]]
name = "edge"
haproxy = "{}"
timeout = "10s"
[[target]]
name = "text"
site = "pangyo"
haproxy = {{endpoint = "edge", backend = "text", servers = ["pangyo-a", "pangyo-b"]}}
[[target]]
name = "racks"
site = "pangyo"
outlet = {{agent = "room", outlets = ["rack-a"], after = ["text"]}}
[[rule]]
while = {{site = "pangyo", alarm = "gas"}}
targets = ["text"]
at_least = "drain"
[[rule]]
while = {{site = "pangyo", alarm = "on-battery"}}
targets = ["racks"]
at_least = "shed"
)",
                                                more, broker.url(), socket()));
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder.path() / name).string();
    }
    [[nodiscard]] std::string socket() const { return path("admin.sock"); }

    void start_host() {
        host.emplace(binary, std::vector<std::string>{"run", "--config", path("policy.toml")});
        REQUIRE(eventually([&] { return host_status().online; }));
    }
    [[nodiscard]] Status host_status() const {
        return parse_status(broker.retained(to_string({self, Kind::status, "", ""})))
            .value_or(Status{});
    }
    [[nodiscard]] PostureNotice posture(const std::string& target) const {
        return parse_posture_notice(broker.retained(to_string({self, Kind::posture, target, ""})))
            .value_or(PostureNotice{});
    }
    void beat() {
        Status status;
        status.online = true;
        status.heartbeat_s = 600;
        status.stamp = {"life", ++seq, {}};
        broker.publish(to_string({room, Kind::status, "", ""}), to_json(status), true);
    }
    void alarm(const std::string& name, Phase phase) {
        AlarmNotice notice;
        notice.alarm = name;
        notice.phase = phase;
        notice.stamp = {"life", ++seq, {}};
        broker.publish(to_string({room, Kind::alarm, name, ""}), to_json(notice), true);
    }
    void quiet_day() {
        beat();
        alarm("gas", Phase::clear);
        alarm("on-battery", Phase::clear);
    }
    [[nodiscard]] std::string state(const std::string& server) const {
        const auto states =
            make_haproxy({"edge", socket(), std::chrono::seconds(2)}, {{"text", "text"}}, -1)
                ->observe("text");
        return states && states->contains(server) ? states->at(server) : "";
    }
    [[nodiscard]] bool is(const std::string& wanted) const {
        return state("pangyo-a") == wanted && state("pangyo-b") == wanted;
    }

    const Origin room{"pangyo", Role::agent, "room"};
    const Origin self{"seoul", Role::host, "seoul-1"};
    const std::string binary;
    std::uint64_t seq = 0;
    TempDir folder;
    Mosquitto broker;
    std::optional<Process> haproxy;
    std::optional<Process> host;
};

}  // namespace firebreak
