// What operators hold. Pure, bounded; the core owns it. A hold ends by itself, by the steady clock.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/guard.hpp"
#include "host/operator/ask.hpp"

namespace firebreak {

class Holds {
public:
    /// Puts one in place of any other of the same target.
    void put(Hold hold, Instant now);
    /// "": all of them. False when there was none.
    bool lift(const std::string& target);
    /// Those whose time is over, once.
    [[nodiscard]] std::vector<Hold> take_ended(Instant now);

    [[nodiscard]] const Hold* on(const std::string& target) const;
    /// All of them, each with the time that is left.
    [[nodiscard]] std::vector<Hold> standing(Instant now) const;
    [[nodiscard]] Instant next_deadline() const;

private:
    struct Placed {
        Hold hold;
        Instant end{};
    };
    std::map<std::string, Placed> placed_;  ///< by target, "" for all
};

/// Neither down nor up while it is held.
[[nodiscard]] Refusal guard_hold(const Hold* hold);

/// What the requests of a journal amount to: its rows of kind `operator`, oldest first.
class Requests {
public:
    /// The JSON of one row; what cannot be read is left out.
    void take(const std::string& text);
    /// At `now`. By a clock that was never set, nothing has ended yet.
    [[nodiscard]] Recall recall(WallTime now) const;

private:
    std::map<std::string, Hold> holds_;
    std::string disarmed_by_;
};

}  // namespace firebreak
