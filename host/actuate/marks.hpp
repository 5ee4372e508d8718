// Whose mark stands on what is put down: this host's, a peer's, or somebody else's. Plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/plan.hpp"

namespace firebreak {

/// Ends a state of what has been put down and bears nobody's mark: a killed life of this host may
/// not have come to mark it.
inline constexpr std::string_view unmarked = "@unmarked";

enum class Whose : std::uint8_t { ours, peers, others };

/// Of hosts as "site/id".
struct HostMarks {
    std::string host;
    std::vector<std::string> peers = {};

    [[nodiscard]] Whose whose(std::string_view mark) const {
        if (mark == host) return Whose::ours;
        return std::find(peers.begin(), peers.end(), mark) == peers.end() ? Whose::others
                                                                          : Whose::peers;
    }
    /// Ours, or a peer's where those count that `peers` names.
    [[nodiscard]] bool count(std::string_view mark) const { return whose(mark) != Whose::others; }
    [[nodiscard]] HostMarks alone() const { return {host}; }
};

/// A state as it is told of what bears that mark.
[[nodiscard]] inline std::string marked_state(std::string_view word, Whose whose) {
    std::string state(word);
    if (whose == Whose::ours) return state;
    return state.append(whose == Whose::peers ? by_peer : by_others);
}

}  // namespace firebreak
