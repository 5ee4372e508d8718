// The newest reading of every point and when each device last answered. Owned by the core.
// Evidence ages: a reading older than its device's silence limit counts as missing, not as good.
// Points and devices have a name, for people, and an index, for those who ask often.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/reading.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

using PointIndex = std::uint32_t;

/// What a point's newest reading says, as far as it is evidence.
struct Seen {
    Instant at{};
    double value = 0;              ///< in `unit`
    std::optional<Fault> missing;  ///< why there is no value
    Unit unit = Unit::none;
    bool is_read = false;  ///< false: no reading has ever come
};

class History {
public:
    explicit History(Instant start) : start_(start) {}

    /// Room for so many points at once.
    void reserve(std::size_t points) {
        slots_.reserve(points);
        cold_.reserve(points);
    }

    /// Before anything else is said of a device.
    void expect(const std::string& device, Duration silent_after);
    /// Of a point that is read more seldom than its device is given up.
    void expect(const PointId& point, Duration stale_after);

    /// Of somebody who need not answer before he is asked: silent unless heard within
    /// `silent_after` of `since`.
    void await(const std::string& name, Instant since, Duration silent_after) {
        listen(name, since, silent_after).ever = true;
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
    [[nodiscard]] const Seen* newest(PointIndex point) const {
        const auto& slot = slots_[point];
        return slot.seen.is_read ? &slot.seen : nullptr;
    }
    /// As evidence(), without the reason: null when there is none.
    [[nodiscard]] const Seen* fresh(PointIndex point, Instant now) const {
        const auto& slot = slots_[point];
        return slot.seen.is_read && !slot.seen.missing && !stale(slot, now) ? &slot.seen : nullptr;
    }

    /// Nothing when the point was never read.
    [[nodiscard]] const Seen* newest(const PointId& point) const;

    [[nodiscard]] Unit unit(PointIndex point) const { return slots_[point].seen.unit; }
    [[nodiscard]] const std::string& device(PointIndex point) const {
        return *ears_[cold_[point].ear].name;
    }
    [[nodiscard]] const std::string& measure(PointIndex point) const {
        return *measures_[cold_[point].measure];
    }
    /// The enumeration's word for the newest value, or a text point's text.
    [[nodiscard]] std::string_view label(PointIndex point) const;

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
    /// A device's point, by the number of its measure.
    struct Entry {
        std::uint32_t measure = 0;
        PointIndex point = 0;
    };
    struct Ear {
        const std::string* name = nullptr;
        Instant heard;
        Duration silent_after = Duration::max();
        bool expected = false;
        bool ever = false;
        std::vector<Entry> points = {};  ///< by measure

        /// Where a measure's point stands, or would.
        [[nodiscard]] std::vector<Entry>::const_iterator place_of(std::uint32_t measure) const;
    };
    /// What every reading and every condition touches, and no more.
    struct Slot {
        Seen seen;
        Duration stale_after = Duration::max();
    };
    struct Cold {
        std::uint32_t ear = 0;
        std::uint32_t measure = 0;
        bool own_limit = false;              ///< stale_after is not the device's
        std::unique_ptr<std::string> label;  ///< where there ever was one
    };

    [[nodiscard]] static bool stale(const Slot& slot, Instant now) {
        return now - slot.seen.at >= slot.stale_after;
    }
    static void put(Slot& slot, double value, std::optional<Fault> missing, Instant at);
    void put_label(PointIndex point, std::string_view label);
    Ear& listen(const std::string& name, Instant since, Duration silent_after);
    std::uint32_t ear_of(const std::string& device);
    std::uint32_t measure_of(const std::string& measure);
    [[nodiscard]] const Ear* known(std::string_view device) const;

    Instant start_;
    std::vector<Ear> ears_;
    std::vector<Slot> slots_;
    std::vector<Cold> cold_;                    ///< as slots_
    std::vector<const std::string*> measures_;  ///< each once, though a thousand devices have it
    /// Names and their numbers: of ears_, of measures_, which point to them.
    std::map<std::string, std::uint32_t, std::less<>> devices_, measure_numbers_;
};

}  // namespace firebreak
