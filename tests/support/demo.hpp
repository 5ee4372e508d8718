// The whole demo in a folder of its own, for the system ring: broker, HAProxy, simulator,
// agent and host as real processes on free loopback ports, from the files in sim/demo.
// Every process is started by the test, so that it can also be absent, killed or late.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "contract/posture.hpp"
#include "contract/status.hpp"
#include "contract/topic.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class Demo {
public:
    /// `changes` are the scenario's [[change]] and [[fault]] blocks.
    explicit Demo(const std::string& changes);

    void start_haproxy();
    void start_sim();
    void start_agent();
    void start_host();
    /// All of them, in that order.
    void start();

    /// Replaces text in one of the room's files ("site.toml", …) before its program starts.
    void edit(const std::string& file, const std::string& from, const std::string& to) const;

    /// Server name to "ready", "drain", "maint" or "down", as HAProxy itself says; {} if absent.
    [[nodiscard]] std::map<std::string, std::string> servers(const std::string& backend) const;
    /// Whether HAProxy says that every server of the burning site is drained.
    [[nodiscard]] bool all_drained() const;
    [[nodiscard]] std::optional<PostureNotice> posture(const std::string& target) const;
    [[nodiscard]] std::optional<Status> status(Role role) const;
    [[nodiscard]] std::optional<Ack> outlet_ack(const std::string& target) const;
    /// What the room's log says so far.
    [[nodiscard]] std::string world() const;
    /// Whether the target has reached at least this posture.
    [[nodiscard]] bool reached(const std::string& target, Posture posture) const;

    [[nodiscard]] std::string path(const std::string& file) const;

    Mosquitto broker;
    std::unique_ptr<Process> haproxy, sim, agent, host;

private:
    void write_haproxy_cfg() const;

    TempDir folder_;
    std::uint16_t first_port_;
};

/// A program of ours with the profiles of this source tree.
[[nodiscard]] std::unique_ptr<Process> firebreak(const std::string& program,
                                                 const std::vector<std::string>& arguments,
                                                 const std::string& folder = "");

}  // namespace firebreak
