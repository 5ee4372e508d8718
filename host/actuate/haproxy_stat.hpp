// HAProxy's counters as text: "show stat" of one backend. Pure. Errors: refused (no such proxy),
// corrupt. Facts: HAProxy 2.6 management.txt 9.1 and what 2.6.12 counts: a server's hrsp_* are the
// answers that came from it; a connection or an answer that failed is in econ or eresp instead.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "contract/support/result.hpp"
#include "host/actuate/feedback.hpp"

namespace firebreak {

struct ServerCounters {
    std::uint64_t waiting = 0;   ///< qcur
    std::uint64_t tries = 0;     ///< since HAProxy started
    std::uint64_t failures = 0;  ///< the same: 5xx, failed connections and failed answers
};

struct BackendCounters {
    std::uint64_t waiting = 0;  ///< for any server; servers have queues of their own, too
    std::map<std::string, ServerCounters> servers;
};

/// The line that asks for them.
[[nodiscard]] std::string stat_line(const std::string& backend);

[[nodiscard]] Result<BackendCounters> parse_stat(std::string_view answer, std::string_view backend);

/// Of the receivers, what came between two readings. Counters that went back were started anew, by
/// a reload or by hand: tries and failures are not known then.
[[nodiscard]] Feedback feedback_between(const BackendCounters& before, const BackendCounters& now,
                                        Duration period, const std::set<std::string>& receivers);

}  // namespace firebreak
