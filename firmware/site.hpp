// A site as resolved from its file: what to read, what to watch, what may be written.
// Pure values; profiles are loaded in. Everything the agent core needs, nothing of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "contract/link/broker.hpp"
#include "contract/support/time.hpp"
#include "contract/trust.hpp"
#include "firmware/alarm/plan.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

/// Something the agent may switch when a host commands it.
struct OutletPlan {
    std::string name;  ///< the item name that commands use
    std::size_t device = 0;
    std::string measure;  ///< a writable register; 1 is on, 0 is off
    bool armed = false;   ///< false: commands are acknowledged as rehearsed, nothing is written
};

/// Something the agent switches by itself while one of its alarms is firing.
struct ActionPlan {
    std::string name;
    std::vector<std::string> alarms;
    std::size_t device = 0;
    std::string measure;        ///< a writable register
    double on = 1;              ///< its value while an alarm asks, in the register's unit
    std::optional<double> off;  ///< and when all are over; nothing: it is left as it is
    bool armed = false;         ///< false: rehearsed, nothing is written
};

/// A rule set that the site uses, for people: what came of it.
struct RuleSetPlan {
    std::string name;
    std::size_t alarms = 0;
    std::vector<std::string> dropped;  ///< "off-gas (needs gas)"
};

struct SitePlan {
    std::string site;
    std::string agent;
    std::string state_folder;  ///< of what must survive a power cut; empty: nowhere
    BrokerPlan broker;
    Duration heartbeat = std::chrono::seconds(5);
    Duration publish_every = std::chrono::minutes(5);  ///< an unchanged reading again
    std::size_t backlog = 16'384;                      ///< readings kept while the link is down
    std::string metrics;         ///< where Prometheus may ask, "127.0.0.1:9464"; empty: nowhere
    std::string home_assistant;  ///< prefix of its discovery topics; empty: it is told nothing
    std::vector<std::string> trusted_hosts;  ///< host ids whose commands are obeyed
    TrustPlan trust;
    std::vector<BusPlan> buses;
    std::vector<DevicePlan> devices;
    FloodPlan flood;
    std::vector<AlarmPlan> alarms;
    std::vector<RuleSetPlan> rules;
    std::vector<OutletPlan> outlets;
    std::vector<ActionPlan> actions;
};

}  // namespace firebreak
