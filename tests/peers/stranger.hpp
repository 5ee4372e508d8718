// Modbus servers not of our making, as processes: for the system ring. tests/peers/fetch has put
// what Debian's packages lack beside the build. Each may be killed and started again in its place.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "contract/payload.hpp"
#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"
#include "tests/support/mosquitto.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

/// Two pseudo-terminals, each the other's far end: a null modem.
class NullModem {
public:
    NullModem();
    [[nodiscard]] std::string ours() const { return folder_.path() / "ours"; }
    [[nodiscard]] std::string theirs() const { return folder_.path() / "theirs"; }

private:
    TempDir folder_;
    std::unique_ptr<Process> socat_;
};

class Stranger {
public:
    using Start = std::function<std::unique_ptr<Process>(std::uint16_t port)>;

    /// Starts it on a free loopback port.
    explicit Stranger(Start start);

    void start() { process_ = start_(port_); }
    void kill() { process_->kill(); }
    [[nodiscard]] Process& process() { return *process_; }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::unique_ptr<Bus> bus(Duration timeout = std::chrono::milliseconds(400)) const;

private:
    Start start_;
    std::uint16_t port_;
    std::unique_ptr<Process> process_;
};

/// libmodbus' unit-test-server: one connection, then it ends; by itself, or begun anew each time.
[[nodiscard]] Stranger::Start libmodbus_server();
[[nodiscard]] Stranger::Start libmodbus_server_again_and_again();
[[nodiscard]] Stranger::Start npm_server();
[[nodiscard]] Stranger::Start pymodbus_server();

/// Reads and decodes all of tests/peers/peer.toml, and once more by reads that hit its holes and
/// are halved until they do not; checks every value.
void check_all_values(Bus& bus, std::uint8_t unit);
/// Writes a coil and registers, one and several, and reads them back.
void check_writes(Bus& bus, std::uint8_t unit);
/// The holding register there, once the server answers at all.
[[nodiscard]] std::optional<std::uint16_t> holding_in_the_end(Bus& bus, std::uint8_t unit,
                                                              std::uint16_t address);

[[nodiscard]] std::string peer_profile_text();
/// As if the map had no holes, which the server knows better.
[[nodiscard]] std::string peer_profile_text_without_holes();

/// firebreak-agent with one device, and its broker.
class AgentAtStranger {
public:
    /// `bus` is the keys of its [[bus]]; `profile` the text of its device's.
    AgentAtStranger(const std::string& bus, int unit, const std::string& profile);

    [[nodiscard]] std::optional<ReadingNotice> reading(const std::string& measure) const;
    /// Whether it publishes that value, that text, or that there is none, in the end.
    [[nodiscard]] bool says(const std::string& measure, double value) const;
    [[nodiscard]] bool says_text(const std::string& measure, const std::string& text) const;
    [[nodiscard]] bool misses(const std::string& measure) const;

private:
    Mosquitto broker_;
    TempDir folder_;
    std::unique_ptr<Process> agent_;
};

}  // namespace firebreak
