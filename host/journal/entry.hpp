// What the host writes down: what it took in, what it decided, and each as a row of a chain of
// hashes. Plain values. `steady` orders a replay, `wall` is a label; both as the shell saw them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "contract/support/time.hpp"

namespace firebreak {

enum class EntryKind : std::uint8_t {
    // What came in: a replay is told it.
    started,   ///< a life of the host: version, policy, armed
    recalled,  ///< holds of an earlier life
    evidence,  ///< an alarm, a status, an acknowledgement as it was believed
    receipt,   ///< what an endpoint read back
    link,      ///< the broker came or went
    journal,   ///< the journal failed, or works again
    request,   ///< an operator asked for something, and what became of it
    again,     ///< an observation, or a command said once more, went out
    tick,      ///< time that a decision rests on
    // What followed: a replay must give the same.
    decision,   ///< a target's rung changed, or waits, or is admitted
    order,      ///< a step that goes out
    rehearsal,  ///< the same, not carried out
    refusal,    ///< a guard holds a step back
    // About the journal itself.
    gap,     ///< rows that could not be written are missing here
    pruned,  ///< old rows were deleted, and the hash of the last of them
};
[[nodiscard]] std::string_view to_string(EntryKind kind);
[[nodiscard]] std::optional<EntryKind> parse_entry_kind(std::string_view text);

[[nodiscard]] constexpr bool is_decision(EntryKind kind) {
    return kind >= EntryKind::decision && kind <= EntryKind::refusal;
}

struct Entry {
    EntryKind kind = EntryKind::tick;
    Now at{};
    std::string text;  ///< one JSON object

    bool operator==(const Entry& other) const {
        return kind == other.kind && at.steady == other.at.steady && at.wall == other.at.wall &&
               text == other.text;
    }
};

}  // namespace firebreak
