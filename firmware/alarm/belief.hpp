// Whether a point's readings are believed: a step that no heat can make is the sensor's own.
// After one, the readings are doubted until they are back, go on the same way (a fire is a row of
// steps, a fault is one), or have settled and live at the new level. A sensor that has come back
// from a jump must stay away for longer the next time. Pure; owned by the watch.
#pragma once

#include <cstdint>

#include "firmware/alarm/noise.hpp"
#include "firmware/alarm/plan.hpp"

namespace firebreak {

class Belief {
public:
    enum class Answer : std::uint8_t {
        believed,
        doubted,
        restarted,  ///< believed from here on; what was before does not join to it
        risen,      ///< as restarted, and the reading before was true as well
    };

    explicit Belief(BeliefPlan plan) : plan_(plan) {}

    /// `t` in seconds, rising from call to call; `value` finite.
    Answer take(double t, double value);

    [[nodiscard]] bool believed() const { return believed_; }
    /// Most of its readings are doubted: the few between them are true, but no course.
    [[nodiscard]] bool intermittent() const { return doubts_ > intermittent_share; }
    /// The last value believed, to say what it jumped from.
    [[nodiscard]] double trusted() const { return trusted_; }
    [[nodiscard]] const Noise& noise() const { return noise_; }
    [[nodiscard]] const BeliefPlan& plan() const { return plan_; }

private:
    static constexpr double intermittent_share = 0.7;

    Answer weigh(double t, double value);
    Answer doubt(double t, double value, double step, double room);
    void jumped(double t, double step);
    void came_back(double t);
    [[nodiscard]] bool stays_away(double t) const;
    [[nodiscard]] double allowed(double seconds) const;

    BeliefPlan plan_;
    Noise noise_;
    double trusted_ = 0;
    double last_ = 0, last_t_ = 0;
    double since_ = 0;           ///< of the last jump while doubted
    double direction_ = 0;       ///< of that jump
    bool any_ = false;
    bool believed_ = false;
    bool cools_ = false;         ///< the last step was an even one back down
    bool goes_on_ = false;       ///< a second step the same way, or two back down
    std::uint32_t changes_ = 0;  ///< steps since then: a sensor that lives
    std::uint32_t away_ = 0;     ///< readings since it left what was trusted
    std::uint32_t longest_away_ = 0;  ///< that it came back from, lately
    double back_at_ = 0;              ///< when last
    double doubts_ = 0;               ///< their share of the newest readings
};

}  // namespace firebreak
