// The physics held against published figures, the laws of heat, and itself at other step lengths.
#include <cmath>
#include <set>

#include "sim/physics/cell_string.hpp"
#include "sim/physics/probe.hpp"
#include "sim/physics/room_air.hpp"
#include "sim/physics/ups_battery.hpp"
#include "sim/physics/vrla.hpp"
#include "tests/catch.hpp"

using namespace firebreak;

namespace {

struct Course {
    double runaway = -1;  ///< s, when 10 Cel/s was reached
    double onset = 0;     ///< Cel, when it was
    double peak = 0;      ///< Cel
};

/// One cell alone, no losses, heated until it runs away.
Course heated(double watts, double step, CellType type = {}) {
    Cell cell(type, 25);
    Course course;
    for (double t = 0; t < 4 * 3600; t += step) {
        cell.step(step, course.runaway < 0 ? watts : 0);
        if (course.runaway < 0 && cell.rate() >= 10) {
            course.runaway = t;
            course.onset = cell.celsius();
        }
        course.peak = std::max(course.peak, cell.celsius());
        if (course.runaway >= 0 && t > course.runaway + 60) break;
    }
    return course;
}

}  // namespace

TEST_CASE("cell: adiabatic self-heating passes 0.02 Cel/min between 70 and 110 Cel",
          "[sim][physics]") {
    // Feng et al. 2018: T1, where an accelerating-rate calorimeter sees self-heating.
    double onset = 0;
    for (double celsius = 60; celsius < 130 && onset <= 0; celsius += 1) {
        Cell cell({}, celsius);
        cell.step(1, 0);
        if (cell.rate() >= 0.02 / 60) onset = celsius;
    }
    CHECK(onset >= 70);
    CHECK(onset <= 110);
}

TEST_CASE("cell: a heated cell runs away at 170 to 270 Cel and peaks at 500 to 900 Cel",
          "[sim][physics]") {
    for (const double watts : {200.0, 500.0, 1000.0, 5000.0}) {
        INFO(watts << " W");
        const auto course = heated(watts, 0.1);
        CHECK(course.runaway > 0);
        if (watts < 5000) CHECK(course.onset > 170);
        if (watts < 5000) CHECK(course.onset < 270);
        CHECK(course.peak > 500);
        CHECK(course.peak < 900);
    }
}

TEST_CASE("cell: twice the heat brings the runaway in about half the time", "[sim][physics]") {
    const double slow = heated(300, 0.5).runaway;
    const double fast = heated(600, 0.5).runaway;
    CHECK(fast < slow);
    CHECK(slow / fast == Approx(2).margin(0.3));
}

TEST_CASE("cell: less reactive chemistry peaks lower", "[sim][physics]") {
    CellType mild;
    mild.energy = 0.5;
    CHECK(heated(500, 0.1, mild).peak < heated(500, 0.1).peak - 100);
}

TEST_CASE("cell: the length of the step changes the runaway's time by less than 1 %",
          "[sim][physics]") {
    const double fine = heated(400, 0.05).runaway;
    CHECK(heated(400, 1).runaway == Approx(fine).epsilon(0.01));
}

TEST_CASE("cell: vents before it runs away, and its voltage goes", "[sim][physics]") {
    Cell cell({}, 25);
    bool vented_first = false;
    while (cell.rate() < 10) {
        cell.step(1, 500);
        vented_first = vented_first || (cell.vented() && cell.rate() < 5);
    }
    CHECK(vented_first);
    for (int i = 0; i < 60; ++i) cell.step(1, 0);
    CHECK(cell.volts() < 0.1);
    CHECK(cell.gas() > 0.8);
}

TEST_CASE("string: no joule is lost between cells, air and chemistry", "[sim][physics]") {
    Chance chance(1);
    CellString string({}, 25, chance);
    string.heat(5, 800);
    const double before = string.joules();
    double given = 0;
    double put = 0;
    for (int s = 0; s < 1200; ++s) {
        given += string.step(1, 25);
        put += 800;
    }
    CHECK(string.cell(5).celsius() > 300);
    CHECK(string.joules() + given - put == Approx(before).epsilon(1e-9));
}

TEST_CASE("string: neighbours of a burning cell warm up, and nearer ones more", "[sim][physics]") {
    Chance chance(1);
    CellString string({}, 25, chance);
    string.heat(0, 500);
    for (int s = 0; s < 900; ++s) string.step(1, 25);
    CHECK(string.cell(1).celsius() > string.cell(2).celsius() + 5);
    CHECK(string.cell(2).celsius() > string.cell(6).celsius());
}

TEST_CASE("string: a discharge at 4C heats 0.10 Cel a second, at 2C a quarter of that",
          "[sim][physics]") {
    for (const double rate : {4.0, 2.0}) {
        Chance chance(1);
        StringType type;
        type.spread = 0;
        CellString string(type, 25, chance);
        string.load(rate);
        string.step(60, 25);
        CHECK((string.cell(3).celsius() - 25) / 60 == Approx(0.1 * rate * rate / 16).epsilon(0.05));
    }
}

