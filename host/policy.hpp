// A policy as resolved from its file: targets, rules (votes) and guard numbers. Pure values.
// A vote: while this alarm is active, this target shall be at least at this posture.
// The highest vote wins; adding a rule can only make the answer more careful.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/link/broker.hpp"
#include "contract/posture.hpp"
#include "contract/support/config_file.hpp"
#include "contract/support/time.hpp"
#include "contract/trust.hpp"
#include "host/drain/drain_plan.hpp"
#include "host/endpoint.hpp"
#include "host/power/watched_ups.hpp"
#include "host/restore/restore_plan.hpp"
#include "host/topology/power_map.hpp"

namespace firebreak {

enum class TargetKind : std::uint8_t {
    haproxy,
    outlet,
    slurm,
    exec,
    webhook,
    kubernetes,
    nut,
    mqtt
};

/// What each rung asks of an item; plan.cpp has the words.
enum class Ladder : std::uint8_t {
    servers,          ///< drained from drain on, in maintenance at cut
    outlets,          ///< off from shed on
    outlets_fsd,      ///< the same, and at cut whoever listens to the UPS shuts down for good
    fsd_only,         ///< only that
    nodes,            ///< drained from drain on, down from shed on
    nodes_power_off,  ///< the same, and powered down at cut
};

struct TargetPlan {
    std::string name;
    TargetKind kind = TargetKind::haproxy;
    int tier = 1;          ///< 1 is the most important service; the highest number goes first
    std::string site;      ///< the site the items stand in
    std::string endpoint;  ///< which EndpointPlan; outlet: none
    std::string backend;   ///< haproxy: backend name; exec, webhook: the target's own
    bool drain_by_weight = false;    ///< haproxy: a drain is weight 0
    std::optional<Ladder> ladder;    ///< by its kind when not said
    std::vector<std::string> items;  ///< servers of the backend, outlets of the agent, nodes
    std::string agent;               ///< outlet: the agent that switches them; mqtt: who answers
    Duration answer_within{};        ///< mqtt: an answer later than that has failed; 0 waits on
    std::vector<std::string> after;  ///< outlet: targets that must be read back as drained first
    std::vector<std::string>
        needs;            ///< without these it cannot run: they go after it, and are back before
    std::string service;  ///< the same elsewhere takes over what is drained
    std::optional<double> load;    ///< what it carries, in the unit of [[capacity]]
    std::optional<PacePlan> pace;  ///< haproxy: drained in steps, by feedback
    double impact = 1;             ///< of losing one server behind an item; compared within a tier
    Place place;
};

/// Carried out by whoever acknowledges, over MQTT: the room's agent its outlets, anything else what
/// it is sent. All other targets stand behind an endpoint.
[[nodiscard]] inline bool by_message(const TargetPlan& target) {
    return target.kind == TargetKind::outlet || target.kind == TargetKind::mqtt;
}

/// Where in the list each target stands, by its name, which the list keeps.
[[nodiscard]] inline std::map<std::string_view, std::size_t> places_of(
    const std::vector<TargetPlan>& targets) {
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < targets.size(); ++i) places[targets[i].name] = i;
    return places;
}

/// What is put down there says by whom, so that it is known again after a restart.
[[nodiscard]] inline bool bears_marks(const TargetPlan& target) {
    return target.kind == TargetKind::slurm || target.kind == TargetKind::kubernetes;
}

[[nodiscard]] inline Ladder ladder_of(const TargetPlan& target) {
    if (target.ladder) return *target.ladder;
    return target.kind == TargetKind::outlet ? Ladder::outlets : Ladder::servers;
}

/// Whether its items feed others, which must be drained first and come back after them.
[[nodiscard]] inline bool is_load(const TargetPlan& target) {
    const auto ladder = ladder_of(target);
    return ladder == Ladder::outlets || ladder == Ladder::outlets_fsd || ladder == Ladder::fsd_only;
}

/// Whether its servers stand in for each other, so that some of them must stay ready.
[[nodiscard]] inline bool has_backend(const TargetPlan& target) {
    return !by_message(target) && ladder_of(target) == Ladder::servers;
}

