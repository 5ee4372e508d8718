// More new alarms than a person can look at: by default more than ten in ten minutes begin a flood,
// fewer than five end it (EEMUA 191, ISA-18.2). Its alarms are kept in the order in which they came, so
// that the first cause stays on top. Pure; time is an argument; bounded by the number of alarms.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "contract/support/time.hpp"
#include "firmware/alarm/annunciation.hpp"

namespace firebreak {

class Flood {
public:
    explicit Flood(std::size_t alarms, FloodPlan plan = {})
        : plan_(plan), active_(alarms, false), grouped_(alarms, false) {}

    void came(std::size_t alarm, Instant now);  ///< it has become active
    void went(std::size_t alarm) { active_[alarm] = false; }

    /// True when the flood has begun, grown or ended since the last call.
    [[nodiscard]] bool tick(Instant now);

    [[nodiscard]] bool is_on() const { return on_; }
    [[nodiscard]] Duration within() const { return plan_.within; }
    [[nodiscard]] std::size_t recent() const { return recent_.size(); }
    /// Each once, the first cause first; of the flood that is on, or of the last one.
    [[nodiscard]] const std::vector<std::size_t>& alarms() const { return group_; }
    /// While there is none, the alarms that leave the window change nothing that is said.
    [[nodiscard]] Instant next_deadline() const;

private:
    struct Came {
        std::size_t alarm;
        Instant at;
    };
    /// More than this many within the window are a flood, whatever their number.
    static constexpr std::size_t most_counted = 1000;

    void begin();
    void group(std::size_t alarm);

    FloodPlan plan_;
    std::deque<Came> recent_;
    std::vector<bool> active_;
    std::vector<bool> grouped_;
    std::vector<std::size_t> group_;
    bool on_ = false;
    bool changed_ = false;
};

}  // namespace firebreak
