// What two runs of a replay left behind, read back: requests, room events, MQTT messages.
// Pure but for reading the files. Times are minutes of the story after t0.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/result.hpp"

namespace firebreak {

/// Maps the recorders' unix milliseconds to minutes of the story.
struct StoryClock {
    double t0_ms = 0;
    double speed = 1;

    [[nodiscard]] double minute(double unix_ms) const { return (unix_ms - t0_ms) * speed / 60'000; }
};

struct Request {
    double minute = 0;
    bool ok = false;
};

/// Requests of one run by service.
using Traffic = std::map<std::string, std::vector<Request>>;

struct RoomRecord {
    StoryClock clock;
    double kw_shed = 0;               ///< switched off through outlets
    std::optional<double> power_cut;  ///< when the last rack lost its feed
};

struct AlarmRecord {
    std::string alarm;
    double minute = 0;
};

/// What Firebreak did, as its own messages tell it.
struct ActionRecord {
    std::optional<AlarmRecord> first_sign;  ///< the first alarm that was pending or firing
    std::optional<AlarmRecord> alarm;       ///< the firing that first asked for a drain
    std::map<std::string, double> drained;  ///< target to when it was read back as drained
};

[[nodiscard]] Result<RoomRecord> read_room(const std::string& path, double speed);
[[nodiscard]] Result<Traffic> read_traffic(const std::string& path, const StoryClock& clock);
/// Lines "unix_seconds topic payload"; lines that are no such message are passed over.
[[nodiscard]] Result<ActionRecord> read_actions(const std::string& path, const StoryClock& clock);

/// The parts of one comma-separated line; nothing quoted, as the recorders write none.
[[nodiscard]] std::vector<std::string_view> split(std::string_view line, char separator);

}  // namespace firebreak
