#include "firmware/alarm/belief.hpp"

#include <algorithm>
#include <cmath>

namespace firebreak {

namespace {

/// A doubted level is believed after this long without a jump, if it lives.
constexpr double settle_s = 120;
/// Changes that tell a living sensor from one stuck at the end of its range.
constexpr std::uint32_t alive = 8;
/// No heat keeps up its fastest for longer than this; after it, a twentieth of that is a lot.
constexpr double burst_s = 2;
constexpr double after_burst = 0.05;
/// A sensor that came back from a jump is remembered for this long.
constexpr double remember_s = 86400;
/// A jump must last this many times longer than what the sensor has come back from …
constexpr std::uint32_t times_longer = 2;
/// … but a fire shall not wait for more readings than these.
constexpr std::uint32_t longest_wait = 10;
/// Readings over which the share of doubted ones is averaged.
constexpr double share_over = 32;

}  // namespace

double Belief::allowed(double seconds) const {
    const double burst = std::min(seconds, burst_s);
    const double heat = plan_.jump * (burst + after_burst * (seconds - burst));
    return std::max({heat, 8 * noise_.sigma(), 4 * noise_.quantum()});
}

Belief::Answer Belief::take(double t, double value) {
    const Answer answer = weigh(t, value);
    const double doubted = answer == Answer::doubted ? 1 : 0;
    doubts_ += (doubted - doubts_) / share_over;
    return answer;
}

Belief::Answer Belief::weigh(double t, double value) {
    if (value < plan_.least || value > plan_.most) {
        // Out of what can be: the sensor's break. Doubted, whatever comes next.
        if (believed_) since_ = t;
        away_ = believed_ ? 1 : away_ + 1;
        believed_ = goes_on_ = false;
        changes_ = 0;
        direction_ = 0;
        last_ = value;
        last_t_ = t;
        return Answer::doubted;
    }
    if (plan_.jump <= 0) {
        const bool first = !believed_;
        believed_ = true;
        trusted_ = last_ = value;
        last_t_ = t;
        noise_.add(t, value);
        return first ? Answer::restarted : Answer::believed;
    }
    if (!any_) {
        any_ = believed_ = true;
        trusted_ = last_ = value;
        last_t_ = t;
        noise_.add(t, value);
        return Answer::restarted;
    }
    const double step = value - last_;
    const double room = allowed(t - last_t_);
    Answer answer = Answer::believed;
    if (!believed_) {
        answer = doubt(t, value, step, room);
    } else if (std::abs(step) > room) {
        believed_ = false;
        goes_on_ = false;
        away_ = 1;
        jumped(t, step);
        answer = Answer::doubted;
    }
    last_ = value;
    last_t_ = t;
    if (answer == Answer::doubted) return answer;
    believed_ = true;
    trusted_ = value;
    noise_.add(t, value);
    return answer;
}

void Belief::jumped(double t, double step) {
    since_ = t;
    direction_ = step;
    changes_ = 0;
    cools_ = false;
}

/// What a sensor has come back from once, it can do again: that is its own fault, and no fire's.
void Belief::came_back(double t) {
    if (t - back_at_ > remember_s) longest_away_ = 0;
    longest_away_ = std::max(longest_away_, away_);
    back_at_ = t;
    away_ = 0;
}

bool Belief::stays_away(double t) const {
    if (longest_away_ == 0 || t - back_at_ > remember_s) return true;
    return away_ > std::min(times_longer * longest_away_, longest_wait);
}

Belief::Answer Belief::doubt(double t, double value, double step, double room) {
    // Back where it was, as far as one step of heat goes: a level further off is not.
    if (std::abs(value - trusted_) <= room) {
        came_back(t);
        return Answer::believed;
    }
    ++away_;
    const bool jumps = std::abs(step) > room;
    const bool moves = std::abs(step) > std::max(3 * noise_.sigma(), noise_.quantum() / 2);
    // Heat goes on: a second step the same way, of a size that noise does not make.
    const bool same_way = moves && step * direction_ > 0;
    const bool goes_up = same_way && std::abs(step) > std::abs(direction_) / 20;
    // So does what has burnt and cools: two even steps back down from where it leapt to.
    const bool cools = moves && !jumps && direction_ > 0 && step < 0 && value > trusted_;
    goes_on_ = goes_on_ || goes_up || (cools && cools_);
    if (goes_on_ && stays_away(t)) return Answer::risen;
    cools_ = cools;
    if (jumps) {
        goes_on_ = goes_on_ && goes_up;
        jumped(t, step);
    } else if (step != 0) {
        ++changes_;
    }
    return t - since_ >= settle_s && changes_ >= alive ? Answer::restarted : Answer::doubted;
}

}  // namespace firebreak
