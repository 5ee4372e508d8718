#include "firmware/alarm/history.hpp"

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
