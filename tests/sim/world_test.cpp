#include "sim/world.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const PointId outlet{"pdu1", "outlet.1.switch"};
const PointId hot{"cells1", "temperature"};
const PointId load{"ups1", "ups.load"};

ChangePlan change(Duration at, const PointId& point, double to, Duration over = {}) {
    return {at, over, point, std::nullopt, to, {}};
}

ChangePlan feed(Duration at, std::size_t index, double to) {
    return {at, {}, {}, index, to, {}};
}

/// Two racks on two feeds; the first has an outlet.
Scenario room() {
    Scenario scenario;
    scenario.title = "Test";
    scenario.begins = -1min;
    scenario.ends = 10min;
    scenario.ups = UpsPlan{load, 100, {}};
    scenario.feeds = {"a", "b"};
    scenario.racks = {{"r1", "text", 0, 30, outlet, {}}, {"r2", "text", 1, 20, std::nullopt, {}}};
    scenario.starts = {{outlet, 1, {}}, {hot, 20, {}}};
    return scenario;
}

std::vector<RoomEventKind> kinds(const std::vector<RoomEvent>& events) {
    std::vector<RoomEventKind> found;
    for (const auto& event : events) found.push_back(event.kind);
    return found;
}

}  // namespace

TEST_CASE("world: a ramp is linear, holds its end, and a later step ends it", "[sim][world]") {
    auto scenario = room();
    scenario.changes = {change(1min, hot, 60, 2min), change(4min, hot, 100, 10min),
                        change(5min, hot, 5)};
    World world(scenario);
    CHECK(world.signal(hot) == 20.0);
    world.advance(1min);
    CHECK(world.signal(hot) == 20.0);
    world.advance(2min);
    CHECK(*world.signal(hot) == Approx(40));
    world.advance(3min + 30s);
    CHECK(world.signal(hot) == 60.0);
    world.advance(4min + 30s);
    CHECK(*world.signal(hot) == Approx(62));
    world.advance(5min);
    CHECK(world.signal(hot) == 5.0);
}

TEST_CASE("world: a measure the scenario does not speak of has no signal", "[sim][world]") {
    CHECK_FALSE(World(room()).signal({"ups1", "battery.charge"}));
}

TEST_CASE("world: time never runs backwards", "[sim][world]") {
    World world(room());
    world.advance(2min);
    world.advance(1min);
    CHECK(world.now() == 2min);
}

TEST_CASE("world: the UPS load is that of the racks that run", "[sim][world]") {
    auto scenario = room();
    scenario.changes = {feed(2min, 1, 0)};
    World world(scenario);
    CHECK(*world.signal(load) == Approx(50));
    world.advance(2min);
    CHECK(*world.signal(load) == Approx(30));
    world.write(outlet, 0);
    CHECK(*world.signal(load) == Approx(0));
}

TEST_CASE("world: a rack runs only while its feed is live and its outlet is on", "[sim][world]") {
    auto scenario = room();
    scenario.changes = {feed(1min, 0, 0), feed(3min, 0, 1)};
    World world(scenario);
    CHECK(world.powered(0));
    world.write(outlet, 0);
    CHECK_FALSE(world.powered(0));
    CHECK(world.powered(1));
    world.advance(1min);
    world.write(outlet, 1);
    CHECK_FALSE(world.powered(0));  // the outlet is on, the feed is dead
    world.advance(3min);
    CHECK(world.powered(0));
}

TEST_CASE("world: each event tells why and keeps its own time however far time jumps",
          "[sim][world]") {
    auto scenario = room();
    scenario.events = {{2min, "the cut", true}, {4min, "a guess", false}};
    scenario.changes = {feed(3min, 1, 0)};
    World world(scenario);
    world.write(outlet, 0);
    world.advance(1h);
    const auto events = world.take_events();
    using K = RoomEventKind;
    CHECK(kinds(events) ==
          std::vector{K::begin, K::rack_off, K::event, K::feed_off, K::rack_off, K::event, K::end});
    CHECK(events[1].why == "outlet");
    CHECK(events[1].kw == 30);
    CHECK(events[1].at == -1min);
    CHECK(events[2].why == "record");
    CHECK(events[4].why == "feed");
    CHECK(events[4].what == "r2");
    CHECK(events[4].at == 3min);
    CHECK(events[5].why == "assumed");
    CHECK(events[6].at == 10min);
    CHECK(world.take_events().empty());
}

TEST_CASE("world: a write holds until a later change, and ends a ramp under way", "[sim][world]") {
    auto scenario = room();
    scenario.changes = {change(1min, hot, 60, 2min), change(5min, hot, 7)};
    World world(scenario);
    world.advance(2min);
    world.write(hot, 33);
    world.advance(4min);
    CHECK(world.signal(hot) == 33.0);
    world.advance(5min);
    CHECK(world.signal(hot) == 7.0);
}

TEST_CASE("world: switching to the state that is tells nothing", "[sim][world]") {
    World world(room());
    static_cast<void>(world.take_events());
    world.write(outlet, 1);
    CHECK(world.take_events().empty());
}

TEST_CASE("world: the next step is the next time anything can jump, and then there is none",
          "[sim][world]") {
    auto scenario = room();
    scenario.changes = {change(1min, hot, 60)};
    World world(scenario);
    CHECK(world.next_step() == 1min);
    world.advance(1min);
    CHECK(world.next_step() == 10min);
    world.advance(10min);
    CHECK_FALSE(world.next_step());
}
