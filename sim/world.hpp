// The room's physics: (scenario, time) plus outlet writes -> signals, power and what happened.
// Pure: no thread, file or clock; owned by whoever plays the scenario. Times are story times,
// counted from t0. Power in kW; a rack runs while its feed is live and its outlet is on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/reading.hpp"
#include "sim/scenario.hpp"

namespace firebreak {

/// What a point or a feed does over time: steps and ramps after a start value.
class Curve {
public:
    explicit Curve(std::optional<double> start = std::nullopt) : value_(start) {}

    void start_at(double value) { value_ = value; }
    void add(const ChangePlan& change) { changes_.push_back(change); }  ///< in order of time

    [[nodiscard]] std::optional<double> at(Duration time) const;

    /// A write: holds from `time` on, until a later change; it ends a ramp under way.
    void write(Duration time, double value);

private:
    std::optional<double> value_;
    std::vector<ChangePlan> changes_;
};

enum class RoomEventKind : std::uint8_t {
    begin,
    event,  ///< an [[event]]; why: "record" or "assumed"
    feed_off,
    feed_on,
    rack_off,
    rack_on,
    end,
};
[[nodiscard]] std::string_view to_string(RoomEventKind kind);

struct RoomEvent {
    Duration at{};
    RoomEventKind kind = RoomEventKind::begin;
    std::string what;  ///< what was said, or the name of the feed or rack
    double kw = 0;     ///< racks: their own power
    std::string why;   ///< racks: "outlet" or "feed"; events: "record" or "assumed"
};

class World {
public:
    explicit World(const Scenario& scenario);
    ~World() = default;
    World(const World&) = delete;  ///< devices point into it
    World& operator=(const World&) = delete;
    World(World&&) = default;  ///< keeps what they point to
    World& operator=(World&&) = default;

    /// Plays on to `time`; an earlier time changes nothing.
    void advance(Duration time);
    [[nodiscard]] Duration now() const { return now_; }
    [[nodiscard]] bool ended() const { return ended_; }

    /// The next time something steps; nothing when all that is left is steady or a ramp.
    [[nodiscard]] std::optional<Duration> next_step() const;

    /// What this point shows now; nothing when the scenario does not speak of it.
    [[nodiscard]] std::optional<double> signal(const PointId& point) const;

    /// A point looked up once, for as long as the world lasts; null: nobody speaks of it (yet),
    /// or its value is computed, as the UPS's load is.
    [[nodiscard]] const Curve* curve(const PointId& point) const;
    /// Grows when a write speaks of a point that nobody spoke of before.
    [[nodiscard]] std::size_t points() const { return curves_.size() + 1; }

    /// Somebody wrote a register: an outlet switched, a set point.
    void write(const PointId& point, double value);

    [[nodiscard]] bool powered(std::size_t rack) const { return powered_[rack]; }
    [[nodiscard]] double load_kw() const;

    /// What happened since the last call, in order.
    [[nodiscard]] std::vector<RoomEvent> take_events();

private:
    void step_to(Duration time);
    void update_power();
    [[nodiscard]] bool outlet_on(const RackPlan& rack) const;

    Scenario scenario_;
    Duration now_{};
    bool ended_ = false;
    std::map<PointId, Curve> curves_;
    std::vector<Curve> feed_curves_;
    std::vector<bool> feeds_;
    std::vector<bool> powered_;
    std::vector<Duration> steps_;  ///< sorted times of steps and events
    std::size_t next_step_ = 0;
    std::size_t next_event_ = 0;
    std::vector<RoomEvent> happened_;
};

}  // namespace firebreak
