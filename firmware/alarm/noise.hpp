// What a point's readings do when nothing happens: their noise, their steps, how often they change.
// Pure; fed one reading at a time, allocates nothing. Owned by the trace or belief that asks it.
#pragma once

#include <cstdint>

namespace firebreak {

class Noise {
public:
    /// `t` in seconds, rising from call to call.
    void add(double t, double value);

    /// One standard deviation of a reading, noise and rounding together; 0 while unknown.
    [[nodiscard]] double sigma() const;
    /// The smallest step seen: what the sensor rounds to, or 0 while it never changed.
    [[nodiscard]] double quantum() const { return quantum_; }
    /// Seconds between readings, usually; 0 while unknown.
    [[nodiscard]] double period() const { return period_; }

private:
    struct Sample {
        double t = 0, value = 0;
    };

    void learn(double size);

    Sample last_[2];
    std::uint32_t count_ = 0;
    std::uint32_t learnt_ = 0;
    double size_ = 0;  ///< the median distance of a reading from the line between its neighbours
    double quantum_ = 0;
    double period_ = 0;
};

}  // namespace firebreak
