// A real broker of the test's own on a free loopback port; accepts once constructed.
// It can be killed, frozen and started again on the same port; it remembers nothing on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class Mosquitto {
public:
    enum class At { once, later };

    /// `settings` are further lines for its configuration file, before the listener's.
    explicit Mosquitto(At begin = At::once, const std::string& settings = "",
                       const std::string& listener_settings = "allow_anonymous true\n");

    void start();
    void kill() { process_.reset(); }  ///< SIGKILL: sockets are reset, nobody is told
    [[nodiscard]] std::optional<int> stop() { return process_->stop(); }
    void freeze() { process_->signal(SIGSTOP); }
    void thaw() { process_->signal(SIGCONT); }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;

    /// What mosquitto_sub gets of the retained message on `topic`; "" if there is none.
    [[nodiscard]] std::string retained(const std::string& topic) const;
    /// Publishes through mosquitto_pub and waits for its end; true if it succeeded.
    bool publish(const std::string& topic, const std::string& payload, bool retain = false) const;

private:
    std::uint16_t port_;
    TempDir folder_;
    std::string config_;
    std::unique_ptr<Process> process_;
};

}  // namespace firebreak
