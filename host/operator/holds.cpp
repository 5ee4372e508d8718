#include "host/operator/holds.hpp"

#include <algorithm>
#include <utility>

#include "host/journal/words.hpp"

namespace firebreak {

void Holds::put(Hold hold, Instant now) {
    const auto end = now + hold.left;
    const auto target = hold.target;
    placed_[target] = {std::move(hold), end};
}

bool Holds::lift(const std::string& target) {
    if (!target.empty()) return placed_.erase(target) > 0;
    return !std::exchange(placed_, {}).empty();
}

std::vector<Hold> Holds::take_ended(Instant now) {
    std::vector<Hold> ended;
    for (auto placed = placed_.begin(); placed != placed_.end();) {
        if (placed->second.end > now) {
            ++placed;
            continue;
        }
        ended.push_back(std::move(placed->second.hold));
        placed = placed_.erase(placed);
    }
    return ended;
}

const Hold* Holds::on(const std::string& target) const {
    auto found = placed_.find(target);
    if (found == placed_.end()) found = placed_.find("");
    return found == placed_.end() ? nullptr : &found->second.hold;
}

std::vector<Hold> Holds::standing(Instant now) const {
    std::vector<Hold> all;
    for (const auto& [target, placed] : placed_) {
        all.push_back(placed.hold);
        all.back().left = placed.end - now;
    }
    return all;
}

Instant Holds::next_deadline() const {
    Instant next = never;
    for (const auto& [target, placed] : placed_) next = std::min(next, placed.end);
    return next;
}

Refusal guard_hold(const Hold* hold) {
    if (hold == nullptr) return std::nullopt;
    return refusal("hold", "held by " + hold->by + ": " + hold->why,
                   "at " + format_wall(hold->until) + ", or on resume");
}

void Requests::take(const std::string& text) {
    const auto request = parse_requested(text);
    if (!request || !request->done) return;
    const auto& ask = request->ask;
    if (ask.verb == AskVerb::hold) {
        holds_[ask.target] = {ask.target, ask.why, ask.by, request->until, ask.length};
    } else if (ask.verb == AskVerb::resume && ask.target.empty()) {
        holds_.clear();
    } else if (ask.verb == AskVerb::resume) {
        holds_.erase(ask.target);
    } else if (ask.verb == AskVerb::disarm) {
        disarmed_by_ = ask.by;
    } else if (ask.verb == AskVerb::arm) {
        disarmed_by_.clear();
    }
}

Recall Requests::recall(WallTime now) const {
    Recall recall{{}, disarmed_by_};
    for (auto [target, hold] : holds_) {
        // A clock that went back must not hold a target for longer than was asked.
        if (is_set(now) && is_set(hold.until)) {
            hold.left = std::min<Duration>(hold.left, hold.until - now);
        }
        if (hold.left > Duration::zero()) recall.holds.push_back(std::move(hold));
    }
    return recall;
}

}  // namespace firebreak
