// Birth, heartbeat and will of a program, retained on its status topic.
// A receiver judges silence by its own clock from arrival, never by the sender's time.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "contract/stamp.hpp"

namespace firebreak {

struct DeviceStatus {
    bool silent = false;           ///< no good answer within its silence limit
    std::uint64_t reads = 0;       ///< blocks read well
    std::uint64_t timeouts = 0;
    std::uint64_t corrupt = 0;     ///< CRC errors and answers that were not ours
    std::uint64_t exceptions = 0;  ///< Modbus exception answers
    std::uint64_t missed = 0;      ///< rounds that ended late, or were left out

    bool operator==(const DeviceStatus&) const = default;
};

struct Status {
    bool online = false;       ///< false in the will and in the farewell
    std::string version;
    bool armed = false;        ///< may act: host on any target, agent on any outlet
    double heartbeat_s = 0;    ///< the next status comes within this many seconds
    double up_s = 0;           ///< seconds since start
    std::map<std::string, DeviceStatus> devices;        ///< agent only
    std::map<std::string, std::uint64_t> counters;      ///< "messages.dropped" and the like
    std::map<std::string, std::uint64_t> heard = {};    ///< agent only: a host's boot, and the
                                                        ///< seq of its newest status
    Stamp stamp;

    bool operator==(const Status&) const = default;
};

}  // namespace firebreak
