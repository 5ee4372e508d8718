// A site as resolved from its file: what to read, what to watch, what may be written.
// Pure values; profiles are loaded in. Everything the agent core needs, nothing of threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/support/time.hpp"
#include "firmware/profile/blocks.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

struct BusPlan {
    std::string name;
    std::string host;  ///< Modbus TCP
    std::uint16_t port = 502;
    Duration timeout = std::chrono::milliseconds(500);
};

struct DevicePlan {
    std::string name;
    std::size_t bus = 0;  ///< index into SitePlan::buses
    std::uint8_t unit = 1;
    Profile profile;
    std::uint16_t base = 0;
    std::vector<Block> blocks;
    Duration period = std::chrono::seconds(1);
    Duration silent_after = std::chrono::seconds(10);  ///< no good answer this long: silent
};

enum class Compare : std::uint8_t { above, below, equals, differs, silent };

/// One condition on one point; an alarm's conditions are joined by `any` or `all`.
struct ConditionPlan {
    PointId point;       ///< measure empty for `silent`
    Compare compare = Compare::above;
    double limit = 0;    ///< in the point's unit
    double hysteresis = 0;  ///< once met, un-met only beyond limit -/+ hysteresis
};

struct AlarmPlan {
    std::string name;
    Severity severity = Severity::medium;
    std::vector<ConditionPlan> conditions;
    bool all = false;       ///< true: every condition must be met; false: any one
    Duration on_delay{};    ///< how long met before firing (ISA-18.2 on-delay)
    Duration off_delay{};   ///< how long un-met before clear
    bool latch = false;
    std::string message;    ///< for people
};

/// Something the agent may switch when a host commands it.
struct OutletPlan {
    std::string name;     ///< the item name that commands use
    std::size_t device = 0;
    std::string measure;  ///< a writable register; 1 is on, 0 is off
    bool armed = false;   ///< false: commands are acknowledged as rehearsed, nothing is written
};

struct SitePlan {
    std::string site;
    std::string agent;
    std::string broker_url, broker_username, broker_password, broker_ca_file;
    Duration heartbeat = std::chrono::seconds(5);
    Duration publish_every = std::chrono::seconds(60);  ///< an unchanged reading again
    std::vector<std::string> trusted_hosts;  ///< host ids whose commands are obeyed
    std::vector<BusPlan> buses;
    std::vector<DevicePlan> devices;
    std::vector<AlarmPlan> alarms;
    std::vector<OutletPlan> outlets;
};

}  // namespace firebreak
