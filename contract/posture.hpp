// The action ladder and what is said along it: posture of a target, command, acknowledgement.
// Every command sets a state, is idempotent and carries a stable id: repeating it is harmless.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/stamp.hpp"

namespace firebreak {

/// Lowest first; the highest vote wins.
enum class Posture : std::uint8_t {
    normal,  ///< carry traffic and load
    watch,   ///< carry on, but somebody should look
    drain,   ///< no new traffic; what is running may end
    shed,    ///< drained, and the load may be switched off
    cut,     ///< off now
};
[[nodiscard]] std::string_view to_string(Posture posture);
[[nodiscard]] std::optional<Posture> parse_posture(std::string_view text);

/// The host's view of one target, retained on its posture topic.
struct PostureNotice {
    std::string target;
    Posture wanted = Posture::normal;   ///< what the policy asks for
    Posture reached = Posture::normal;  ///< what reading back has shown
    bool armed = false;                 ///< false: rehearsing, nothing is touched
    std::vector<std::string> because;   ///< "site/agent/alarm" of every vote at `wanted`
    std::vector<std::string> held;      ///< items this host put down and must bring back
    std::string blocked;                ///< why a guard or a fault holds a step back, or empty
    Stamp stamp;

    bool operator==(const PostureNotice&) const = default;
};

/// One step on one item of a target, published on the target's command topic, not retained.
/// An outlet's command is obeyed by the room's agent if it is armed for that outlet.
struct Command {
    std::string id;      ///< stable: the same step for the same alarm has the same id
    std::string target;
    std::string item;    ///< server or outlet
    std::string action;  ///< "drain", "ready", "maint", "off", "on"
    bool armed = false;  ///< false: a rehearsal, to be acknowledged and not carried out
    std::string because; ///< "site/agent/alarm" that asked for it, or "calm"
    Stamp stamp;
    std::optional<Echo> to = {};  ///< the agent's newest status that the host has

    bool operator==(const Command&) const = default;
};

enum class Outcome : std::uint8_t {
    done,       ///< carried out and read back
    already,    ///< the state was so before
    rehearsed,  ///< dry-run: would have been carried out
    refused,    ///< an interlock, a guard or the device said no
    failed,     ///< tried; could not be carried out or did not read back
};
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::optional<Outcome> parse_outcome(std::string_view text);

/// Answer to one message: host to alarm (topic ack/<alarm>), agent to command (ack/<target>).
struct Ack {
    std::string about;      ///< the alarm or the target
    std::string id;         ///< the command's id; empty for an alarm
    std::string boot;       ///< boot and seq of the message answered
    std::uint64_t seq = 0;
    Outcome outcome = Outcome::done;
    std::string detail;     ///< for people
    Stamp stamp;

    bool operator==(const Ack&) const = default;
};

/// What an operator asks of an alarm (ISA-18.2), on a host's or the agent's own operator topic.
enum class OperatorAction : std::uint8_t {
    acknowledge,
    reset,
    shelve,    ///< silence it for a time
    unshelve,
    suppress,  ///< silence it because the plant is in a state where it means nothing
    unsuppress,
    out_of_service,  ///< silence it because its instrument is being worked on
    in_service,
};
[[nodiscard]] std::string_view to_string(OperatorAction action);
[[nodiscard]] std::optional<OperatorAction> parse_operator_action(std::string_view text);

struct OperatorRequest {
    std::string alarm;
    OperatorAction action = OperatorAction::acknowledge;
    double for_s = 0;  ///< shelve only: seconds, 0 < for_s <= 86400
    std::string by;    ///< who asked, for the record
    std::optional<Echo> to = {};      ///< the agent's newest status, and
    std::optional<Stamp> stamp = {};  ///< its own: both are needed where requests are signed

    bool operator==(const OperatorRequest&) const = default;
};

}  // namespace firebreak
