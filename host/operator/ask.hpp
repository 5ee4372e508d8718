// What an operator asks of a running host, and what it answers. Plain values: the core makes them,
// wire.hpp and tables.hpp write them. A hold: nothing is done to a target, neither down nor up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/posture.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

enum class AskVerb : std::uint8_t {
    status,   ///< how the host stands
    plan,     ///< what it would do next, and what holds that back
    why,      ///< everything about one target
    hold,     ///< do nothing to a target, or to all, for a time
    resume,   ///< end a hold
    arm,      ///< act, where the policy permits an operator to say so
    disarm,   ///< only rehearse; outlives a restart
    restore,  ///< bring back what only `calm_for` delays
    drill,    ///< do one of the policy's drills
};
[[nodiscard]] std::string_view to_string(AskVerb verb);
[[nodiscard]] std::optional<AskVerb> parse_ask_verb(std::string_view text);
[[nodiscard]] constexpr bool only_looks(AskVerb verb) {
    return verb <= AskVerb::why;
}

struct Ask {
    std::uint64_t ticket = 0;  ///< what the answer bears, too
    AskVerb verb = AskVerb::status;
    std::string target;  ///< or the drill; "": all
    Duration length{};   ///< hold
    std::string why;
    std::string by;  ///< the user at the other end of the socket
};

struct Hold {
    std::string target;  ///< "": all
    std::string why, by;
    WallTime until{};  ///< for people and after a restart; this life goes by the steady clock
    Duration left{};   ///< when it was made, or recalled
};

/// What of an earlier life's requests still stands.
struct Recall {
    std::vector<Hold> holds;
    std::string disarmed_by;  ///< "": nobody
};

struct VoteView {
    Posture at_least = Posture::normal;
    std::string because;
    bool fresh = false;
};

struct StepView {
    std::string item, action, because;
    std::string refused;  ///< why not, or ""
};

struct TargetView {
    std::string name;
    int tier = 1;
    Posture wanted = Posture::normal;
    Posture admitted = Posture::normal;
    Posture reached = Posture::normal;
    std::vector<std::string> because;
    std::string blocked, waits, hold;
    std::string capacity;  ///< what its site must hold while others are drained
    std::string pace;      ///< how those fare that receive, where it is drained in steps
    Duration calm_left{};  ///< until it may go down one rung, when nobody votes for it
    std::vector<std::string> held;
    std::vector<std::pair<std::string, std::string>> states;  ///< item, as read back
    std::vector<VoteView> votes;
    std::vector<StepView> steps;
};

struct AgentView {
    std::string name, presence;
    Duration heard_ago{};
};

struct AlarmView {
    std::string name, phase, cause;
};

struct HostView {
    std::string site, host;
    bool armed = false;
    std::string disarmed_by;
    Duration disarmed_for{};  ///< in this life
    bool linked = false;
    std::string journal;  ///< what is wrong with it
    std::string drill;    ///< under way
    Duration up{};
    std::vector<AgentView> agents;
    std::vector<AlarmView> alarms;  ///< active ones, the first 256
    std::vector<TargetView> targets;
    std::vector<std::string> restoration;  ///< its stages, where it has some
};

struct HostAnswer {
    std::uint64_t ticket = 0;
    AskVerb verb = AskVerb::status;
    bool done = false;
    std::string said;  ///< for people: what was done, or why not
    std::optional<HostView> view;
};

}  // namespace firebreak
