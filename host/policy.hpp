// A policy as resolved from its file: targets, rules (votes) and guard numbers. Pure values.
// A vote: while this alarm is active, this target shall be at least at this posture.
// The highest vote wins; adding a rule can only make the answer more careful.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "contract/link/broker.hpp"
#include "contract/posture.hpp"
#include "contract/support/config_file.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

enum class TargetKind : std::uint8_t { haproxy, outlet };

/// An HAProxy runtime API: a Unix socket path or host:port.
struct EndpointPlan {
    std::string name;
    std::string address;
    Duration timeout = std::chrono::seconds(2);
};

struct TargetPlan {
    std::string name;
    TargetKind kind = TargetKind::haproxy;
    int tier = 1;          ///< 1 is the most important service; the highest number goes first
    std::string site;      ///< the site the items stand in
    std::string endpoint;  ///< haproxy: which EndpointPlan
    std::string backend;   ///< haproxy: backend name
    std::vector<std::string> items;  ///< servers of the backend, or outlets of the agent
    std::string agent;               ///< outlet: the agent that switches them
    std::vector<std::string> after;  ///< outlet: targets that must be read back as drained first
    Place place;
};

struct RulePlan {
    std::string site, agent, alarm;  ///< "" matches any
    std::vector<std::string> targets;
    Posture at_least = Posture::watch;
    bool silence = false;  ///< true: votes while the agent is silent instead of on an alarm
    Place place;
};

struct GuardPlan {
    int min_ready = 1;  ///< servers of a backend that must stay ready after a drain
    int max_steps_per_minute = 600;
    Duration evidence_max_age = std::chrono::seconds(30);  ///< agent unheard this long: no new step
};

struct PolicyPlan {
    std::string site;  ///< the site this host publishes under
    std::string host;  ///< host id
    bool armed = false;
    BrokerPlan broker;
    Duration heartbeat = std::chrono::seconds(5);
    Duration calm_for = std::chrono::minutes(10);  ///< before going down one rung
    std::vector<EndpointPlan> endpoints;
    std::vector<TargetPlan> targets;
    std::vector<RulePlan> rules;
    GuardPlan guard;
};

}  // namespace firebreak
