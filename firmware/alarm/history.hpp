// The newest reading of every point and when each device last answered. Owned by the core.
// Evidence ages: a reading older than its device's silence limit counts as missing, not as good.
// Points and devices have a name, for people, and an index, for those who ask often.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/reading.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

using PointIndex = std::uint32_t;

class History {
public:
    explicit History(Instant start) : start_(start) {}

    /// Before anything else is said of a device.
    void expect(const std::string& device, Duration silent_after);
    /// Of a point that is read more seldom than its device is given up.
    void expect(const PointId& point, Duration stale_after);

    /// Of somebody who need not answer before he is asked: silent unless heard within `silent_after`
    /// of `since`.
    void await(const std::string& name, Instant since, Duration silent_after) {
        ears_[ear_of(name)] = Ear{since, silent_after, true, true};
    }

    /// A good answer of the device, whatever it said. Silence counts from the newest of these,
    /// and from the start until the first.
    void heard(const std::string& device, Instant at);

    /// Keeps the reading unless a newer one of its point is known. What is not a number is missing.
    void add(Reading reading);

    /// The index of a point, made on the first call; it stays for the life of this history.
    [[nodiscard]] PointIndex resolve(const PointId& point, Unit unit = Unit::none);
    /// As add(), for a point whose unit and label stay; allocates nothing.
    void add(PointIndex point, double value, Instant at);
    void add(PointIndex point, const Result<double>& value, const std::string& label, Instant at);
    /// Nothing for a point never read nor resolved.
    [[nodiscard]] std::optional<PointIndex> find(const PointId& point) const;
    /// The newest reading when it was ever read, however old.
    [[nodiscard]] const Reading* newest(PointIndex point) const;
    /// As evidence(), without the reason: null when there is none.
    [[nodiscard]] const Reading* fresh(PointIndex point, Instant now) const;

    /// Nothing when the point was never read.
    [[nodiscard]] const Reading* newest(const PointId& point) const;

    /// The newest value if it is fresh; else the reason why there is none, or Fault::stale.
    [[nodiscard]] Result<double> evidence(const PointId& point, Instant now) const;

    [[nodiscard]] Instant start() const { return start_; }
    [[nodiscard]] bool heard_ever(const std::string& device) const;
    [[nodiscard]] bool silent(const std::string& device, Instant now) const;
    /// How long no good answer has come.
    [[nodiscard]] Duration quiet(const std::string& device, Instant now) const;
    /// When the device becomes silent if nothing more comes; `never` for an unknown device.
    [[nodiscard]] Instant silent_at(const std::string& device) const;

private:
    struct Ear {
        Instant heard;
        Duration silent_after = Duration::max();
        bool expected = false;
        bool ever = false;
    };
    struct Slot {
        Reading reading;
        std::optional<Duration> stale_after;  ///< where it is not the device's
        std::uint32_t ear = 0;
        bool read = false;
    };

    /// A point's name, as its slot holds it.
    using Name = std::pair<std::string_view, std::string_view>;
    [[nodiscard]] static Name name_of(const PointId& point) {
        return {point.device, point.measure};
    }

    [[nodiscard]] bool stale(const Slot& slot, Instant now) const;
    void put(Slot& slot, Result<double> value, Instant at);
    std::uint32_t ear_of(const std::string& device);
    [[nodiscard]] const Ear* known(std::string_view device) const;

    Instant start_;
    std::vector<Ear> ears_;
    std::deque<Slot> slots_;  ///< stay where they are: the names below point into them
    std::map<std::string, std::uint32_t, std::less<>> devices_;
    std::map<Name, PointIndex> points_;
};

}  // namespace firebreak
