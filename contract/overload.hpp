// How long an overload may still last, by the UPS's own curve of load against seconds. It adds up
// like heat in a fuse: a second at a load that is allowed for T seconds uses 1/T of what there is,
// and it comes back at the same pace below the curve. Pure; the agent warns by it, the host sheds
// by it.
#pragma once

#include <vector>

namespace firebreak {

struct CurvePoint {
    double load = 0;     ///< in the unit of the loads asked about
    double seconds = 0;  ///< for how long this load is allowed from cold
};

/// Seconds that a load is allowed from cold, between the curve's points on a log scale; infinite
/// below the first, those of the last above it. The curve has loads rising and seconds falling.
[[nodiscard]] double allowed_seconds(const std::vector<CurvePoint>& curve, double load);

class OverloadClock {
public:
    explicit OverloadClock(std::vector<CurvePoint> curve) : curve_(std::move(curve)) {}

    /// `t` in seconds, rising. The load before counts until now, or for `most_s` if that is less.
    void add(double t, double load, double most_s);

    /// Infinite while there is no overload.
    [[nodiscard]] double remaining() const;
    [[nodiscard]] double used() const { return used_; }  ///< 0 cold, 1 no more

private:
    std::vector<CurvePoint> curve_;
    double used_ = 0;
    double load_ = 0, t_ = 0;
    bool any_ = false;
};

}  // namespace firebreak
