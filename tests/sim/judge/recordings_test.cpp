// Recordings as laboratories and rooms make them, through the shipped rules: abuse tests of cells
// with broken thermocouples, healthy strings on load, and a fire that no thermometer sees.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iomanip>
#include <sstream>

#include "firmware/site_file.hpp"
#include "sim/judge/recording.hpp"
#include "sim/physics/chance.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

const SitePlan& room_site() {
    static const SitePlan site = [] {
        Complaints complaints;
        auto made = load_site(FIREBREAK_SOURCE_DIR "/sim/judge/li-ion-room.toml",
                              {FIREBREAK_SOURCE_DIR "/firmware/profiles"}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        return made;
    }();
    return site;
}

using Column = std::function<std::string(double)>;

/// A CSV of one column of time and others made of functions of it.
struct Csv {
    std::string head = "t_s";
    std::vector<Column> columns;
    double period = 1;
    double lasts = 600;

    Csv& column(const std::string& name, Column of) {
        head += "," + name;
        columns.push_back(std::move(of));
        return *this;
    }
    [[nodiscard]] RecordingOutcome played() const {
        std::ostringstream text;
        text << head << '\n';
        const auto rows = static_cast<int>(lasts / period);
        for (int i = 0; i <= rows; ++i) {
            text << i * period;
            for (const auto& column : columns) text << ',' << column(i * period);
            text << '\n';
        }
        std::istringstream in(text.str());
        Complaints complaints;
        auto outcome = play_recording(in, "test.csv", room_site(), {}, complaints);
        INFO(complaints.text());
        REQUIRE(complaints.empty());
        return outcome;
    }
};

/// As a logger with steps of 0.1 prints it.
std::string tenths(double value) {
    return std::to_string(std::round(value * 10) / 10);
}

Column flat(const std::string& text) {
    return [text](double) { return text; };
}

/// When a detector first fired; nothing: never.
std::optional<double> first(const RecordingOutcome& outcome, const std::string& detector) {
    const auto names = detector_names(room_site());
    for (const auto& firing : outcome.room.firings)
        if (names[firing.detector] == detector) return firing.at;
    return std::nullopt;
}

std::string fired(const RecordingOutcome& outcome) {
    std::string text;
    const auto names = detector_names(room_site());
    for (const auto& firing : outcome.room.firings)
        text += names[firing.detector] + " at " + std::to_string(firing.at) + "\n";
    return text;
}

const std::string plain = "60 Cel, two readings";
const std::string all = "all alarms";

}  // namespace

TEST_CASE("recordings: an indented cell is found by heat and voltage, and its thermocouple burns",
          "[sim][judge]") {
    for (const double period : {0.1, 1.0, 5.0}) {
        INFO("a row each " << period << " s");
        Csv csv;
        csv.period = period;
        csv.lasts = 400;
        csv.column("temp_1", [](double t) {
            if (t > 325) return std::string("1372");  // open
            return tenths(t < 300 ? 25 : std::min(650.0, 25 + 40 * (t - 300)));
        });
        csv.column("temp_2", [](double t) {
            if (t > 340) return std::string("nan");
            return tenths(t < 305 ? 25 : std::min(400.0, 25 + 15 * (t - 305)));
        });
        csv.column("cell1/battery.cell.voltage.min", [](double t) {
            return t < 299 ? "4.15" : t < 300 ? "2.1" : "0.02";
        });
        const auto outcome = csv.played();
        INFO(fired(outcome));
        REQUIRE(first(outcome, plain));
        REQUIRE(first(outcome, all));
        CHECK(*first(outcome, all) <= *first(outcome, plain));
        CHECK(first(outcome, "battery-fire"));
        CHECK(*first(outcome, all) >= 298);
    }
}

TEST_CASE("recordings: a heater is seen at twice the lead of the threshold before 80 Cel",
          "[sim][judge]") {
    for (const double period : {1.0, 2.0, 10.0}) {
        for (const double rate : {0.1, 0.3}) {
            INFO("a row each " << period << " s, " << rate << " Cel/s");
            Csv csv;
            csv.period = period;
            csv.lasts = 1500;
            Chance chance(5);
            csv.column("temp", [&](double t) {
                return tenths(25 + std::max(0.0, rate * (t - 600)) + 0.1 * chance.normal());
            });
            const auto outcome = csv.played();
            INFO(fired(outcome));
            REQUIRE(outcome.room.hot80);
            REQUIRE(first(outcome, plain));
            REQUIRE(first(outcome, all));
            CHECK(*first(outcome, all) > 600);
            CHECK(*outcome.room.hot80 - *first(outcome, all) >=
                  2 * (*outcome.room.hot80 - *first(outcome, plain)));
        }
    }
}