/// An agent that says goodbye is being restarted more often than not: its silence counts only once
/// it has lasted for longer than that takes, where the rule says nothing else.
inline constexpr Duration restart_grace = std::chrono::minutes(1);

struct RulePlan {
    std::string site, agent, alarm;   ///< "" matches any
    std::vector<std::string> alarms;  ///< in place of `alarm`: any of these
    int signs = 1;                    ///< so many of `alarms` at once: one sign alone says nothing
    std::vector<std::string> targets;
    Posture at_least = Posture::watch;
    bool silence = false;  ///< votes while the agent is silent; with `alarms` it is one more sign
    std::optional<Duration> silent_for = {};  ///< only once it has lasted so long
    bool by_power = false;  ///< only what the UPSs must lose is shed: see host/power/
    Place place;
};

/// Whether a rule asks about nothing else.
[[nodiscard]] inline bool only_silence(const RulePlan& rule) {
    return rule.silence && rule.alarms.empty();
}

struct GuardPlan {
    int min_ready = 1;  ///< servers of a backend that must stay ready after a drain
    int max_steps_per_minute = 600;
    Duration evidence_max_age = std::chrono::seconds(30);  ///< agent unheard this long: no new step
    int min_elsewhere = 0;       ///< ready servers of the backend that stand at other sites
    int max_tier_percent = 100;  ///< of one tier's servers, or its loads, down at once
    int quorum = 0;              ///< agents a target hears, fresh before anything starts
    Duration spacing{};          ///< between two steps of one target
    Duration expires_after{};    ///< a rung nobody votes for any more is said aloud; 0: never
};

/// Another host that guards the same targets, on another machine.
struct PeerPlan {
    std::string site, host;
};

/// People work on these: nothing is done to them, neither down nor up.
struct MaintenancePlan {
    std::vector<std::string> targets;
    WallTime from, until;
    std::string why;
};

/// No hold is longer, and no journal keeps less: what is held must be known after a restart.
inline constexpr Duration longest_hold = std::chrono::hours(8 * 24);

struct JournalPlan {
    std::string file;  ///< "": nothing is recorded
    Duration keep = std::chrono::hours(90 * 24);
};

/// Where operators speak to the running host; verbs/operator.cpp.
struct OperatorPlan {
    std::string socket;    ///< path of a Unix socket; "": none
    bool may_arm = false;  ///< an operator may arm a host that its policy leaves rehearsing
};

/// A rehearsal for real: targets put at a posture while nothing is the matter, and brought back.
struct DrillPlan {
    std::string name;
    std::vector<std::string> targets;
    std::vector<std::string> items;  ///< only these of them; none: all
    Posture posture = Posture::drain;
    Duration hold_for = std::chrono::minutes(1);
    bool undo = true;  ///< at once; else `calm_for` passes before each rung back
    Place place;
};

struct PolicyPlan {
    std::string site;  ///< the site this host publishes under
    std::string host;  ///< host id
    bool armed = false;
    BrokerPlan broker;
    std::string metrics;  ///< where Prometheus may ask, "127.0.0.1:9464"; empty: nowhere
    Duration heartbeat = std::chrono::seconds(5);
    Duration calm_for = std::chrono::minutes(10);  ///< before going down one rung
    std::vector<EndpointPlan> endpoints;
    std::vector<TargetPlan> targets;
    std::vector<RulePlan> rules;
    GuardPlan guard;
    std::vector<MaintenancePlan> maintenance;
    std::vector<PeerPlan> peers;
    Duration yield_for = std::chrono::seconds(10);  ///< to a peer elsewhere, while our site burns
    std::optional<PowerMap> map;                    ///< what feeds what, where the file says it
    std::vector<WatchedUps> upss;                   ///< those whose load and runtime are watched
    DrainPlan drain;
    std::optional<PacePlan> pace;  ///< of all targets behind a HAProxy that say no other
    RestorePlan restore;
    TrustPlan trust;
    std::vector<std::string> warnings;  ///< what is allowed and yet unwise, for people
    JournalPlan journal;
    OperatorPlan operators;
    std::vector<DrillPlan> drills;
};

}  // namespace firebreak
