// Tells a fresh core what a journal says that an earlier one was told, at the same times and with
// the policy of then, and compares what it decides. Pure: rows in, a verdict out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/controller.hpp"
#include "host/journal/chain.hpp"

namespace firebreak {

class JournalReplay {
public:
    /// A policy by the SHA-256 of its text.
    using PolicyOf = std::function<Result<PolicyPlan>(const std::string& digest)>;

    explicit JournalReplay(PolicyOf policy_of) : policy_of_(std::move(policy_of)) {}

    /// Rows in the order of the chain.
    void take(const ChainRow& row);
    /// After the last row.
    void end();

    [[nodiscard]] std::uint64_t lives() const { return lives_; }
    /// Decisions, steps and refusals that came out the same.
    [[nodiscard]] std::uint64_t same() const { return same_; }
    /// Rows that could not be compared: of a life whose beginning was pruned, or behind a gap.
    [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
    /// What came out otherwise, or could not be read; the first few.
    [[nodiscard]] const std::vector<std::string>& differences() const { return differences_; }

private:
    static constexpr std::size_t most_differences = 20;

    void begin(const ChainRow& row);
    void tell(const ChainRow& row);
    void compare(const ChainRow& row);
    void expect_nothing_before(Instant moment);
    void collect();
    void differs(std::string what);

    PolicyOf policy_of_;
    std::optional<Controller> core_;
    std::string boot_;
    std::vector<Entry> given_;  ///< decided here, not met in the journal yet
    std::uint64_t lives_ = 0;
    std::uint64_t same_ = 0;
    std::uint64_t skipped_ = 0;
    std::vector<std::string> differences_;
};

/// A recorded policy as the core needs it: keys and lists that it names may be gone by now.
[[nodiscard]] Result<PolicyPlan> plan_of_recorded(std::string_view text);

}  // namespace firebreak
