// What buses, sensors and clocks say when they are broken, through the whole shipped lithium-ion
// rule set: no evidence, or low-severity words about the sensor, and never an alarm by itself.
#include <cmath>
#include <functional>
#include <limits>

#include "firmware/alarm/book.hpp"
#include "firmware/site_file.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

constexpr int cells = 6;  ///< of the site's twelve; the others are never heard
const Instant t0{1000h};

const SitePlan& site() {
    static const SitePlan plan = [] {
        Complaints complaints;
        auto made = load_site(FIREBREAK_SOURCE_DIR "/sim/judge/li-ion-room.toml",
                              {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        return made;
    }();
    return plan;
}

Duration in(double s) {
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

/// One cell's temperature at a time, or the reason for none.
using Sensor = std::function<Result<double>(double)>;

struct Room {
    History history{t0};
    AlarmBook book{site().alarms, t0};
    std::string fired;  ///< above severity low

    Room() {
        for (const auto& device : site().devices) history.expect(device.name, 10s);
    }
    /// `now`: when it is heard; `at`: what its time says.
    void hear(int cell, Result<double> value, double now, double at) {
        const auto device = "cell" + std::to_string(cell + 1);
        history.heard(device, t0 + in(now));
        history.add(
            {{device, "battery.cell.temperature.max"}, std::move(value), "", Unit::celsius,
             t0 + in(at)});
        take(book.look(device, history, t0 + in(now)), now);
        take(book.tick(history, t0 + in(now)), now);
    }
    void take(const std::vector<Transition>& transitions, double now) {
        for (const auto& change : transitions) {
            if (!is_active(change.after.phase) || is_active(change.before.phase)) continue;
            if (book.plans()[change.alarm].severity == Severity::low) continue;
            fired += book.plans()[change.alarm].name + " at " + std::to_string(now) + ": " +
                     change.cause + "\n";
        }
    }
};

double healthy(int cell, double t) {
    return std::round(250 + 3 * std::sin(t / 50 + cell) + 10 * std::sin(t / 5000)) / 10;
}

/// The first `broken` cells have this sensor, the others are healthy.
std::string fired_by(const Sensor& sensor, int broken, double lasts = 900) {
    Room room;
    for (double t = 0; t <= lasts; ++t) {
        for (int cell = 0; cell < cells; ++cell)
            room.hear(cell, cell < broken ? sensor(t) : healthy(cell, t), t, t);
    }
    return room.fired;
}

}  // namespace

TEST_CASE("bad input: what is no number is no evidence, for one cell and for all",
          "[firmware][alarm]") {
    const double infinite = std::numeric_limits<double>::infinity();
    for (const double odd : {std::nan(""), infinite, -infinite, 1e308}) {
        for (const int broken : {1, cells}) {
            INFO(odd << " in " << broken << " cells");
            CHECK(fired_by([&](double t) { return t < 400 ? healthy(0, t) : odd; }, broken) == "");
            CHECK(fired_by([&](double t) { return std::fmod(t, 3) < 1 ? odd : healthy(0, t); },
                           broken) == "");
        }
    }
}

TEST_CASE("bad input: a sensor that flips between two values starts nothing, however it flips",
          "[firmware][alarm]") {
    for (const double other : {-200.0, 0.0, 47.0, 130.0, 1372.0}) {
        for (const int on : {1, 2, 40}) {
            for (const int off : {1, 30}) {
                INFO(other << " for " << on << " s, then well for " << off << " s");
                const auto flips = [&](double t) {
                    const bool lies = t >= 200 && std::fmod(t, on + off) < on;
                    return lies ? other : healthy(0, t);
                };
                CHECK(fired_by(flips, 1, 500) == "");
            }
        }
    }
}

TEST_CASE("bad input: a peer group that is missing whole is no evidence for the one that is left",
          "[firmware][alarm]") {
    const auto quiet = [](double) -> Result<double> { return fail(Fault::timeout, "no answer"); };
    CHECK(fired_by(quiet, cells - 1) == "");
    CHECK(fired_by(quiet, cells) == "");
    // The group dies while the cells are warm and still rising a little.
    CHECK(fired_by(
              [](double t) -> Result<double> {
                  if (t > 700) return fail(Fault::port_lost, "the port is gone");
                  return 40 + t / 200;
              },
              cells - 1) == "");
}

TEST_CASE("bad input: samples out of order are those in order, or none", "[firmware][alarm]") {
    // Each third sample comes with a time of before: old and hot, or old and cold.
    for (const double stale : {90.0, -30.0, 25.0}) {
        INFO(stale);
        Room room;
        for (double t = 1; t < 900; ++t) {
            for (int cell = 0; cell < cells; ++cell) {
                room.hear(cell, healthy(cell, t), t, t);
                if (std::fmod(t, 3) == 0) room.hear(cell, stale, t, t - 40);
                room.hear(cell, healthy(cell, t), t, t);
            }
        }
        CHECK(room.fired == "");
    }
    // In blocks of ten, each block backwards, as a gateway that empties its stack would.
    Room room;
    for (int row = 0; row < 900; ++row) {
        const int turned = row / 10 * 10 + 9 - row % 10;
        for (int cell = 0; cell < cells; ++cell)
            room.hear(cell, healthy(cell, turned), row + 10, turned);
    }
    CHECK(room.fired == "");
}

TEST_CASE("bad input: beside a broken sensor a true fire is found", "[firmware][alarm]") {
    // What proves the others: the same room with one cell that heats up does alarm.
    Room room;
    for (double t = 1; t < 900; ++t) {
        for (int cell = 0; cell < cells; ++cell) {
            if (cell == 0) room.hear(cell, std::nan(""), t, t);
            const double heat = cell == 5 && t > 300 ? 0.3 * (t - 300) : 0;
            if (cell > 0) room.hear(cell, healthy(cell, t) + heat, t, t);
        }
    }
    CHECK(room.fired.find("cell-over-peers.cell6") != std::string::npos);
    CHECK(room.fired.find("cell-hot.cell6") != std::string::npos);
}