TEST_CASE("recordings: an oven that heats all thermocouples alike is no later than the threshold",
          "[sim][judge]") {
    for (const double rate : {1.0, 2.0, 5.0}) {  // Cel a minute
        INFO(rate << " Cel/min");
        Csv csv;
        csv.period = 5;
        csv.lasts = 600 + 60 / rate * 60;
        for (int i = 0; i < 6; ++i) {
            csv.column("temp_" + std::to_string(i), [rate, i](double t) {
                return tenths(25 + 0.2 * i + std::max(0.0, rate / 60 * (t - 600)));
            });
        }
        const auto outcome = csv.played();
        INFO(fired(outcome));
        REQUIRE(first(outcome, plain));
        REQUIRE(first(outcome, all));
        CHECK(*first(outcome, all) <= *first(outcome, plain));
        CHECK(*first(outcome, all) > 600);
    }
}

TEST_CASE("recordings: broken thermocouples on healthy cells alarm nobody", "[sim][judge]") {
    Chance chance(11);
    const auto healthy = [&](double t) {
        return 25 + 2 * std::sin(t / 7000) + 0.1 * chance.normal();
    };
    // All are well at first: a reading that nothing contradicts is believed.
    const auto every = [](double t, double n, double part) {
        return t > 1000 && std::fmod(t, n) < part;
    };
    const std::map<std::string, Column> faults = {
        {"to 0", [&](double t) { return t > 2000 ? "0" : tenths(healthy(t)); }},
        {"flips to 0", [&](double t) { return every(t, 60, 30) ? "0" : tenths(healthy(t)); }},
        {"nan", [&](double t) { return t > 2000 ? "nan" : tenths(healthy(t)); }},
        {"blanks", [&](double t) { return every(t, 70, 50) ? "" : tenths(healthy(t)); }},
        {"open", [&](double t) { return t > 2000 ? "1372" : tenths(healthy(t)); }},
        {"clipped", [&](double t) { return tenths(std::min(26.0, healthy(t))); }},
        {"full scale", [&](double t) { return t > 2000 ? "85" : tenths(healthy(t)); }},
        {"flips", [&](double t) { return every(t, 600, 200) ? "130" : tenths(healthy(t)); }},
        {"spikes", [&](double t) { return tenths(healthy(t) + (every(t, 170, 10) ? 180 : 0)); }},
        {"two in a row",
         [&](double t) { return tenths(healthy(t) + (every(t, 500, 20) ? 90 : 0)); }},
        {"infinite", [&](double t) { return t > 2000 ? "inf" : tenths(healthy(t)); }},
        {"negative", [&](double t) { return every(t, 90, 20) ? "-200" : tenths(healthy(t)); }},
    };
    for (const double period : {1.0, 10.0}) {
        for (const auto& [name, fault] : faults) {
            INFO(name << ", a row each " << period << " s");
            Csv csv;
            csv.period = period;
            csv.lasts = 5000;
            csv.column("temp_1", fault);
            const auto alone = csv.played();
            INFO(fired(alone));
            CHECK_FALSE(first(alone, all));
        }
    }
    // In the company of peers as well, all faults at once.
    Csv csv;
    csv.period = 2;
    csv.lasts = 5000;
    for (const auto& [name, fault] : faults) csv.column("temp " + name, fault);
    const auto together = csv.played();
    INFO(fired(together));
    CHECK_FALSE(first(together, all));
}

TEST_CASE("recordings: a string on load is quiet at 65 Cel, also when the load has ended",
          "[sim][judge]") {
    Csv csv;
    csv.lasts = 6000;
    Chance chance(3);
    for (int i = 0; i < 8; ++i) {
        csv.column("temp_" + std::to_string(i), [&, i](double t) {
            const double hot = 25 + (0.1 + 0.003 * (i % 3)) * std::clamp(t - 1000, 0.0, 400.0);
            const double cooled = t < 1400 ? hot : 25 + (hot - 25) * std::exp((1400 - t) / 3000);
            return tenths(cooled + 0.1 * chance.normal());
        });
    }
    csv.column("ups1/ups.status.ob", [](double t) { return t > 1000 && t < 1400 ? "1" : "0"; });
    const auto healthy = csv.played();
    INFO(fired(healthy));
    CHECK(healthy.room.hot60);
    CHECK(first(healthy, plain));
    CHECK_FALSE(first(healthy, all));

    // One among them that goes its own way is seen in spite of the load.
    csv.columns[0] = [](double t) { return tenths(25 + 0.2 * std::clamp(t - 1000, 0.0, 400.0)); };
    const auto failing = csv.played();
    INFO(fired(failing));
    REQUIRE(first(failing, all));
    CHECK(*first(failing, all) < 1150);
}

