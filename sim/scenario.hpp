// A scenario: what the sensors and the power of a room do, when, and what Firebreak must have
// done by when. Pure values and their file. All times count from t0, the start of the story;
// those before it are negative. Errors go to Complaints, each with its place.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/alarm.hpp"
#include "contract/posture.hpp"
#include "contract/reading.hpp"
#include "contract/support/config_file.hpp"
#include "contract/support/time.hpp"
#include "firmware/profile/profile.hpp"

namespace firebreak {

struct SitePlan;

struct ScenarioEvent {
    Duration at{};
    std::string say;
    bool on_record = false;  ///< false: assumed for the replay
};

/// The UPS whose load follows from the racks that run.
struct UpsPlan {
    PointId load;
    double capacity_kw = 0;
    Place place;
};

struct RackPlan {
    std::string name;
    std::string service;
    std::size_t feed = 0;  ///< index into Scenario::feeds
    double kw = 0;
    std::optional<PointId> outlet;  ///< nothing: cannot be switched
    Place place;
};

struct StartPlan {
    PointId point;
    double value = 0;
    Place place;
};

/// A step, or a ramp when `over` is not zero. A later change of the same point ends a ramp.
struct ChangePlan {
    Duration at{};
    Duration over{};
    PointId point;                    ///< empty when `feed` is set
    std::optional<std::size_t> feed;  ///< 1 is live, 0 is dead
    double to = 0;
    Place place;
};

/// Those up to `busy` are the device's doing and carried out in the room; the others happen to its
/// answer on the wire (transmission.cpp).
enum class FaultKind : std::uint8_t {
    silent,
    exception,  ///< answers with `code`
    stuck,      ///< shows what it showed, and obeys no write
    busy,       ///< answers with exception 6
    slow,       ///< answers after `delay`
    dribble,    ///< a byte each `delay`
    wrong_transaction,
    wrong_unit,
    crc,        ///< on Modbus TCP: an impossible length
    truncated,  ///< half of the answer, and no more
    garbage,    ///< bytes of nobody's before the answer
    reset,      ///< in place of an answer the connection or the line goes away
};
/// As a scenario says them.
inline constexpr std::array<std::pair<std::string_view, FaultKind>, 12> fault_kinds{{
    {"silent", FaultKind::silent},
    {"exception", FaultKind::exception},
    {"stuck", FaultKind::stuck},
    {"busy", FaultKind::busy},
    {"slow", FaultKind::slow},
    {"dribble", FaultKind::dribble},
    {"wrong_transaction", FaultKind::wrong_transaction},
    {"wrong_unit", FaultKind::wrong_unit},
    {"crc", FaultKind::crc},
    {"truncated", FaultKind::truncated},
    {"garbage", FaultKind::garbage},
    {"reset", FaultKind::reset},
}};
[[nodiscard]] std::string_view to_string(FaultKind kind);

/// Without a table: every request. Addresses as on the wire, of `count` registers or bits.
struct FaultAim {
    std::optional<Table> table;
    std::uint16_t address = 0;
    std::uint32_t count = 65536;
    int every = 1;      ///< of the requests that it aims at, only each n-th is hit
    double chance = 1;  ///< and of these so many, the same ones in every run

    [[nodiscard]] bool touches(Table of, std::uint32_t begin, std::uint32_t length) const {
        return !table || (*table == of && begin < address + count && address < begin + length);
    }
};

struct FaultPlan {
    Duration at{};
    Duration until = Duration::max();
    std::string device;
    FaultKind kind = FaultKind::silent;
    std::uint8_t code = 0;  ///< of exception
    Duration delay{};       ///< of slow and dribble, in the time of the wire whatever the speed
    FaultAim aim;
    Place place;
};

/// `by`: must hold at some moment up to and including `at`; otherwise exactly at `at`.
/// `reached`: normal and watch must be met exactly; drain, shed and cut mean at least that, since
/// a target that went further has done what was asked.
struct ExpectPlan {
    Duration at{};
    bool by = false;
    std::string alarm;  ///< empty: `target` is set
    Phase phase = Phase::firing;
    std::string target;
    Posture reached = Posture::normal;
    Place place;
};

struct Scenario {
    std::string title;
    std::string source;
    int t0_minutes = 0;  ///< clock time of t0, minutes after midnight
    Duration begins{};
    Duration ends{};
    std::vector<ScenarioEvent> events;
    std::optional<UpsPlan> ups;
    std::vector<std::string> feeds;
    std::vector<RackPlan> racks;
    std::vector<StartPlan> starts;
    std::vector<ChangePlan> changes;
    std::vector<FaultPlan> faults;
    std::vector<ExpectPlan> expects;
};

[[nodiscard]] Scenario parse_scenario(ConfigFile& file);
[[nodiscard]] Scenario load_scenario(const std::string& path, Complaints& complaints);

/// Complains about devices, measures and alarms that the site does not have.
void check_against(const Scenario& scenario, const SitePlan& site, Complaints& complaints);

/// The resolved timeline for people.
[[nodiscard]] std::string describe(const Scenario& scenario);

/// parse_duration() with an optional leading "-".
[[nodiscard]] std::optional<Duration> parse_signed_duration(std::string_view text);

/// "-00:30", "+08:00", "+93:00": minutes and seconds after t0.
[[nodiscard]] std::string format_story_time(Duration at);

/// "reached" as an expectation reads it: see ExpectPlan.
[[nodiscard]] bool satisfies(Posture reached, Posture expected);

}  // namespace firebreak
