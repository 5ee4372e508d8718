// One point's believed readings as far back as a window reaches, single spikes taken out, and the
// straight line through them. Sums run along, so a reading costs the same however long the window.
// Bounded: samples that come faster than the window needs are averaged. Owned by the watch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace firebreak {

/// A straight line through a window's samples.
struct Line {
    double slope = 0;  ///< per second
    double error = 0;  ///< one standard error of the slope
    double value = 0;  ///< the line's value at the newest sample
    double value_error = 0;
    double span = 0;  ///< seconds from the first sample to the newest
    std::size_t samples = 0;
};

class Trace {
public:
    explicit Trace(double window_s);

    /// `t` in seconds, rising; `sigma` of one reading and `period` between two, as known by now.
    void add(double t, double value, double sigma, double period);
    /// What comes next does not join to what was.
    void restart();

    /// Nothing while the window is not yet covered by enough samples.
    [[nodiscard]] std::optional<Line> line() const;
    /// True when one single step makes most of the rise or fall: that is no slope. Rounding makes
    /// steps too, but several of them before it is a slope that one asks about.
    [[nodiscard]] bool one_step() const;
    /// Have fetched into the cache what the next reading will touch; of the ring its two ends.
    void fetch_sums() const {
        const auto* const ring = reinterpret_cast<const char*>(&ring_);
        for (const auto* at = reinterpret_cast<const char*>(this); at < ring; at += 64) {
            __builtin_prefetch(at, 1);
        }
    }
    void fetch_ends() const {
        __builtin_prefetch(&at(0), 1);
        __builtin_prefetch(&at(size_), 1);
    }

    /// The middle of the window's first half; nothing while line() has none.
    [[nodiscard]] std::optional<double> before() const;

private:
    static constexpr std::size_t room = 64;
    static constexpr std::size_t first_room = 8;
    static constexpr double wanted = 48;  ///< samples a window is kept as, at most
    static constexpr std::size_t least = 4;

    struct Sample {
        double t = 0, value = 0;
    };

    void keep(Sample sample);
    void forget(double until);
    void sum_anew();
    void count(const Sample& sample, double sign);
    void grow();
    [[nodiscard]] const Sample& at(std::size_t i) const {
        return ring_[(first_ + i) & (turn_ - 1)];
    }

    // What each reading touches stands together, before the ring.
    double window_;
    double origin_ = 0;  ///< the sums count time from here
    double t_ = 0, v_ = 0, tt_ = 0, tv_ = 0;
    Sample open_;  ///< the average that is still being filled
    double open_from_ = 0;
    double sigma_ = 0, period_ = 0;
    std::array<Sample, 2> raw_;  ///< newest first: the median of three needs them
    std::uint32_t raw_size_ = 0, open_size_ = 0;
    std::uint32_t first_ = 0, size_ = 0;
    std::uint32_t turn_ = first_room;  ///< the ring's length: a power of 2, as the window needs
    std::uint32_t since_anew_ = 0;
    std::array<Sample, room> ring_;
};

}  // namespace firebreak
