#include "host/guard.hpp"

#include <fmt/format.h>

namespace firebreak {

std::string refusal(std::string_view guard, std::string_view why, std::string_view passes) {
    return fmt::format("{}: {}; passes {}", guard, why, passes);
}

Refusal guard_fresh(const Step& step, Posture admitted) {
    if (step.posture <= admitted) return std::nullopt;
    return refusal("evidence", fmt::format("none is fresh for {}", to_string(step.posture)),
                   "once an agent that asks for it is heard");
}

Refusal guard_journal(const Step& step, Posture admitted, const std::string& trouble) {
    if (trouble.empty() || step.posture <= admitted) return std::nullopt;
    return refusal("journal", "the journal cannot be written: " + trouble, "once it can be");
}

Refusal guard_quorum(const Step& step, Posture admitted, int fresh, int quorum) {
    if (step.posture <= admitted || fresh >= quorum) return std::nullopt;
    return refusal("quorum", fmt::format("{} agents are fresh, {} must be", fresh, quorum),
                   fmt::format("once {} more are heard", quorum - fresh));
}

Refusal guard_spacing(Instant now, Instant spaced_until) {
    if (now >= spaced_until) return std::nullopt;
    return refusal("spacing", "a step of this target was taken",
                   "in " + format_duration(spaced_until - now));
}

Refusal guard_yield(const std::optional<Origin>& peer, Instant now, Instant until) {
    if (!peer || now >= until) return std::nullopt;
    return refusal(
        "yield_for",
        fmt::format("this host stands in the burning zone and leaves it to {}/{}", peer->site,
                    peer->id),
        fmt::format("in {}, or when that one falls silent", format_duration(until - now)));
}

Refusal guard_min_ready(const Step& step, const ReadyServers& ready, int min_ready) {
    if (!ready) {
        return refusal("min_ready", "cannot tell which servers of the backend are ready",
                       "once they are read back");
    }
    if (!ready->contains(step.item)) return std::nullopt;
    const auto others = ready->size() - 1;
    if (others >= static_cast<std::size_t>(min_ready)) return std::nullopt;
    return refusal("min_ready",
                   fmt::format("only {} other servers are ready, {} must stay", others, min_ready),
                   fmt::format("once {} more are", static_cast<std::size_t>(min_ready) - others));
}

Refusal guard_after(const std::vector<DrainView>& after) {
    for (const auto& view : after) {
        if (!view.known) {
            return refusal("after", "cannot tell whether " + view.target + " is drained",
                           "once it is read back");
        }
        if (view.reached < Posture::drain) {
            return refusal("after", view.target + " is not drained yet", "once it is");
        }
    }
    return std::nullopt;
}

Refusal guard_all_clear(const std::string& doubt) {
    if (doubt.empty()) return std::nullopt;
    return refusal("all_clear", doubt, "once all who ask for it are heard, and clear");
}

Refusal guard_power_back(const std::vector<std::string>& outlets_held) {
    if (outlets_held.empty()) return std::nullopt;
    return refusal("power_back", "its outlet " + outlets_held.front() + " is still off",
                   "once it is on again");
}

Refusal Pace::guard(Instant now, std::size_t steps) {
    while (!taken_.empty() && now - taken_.front() >= std::chrono::minutes(1)) {
        taken_.pop_front();
    }
    if (taken_.size() + steps <= most_) return std::nullopt;
    return refusal("max_steps_per_minute",
                   fmt::format("{} steps of {} in the last minute", most_, of_), "as it goes by");
}

Instant Pace::next_deadline() const {
    if (taken_.size() < most_ || taken_.empty()) return never;
    return taken_.front() + std::chrono::minutes(1);
}

}  // namespace firebreak
