// Slurm's tools as text: words of commands out; `scontrol --oneliner show node`, `sinfo` and
// firebreak-slurm in.
// Pure. What Firebreak puts down bears its mark in the node's Reason: who, which rung, why; a node
// without it is somebody else's. Errors: corrupt. Facts: Slurm 22.05, scontrol(1), sinfo(1), seen
// in their answers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/actuate/actuator.hpp"
#include "host/actuate/marks.hpp"

namespace firebreak {

struct SlurmNode {
    bool works = false;  ///< idle or with jobs
    bool drained = false;
    bool down = false;
    bool off = false;  ///< powered down, or on its way there
    bool responds = true;
    bool in_partition = false;   ///< of others sinfo says nothing
    std::int64_t reason_at = 0;  ///< seconds since 1970, where the answer says it
    std::string reason;          ///< without the "[who@when]" that Slurm adds
};
using SlurmNodes = std::unordered_map<std::string, SlurmNode>;  ///< by name

/// Names that Slurm does not know are left out.
[[nodiscard]] Result<SlurmNodes> parse_nodes(std::string_view answer);

/// Nodes that are alike in one line, "idle+drain|n[0-499]|why": what --Format asks sinfo for, and
/// --states of which nodes. The reason is last, because anything may stand in it.
inline constexpr std::string_view groups_format = "StateComplete:0|,NodeList:0|,Reason:0";
inline constexpr std::string_view lowered_states =
    "drain,down,fail,power_down,powering_down,powered_down";
/// More than `most` nodes are no answer to us.
[[nodiscard]] Result<SlurmNodes> parse_groups(std::string_view answer, std::size_t most);
/// The same of firebreak-slurm, which says when the reason was given, too:
/// "idle+drain|n[0-499]|1795824313|why", "" for no reason.
[[nodiscard]] Result<SlurmNodes> parse_dated_groups(std::string_view answer, std::size_t most);

/// "firebreak seoul/seoul-1 drain: pangyo/room/gas". `before` is the reason of a node that
/// somebody else had drained: it is kept whole, and given back with the node.
[[nodiscard]] std::string slurm_reason(std::string_view host, const Step& step,
                                       std::string_view before);

/// Any Firebreak host's.
[[nodiscard]] bool bears_a_mark(const SlurmNode& node);

/// For `before`, of a node that somebody else had drained; never "".
[[nodiscard]] std::string reason_of_others(const SlurmNode& node);

/// What slurm_reason() kept of somebody else's reason, or "".
[[nodiscard]] std::string reason_before(std::string_view reason);

/// "ready", "down" (serves nobody, and nobody's doing), "drain", "maint" (down) or "off" (powered
/// down); with `by_others` or `by_peer` where it does not bear this host's mark, and `unmarked`
/// where it bears nobody's.
[[nodiscard]] std::string state_of(const SlurmNode& node, const HostMarks& marks);

/// The lines of a text as "a,b,c", more than one where one would be longer than `most_bytes`.
[[nodiscard]] std::vector<std::string> comma_lists(std::string_view lines, std::size_t most_bytes);

}  // namespace firebreak
