#include "firmware/alarm/history.hpp"

#include <string>
#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const PointId load{"ups1", "ups.load"};

Reading reading(double value, Instant at) {
    return {load, value, "", Unit::percent, at};
}

}  // namespace

TEST_CASE("history: the newest reading stands, a late older one changes nothing",
          "[firmware][alarm]") {
    History history(t0);
    history.add(reading(10, t0 + 2s));
    history.add(reading(20, t0 + 1s));
    REQUIRE(history.newest(load) != nullptr);
    CHECK(history.newest(load)->value == 10);
    history.add(reading(30, t0 + 2s));
    CHECK(history.newest(load)->value == 30);
}

TEST_CASE("history: evidence is gone at the silence limit, with the reason", "[firmware][alarm]") {
    History history(t0);
    history.expect("ups1", 5s);
    CHECK(history.evidence(load, t0).error().fault == Fault::stale);
    history.add(reading(10, t0 + 1s));
    CHECK(history.evidence(load, t0 + 5999ms) == 10);
    CHECK(history.evidence(load, t0 + 6s).error().fault == Fault::stale);
}

TEST_CASE("history: a device is silent from the start until it is heard", "[firmware][alarm]") {
    History history(t0);
    history.expect("ups1", 5s);
    CHECK_FALSE(history.silent("ups1", t0 + 4s));
    CHECK(history.silent("ups1", t0 + 5s));
    CHECK_FALSE(history.heard_ever("ups1"));
    history.heard("ups1", t0 + 6s);
    history.heard("ups1", t0 + 3s);  // out of order
    CHECK(history.heard_ever("ups1"));
    CHECK(history.silent_at("ups1") == t0 + 11s);
    CHECK(history.quiet("ups1", t0 + 8s) == 2s);
}

TEST_CASE("history: an unknown device is never silent and never heard", "[firmware][alarm]") {
    History history(t0);
    history.heard("nobody", t0);
    CHECK_FALSE(history.silent("nobody", t0 + 1000h));
    CHECK_FALSE(history.heard_ever("nobody"));
    CHECK(history.silent_at("nobody") == never);
}

TEST_CASE("history: points are told apart by device and measure, and keep their numbers",
          "[firmware][alarm]") {
    History history(t0);
    std::vector<PointIndex> numbers;
    const auto name = [](int device, int measure) {
        return PointId{"ups" + std::to_string(device), "m" + std::to_string(measure)};
    };
    // The second device names its measures the other way round.
    for (int i = 0; i < 40; ++i) numbers.push_back(history.resolve(name(1, i), Unit::volt));
    for (int i = 39; i >= 0; --i) numbers.push_back(history.resolve(name(2, i)));
    for (int i = 0; i < 40; ++i) {
        CHECK(history.find(name(1, i)) == numbers[static_cast<std::size_t>(i)]);
        CHECK(history.find(name(2, i)) == numbers[static_cast<std::size_t>(79 - i)]);
        CHECK(history.resolve(name(2, i)) == numbers[static_cast<std::size_t>(79 - i)]);
    }
    CHECK(history.device(numbers[40]) == "ups2");
    CHECK(history.measure(numbers[40]) == "m39");
    CHECK(history.unit(numbers[0]) == Unit::volt);
    CHECK_FALSE(history.find({"ups3", "m1"}));
    CHECK_FALSE(history.find({"ups1", "m40"}));
    CHECK(history.newest(numbers[0]) == nullptr);
}

TEST_CASE("history: a limit of the point's own outlives what its device is given",
          "[firmware][alarm]") {
    History history(t0);
    history.expect(load, 60s);
    const PointId other{"ups1", "input.voltage"};
    history.add(reading(10, t0));
    history.add({other, 230.0, "", Unit::volt, t0});
    history.expect("ups1", 5s);
    CHECK(history.evidence(other, t0 + 4s) == 230);
    CHECK_FALSE(history.evidence(other, t0 + 5s));
    CHECK(history.evidence(load, t0 + 59s) == 10);
    CHECK_FALSE(history.evidence(load, t0 + 60s));
}

TEST_CASE("history: the label is the newest reading's, and why a value is missing is its fault",
          "[firmware][alarm]") {
    History history(t0);
    const auto point = history.resolve(load, Unit::percent);
    CHECK(history.label(point).empty());
    history.add(point, 3.0, "overload", t0 + 1s);
    CHECK(history.label(point) == "overload");
    history.add(point, 2.0, "late", t0);
    CHECK(history.label(point) == "overload");
    history.add(point, fail(Fault::refused, "outside"), "", t0 + 2s);
    CHECK(history.label(point).empty());
    REQUIRE(history.newest(point) != nullptr);
    CHECK(history.newest(point)->missing == Fault::refused);
    CHECK(history.fresh(point, t0 + 2s) == nullptr);
    CHECK(history.evidence(load, t0 + 2s).error().fault == Fault::refused);
}