TEST_CASE("air: cooling holds its band, and without it the room warms to what the walls lose",
          "[sim][physics]") {
    RoomAir air({}, 24);
    for (int s = 0; s < 7200; ++s) air.step(1, 0, 0, 30);
    CHECK(air.celsius() == Approx(24).margin(1.5));
    air.set_cooling(false);
    for (int s = 0; s < 86400; ++s) air.step(1, 0, 0, 30);
    CHECK(air.celsius() == Approx(30 + 800.0 / 30).margin(1));
}

TEST_CASE("air: gas comes to the detector late, thins out, and a door is quicker than the fans",
          "[sim][physics]") {
    RoomAir shut({}, 24), open({}, 24);
    open.set_door(true);
    shut.step(1, 0, 1, 24);
    open.step(1, 0, 1, 24);
    const double at_once = shut.off_gas_ppm();
    for (int s = 0; s < 120; ++s) {
        shut.step(1, 0, 1, 24);
        open.step(1, 0, 1, 24);
    }
    CHECK(shut.off_gas_ppm() > 5 * at_once);
    // 75 L in 60 m3 are 1,250 ppm before any has left.
    CHECK(shut.off_gas_ppm() < 1250);
    CHECK(open.off_gas_ppm() < shut.off_gas_ppm());
}

TEST_CASE("vrla: floats in balance at 25 Cel and runs away in hours when overcharged in the heat",
          "[sim][physics]") {
    VrlaBlock well({}, 25);
    for (int minute = 0; minute < 7 * 24 * 60; ++minute) well.step(60, 25);
    CHECK(well.celsius() < 30);

    VrlaBlock ill({}, 35);
    ill.set_volts_a_cell(2.45);
    int minutes = 0;
    while (ill.celsius() < 80 && minutes < 7 * 24 * 60) {
        ill.step(60, 35);
        ++minutes;
    }
    CHECK(minutes > 60);
    CHECK(minutes < 3 * 24 * 60);
    ill.set_charging(false);
    for (int minute = 0; minute < 24 * 60; ++minute) ill.step(60, 35);
    CHECK(ill.celsius() < 40);
}

TEST_CASE("ups: half the load lasts more than twice as long, and an overload ends it",
          "[sim][physics]") {
    UpsBattery ups{{}};
    CHECK(ups.runtime_left(1) == Approx(600));
    CHECK(ups.runtime_left(0.5) > 1200);
    double lasted = 0;
    while (!ups.down()) {
        ups.step(1, 1, true);
        ++lasted;
    }
    CHECK(lasted == Approx(600).margin(2));

    UpsBattery strained{{}};
    lasted = 0;
    while (!strained.down()) {
        strained.step(1, 1.25, false);
        ++lasted;
    }
    CHECK(lasted == Approx(600).margin(2));
    CHECK(overload_allowance(1.5) == Approx(60));
}

TEST_CASE("probe: lags, rounds to its grain and is deterministic", "[sim][physics]") {
    const ProbeType type{10, 0, 0.5, 0};
    Probe probe(type, 20, Chance(3));
    for (int s = 0; s < 10; ++s) static_cast<void>(probe.read(1, 120));
    const double after_one_lag = *probe.read(1e-9, 120);
    CHECK(after_one_lag == Approx(20 + 100 * (1 - std::exp(-1))).margin(0.3));
    CHECK(std::fmod(after_one_lag, 0.5) == Approx(0).margin(1e-9));
    Probe one({}, 20, Chance(7)), two({}, 20, Chance(7));
    for (int s = 0; s < 100; ++s) CHECK(one.read(1, 20) == two.read(1, 20));
}

TEST_CASE("probe: each fault shows itself and no other", "[sim][physics]") {
    const auto seen = [](ProbeFault fault) {
        Probe probe({1, 0.1, 0.1, 0}, 60, Chance(3));
        static_cast<void>(probe.read(1, 60));
        probe.fail(fault);
        std::multiset<double> values;
        for (int s = 0; s < 3600; ++s)
            if (const auto value = probe.read(1, 60 + s * 0.01)) values.insert(*value);
        return values;
    };
    CHECK(seen(ProbeFault::dead).empty());
    CHECK(seen(ProbeFault::dropping).size() == Approx(2880).margin(150));
    CHECK(*seen(ProbeFault::clipped).rbegin() <= 50);
    CHECK(seen(ProbeFault::none).size() == 3600);
    const auto stuck = seen(ProbeFault::stuck);
    CHECK(*stuck.begin() == *stuck.rbegin());
    CHECK(seen(ProbeFault::open).count(1372) > 3000);
    const auto spiking = seen(ProbeFault::spiking);
    CHECK((*spiking.begin() < 50 || *spiking.rbegin() > 106));
}

TEST_CASE("chance: the same seed gives the same numbers for ever", "[sim][physics]") {
    Chance chance(42);
    CHECK(chance.bits() == 0xBDD732262FEB6E95U);
    double sum = 0, squares = 0;
    for (int i = 0; i < 100'000; ++i) {
        const double drawn = chance.normal();
        sum += drawn;
        squares += drawn * drawn;
    }
    CHECK(sum / 100'000 == Approx(0).margin(0.02));
    CHECK(squares / 100'000 == Approx(1).margin(0.02));
}