TEST_CASE("recordings: an excuse that is lost neither starts nor ends an alarm", "[sim][judge]") {
    Csv csv;
    csv.lasts = 3000;
    for (int i = 0; i < 6; ++i)
        csv.column("temp_" + std::to_string(i),
                   [](double t) { return tenths(25 + 0.1 * std::clamp(t - 1000, 0.0, 400.0)); });
    // The UPS falls silent in the middle of the discharge.
    csv.column("ups1/ups.status.ob", [](double t) { return t > 1300 ? "" : t > 1000 ? "1" : "0"; });
    const auto outcome = csv.played();
    INFO(fired(outcome));
    CHECK(outcome.room.hot60);
    CHECK_FALSE(first(outcome, all));
}

TEST_CASE("recordings: a fire without precursor is confirmed with its second sign",
          "[sim][judge]") {
    // As at Pangyo: the batteries' temperatures show nothing, the detectors and the gas do.
    Csv csv;
    csv.lasts = 600;
    for (int i = 0; i < 12; ++i) csv.column("temp_" + std::to_string(i), flat("25"));
    csv.column("fire1/fire.smoke", [](double t) { return t >= 200 ? "1" : "0"; });
    csv.column("fire1/fire.gas.discharged", [](double t) { return t >= 380 ? "1" : "0"; });
    const auto outcome = csv.played();
    INFO(fired(outcome));
    CHECK(first(outcome, "smoke") == 200.0);
    REQUIRE(first(outcome, "battery-fire"));
    CHECK(*first(outcome, "battery-fire") >= 380);
    CHECK(*first(outcome, "battery-fire") <= 390);
}

TEST_CASE("recordings: any sampling finds a heated cell and calls no healthy one failing",
          "[sim][judge]") {
    // The times of the rows, s: even, irregular, and with each third row twice.
    const auto played = [](double period, double shake, bool twice, const Column& of) {
        std::ostringstream text;
        text << std::setprecision(12) << "t_s,temp_1\n";
        Chance chance(5);
        for (double t = 0; t < std::max(520.0, 80 * period);) {
            const auto row = std::to_string(t) + "," + of(t) + "\n";
            text << row << (twice && chance.one_in(3) ? row : "");
            t += period * (1 + shake * chance.between(-1, 1));
        }
        std::istringstream in(text.str());
        Complaints complaints;
        return play_recording(in, "test.csv", room_site(), {}, complaints);
    };
    struct Sampling {
        double period, shake;
        bool twice;
    };
    Chance chance(9);
    for (const auto& [period, shake, twice] :
         {Sampling{0.01, 0, false}, Sampling{0.1, 0.9, true}, Sampling{1, 0.9, true},
          Sampling{7, 0.5, false}, Sampling{60, 0, true}, Sampling{60, 0.9, false}}) {
        INFO("a row each " << period << " s, shaken by " << shake << (twice ? ", twice" : ""));
        const auto noisy = [&](double value) { return tenths(value + 0.05 * chance.normal()); };
        const double slow = std::max(1.0, period / 7);
        const auto heated = played(period, shake, twice, [&](double t) {
            return noisy(25 + std::max(0.0, t - 300 * slow) * 0.3 / slow);
        });
        INFO(fired(heated));
        REQUIRE(first(heated, all));
        REQUIRE(heated.room.hot80);
        CHECK(*first(heated, all) <= first(heated, plain).value_or(1e9));
        const auto well = played(period, shake, twice, [&](double t) {
            return noisy(25 + std::sin(t / 3000));
        });
        CHECK_FALSE(first(well, all));
        // Its wires are swapped: when the cell is heated, it falls. No evidence of heat, no crash.
        const auto swapped = played(period, shake, twice, [&](double t) {
            return noisy(25 - std::max(0.0, t - 300 * slow) * 0.1 / slow);
        });
        INFO(fired(swapped));
        CHECK_FALSE(swapped.room.hot80);
        CHECK_FALSE(first(swapped, all));
    }
}
