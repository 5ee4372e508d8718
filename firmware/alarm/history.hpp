// The newest reading of every point and when each device last answered. Owned by the core.
// Evidence ages: a reading older than its device's silence limit counts as missing, not as good.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "contract/reading.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

class History {
public:
    explicit History(Instant start) : start_(start) {}

    /// Before anything else is said of a device.
    void expect(const std::string& device, Duration silent_after);
    /// Of a point that is read more seldom than its device is given up.
    void expect(const PointId& point, Duration stale_after);

    /// A good answer of the device, whatever it said. Silence counts from the newest of these,
    /// and from the start until the first.
    void heard(const std::string& device, Instant at);

    /// Keeps the reading unless a newer one of its point is known.
    void add(Reading reading);

    /// Nothing when the point was never read.
    [[nodiscard]] const Reading* newest(const PointId& point) const;

    /// The newest value if it is fresh; else the reason why there is none, or Fault::stale.
    [[nodiscard]] Result<double> evidence(const PointId& point, Instant now) const;

    [[nodiscard]] bool heard_ever(const std::string& device) const;
    [[nodiscard]] bool silent(const std::string& device, Instant now) const;
    /// How long no good answer has come.
    [[nodiscard]] Duration quiet(const std::string& device, Instant now) const;
    /// When the device becomes silent if nothing more comes; `never` for an unknown device.
    [[nodiscard]] Instant silent_at(const std::string& device) const;

private:
    struct Ear {
        Instant heard;
        Duration silent_after;
        bool ever = false;
    };

    Instant start_;
    std::map<std::string, Ear, std::less<>> ears_;
    std::map<PointId, Reading> newest_;
    std::map<PointId, Duration> stale_after_;  ///< where it is not the device's
};

}  // namespace firebreak
