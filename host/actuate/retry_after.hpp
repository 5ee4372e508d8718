// Retry-After as HTTP has it (RFC 9110, 10.2.3), and that whoever says it is left alone until then.
// Pure values; time is an argument.
#pragma once

#include <optional>
#include <string_view>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

/// Seconds, or a date in any form of RFC 9110, 5.6.7: zero where that has passed. Nothing where it
/// is neither.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

/// One who asked not to be asked before a time; for no longer than `longest`, so that no answer
/// mutes it for ever.
class LeftAlone {
public:
    explicit LeftAlone(Duration longest) : longest_(longest) {}

    /// What it said instead of an answer; as an error it has the time, too.
    [[nodiscard]] Error heard(Error why, std::optional<Duration> retry_after, Now now);
    /// Why it is not asked now, or nothing.
    [[nodiscard]] std::optional<Error> refusal(Instant now) const;

private:
    Duration longest_;
    Instant until_{};
    Error why_{Fault::busy, "", 0};
};

}  // namespace firebreak
