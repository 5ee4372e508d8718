// A private upsd for one test, Debian's nut-server, and a driver of ours behind it that speaks the
// protocol between drivers and upsd and does as it is told, late, or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class NutServer {
public:
    /// UPSs "rack", with the outlets 1 and 2, and "room", of NUT's own dummy-ups.
    NutServer();
    ~NutServer();
    NutServer(const NutServer&) = delete;
    NutServer& operator=(const NutServer&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] std::string login() const { return path("login"); }
    /// Writes the login's file anew.
    void log_in_as(const std::string& user, const std::string& password);

    /// What the driver of "rack" says of a variable, to upsd and at once.
    void say(const std::string& variable, const std::string& value);
    /// How long "rack" takes to do what it was told, in turns of some 10 ms.
    void set_delay(int turns);
    void say_stale(bool stale);
    /// Commands that came through upsd to the driver, each ended by a blank.
    [[nodiscard]] std::string commands() const;

private:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

    struct Driver;
    TempDir folder_;
    std::uint16_t port_;
    std::unique_ptr<Driver> driver_;
    std::unique_ptr<Process> dummy_;
    std::unique_ptr<Process> upsd_;
};

}  // namespace firebreak
