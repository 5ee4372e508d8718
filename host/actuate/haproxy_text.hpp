// HAProxy's runtime API as text: command lines out, answers in. Pure. Errors: refused (HAProxy
// said no), corrupt (an answer that is cut short or is not what was asked for).
// Facts: HAProxy 2.6 management.txt 9.3 and include/haproxy/server-t.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/actuate/actuator.hpp"

namespace firebreak {

/// HAProxy cuts a line at its buffer (16 KiB by default, 8 KiB where tuned for memory): stay
/// well below either.
inline constexpr std::size_t max_line_bytes = 7 * 1024;

/// An answer is a few lines a server: more than this is not an answer to us.
inline constexpr std::size_t max_answer_bytes = 4 * 1024 * 1024;

/// A server as HAProxy's table has it: enums srv_state and srv_admin, the weight as set at present.
struct HaproxyServer {
    unsigned operational = 0, admin = 0, weight = 0;
};
using HaproxyServers = std::map<std::string, HaproxyServer>;

/// What is set of one server, as "set server" takes it: "s1 state drain".
[[nodiscard]] std::vector<std::string> settings_of(const std::vector<Step>& steps);

/// The same where servers are drained by weight 0. `before` is the weight to give back; nothing
/// when it would be needed and is not known.
[[nodiscard]] std::optional<std::vector<std::string>> weight_settings_of(
    const Step& step, const HaproxyServer& server, std::optional<unsigned> before);

/// Behind a state where servers are drained by weight: 30 of "drain@30".
[[nodiscard]] std::optional<unsigned> weight_behind(std::string_view state);

/// Command lines without newline, each within max_line_bytes; the last one also reads back.
[[nodiscard]] std::vector<std::string> command_lines(const std::string& backend,
                                                     const std::vector<std::string>& settings);

/// What HAProxy said against any of the commands of a line that does not read back.
[[nodiscard]] Result<void> parse_set_answer(std::string_view answer);

/// The whole answer to a line that reads back: complaints of its commands, then the table.
[[nodiscard]] Result<HaproxyServers> parse_servers(std::string_view answer,
                                                   std::string_view backend);

/// "ready", "drain", "maint", or "down" for a server that is up for nobody. Weight 0 is a drain
/// where servers are drained so, and an admin drain somebody else's; else weight 0 is nobody's.
[[nodiscard]] ItemStates states_of(const HaproxyServers& servers, bool by_weight);

}  // namespace firebreak
