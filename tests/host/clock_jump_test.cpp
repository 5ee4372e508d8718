// Clocks that jump: the wall's, which is a label, and the steady one's over a machine that slept.
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = RoomStory::Names;

TEST_CASE("clock jump: the wall's, by decades in mid-drain and on the way back, moves nothing",
          "[host][controller]") {
    RoomStory story;
    story.wall += 24h * 365 * 56;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().size() == 4);
    for (const auto jump : {-24h * 365 * 30, 24h * 365 * 60}) {
        story.wall += jump;
        story.pass(1min);
        CHECK(story.take_done().empty());
        CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
    }
    story.alarm("gas", Phase::clear);
    story.wall += 24h;
    story.pass(59s);  // calm_for is a minute, by the steady clock
    CHECK(story.take_done().empty());
    story.wall = WallTime{};  // as one that was never set
    story.pass(2s);
    CHECK(story.take_done().size() == 4);
    CHECK(story.posture.at("text").held.empty());
}

TEST_CASE("clock jump: a machine that slept for hours begins nothing and brings nothing back",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().size() == 4);
    story.alarm("gas", Phase::clear);
    story.alive = false;
    story.elapsed += 6h;
    story.controller.tick(story.at());
    story.settle();
    CHECK(story.take_done().empty());  // nobody has been heard for hours: that is no calm
    CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
    story.alarm("smoke", Phase::clear);
    story.heartbeat();
    story.alive = true;
    story.pass(5min);
    CHECK(story.take_done().size() == 4);
    CHECK(story.posture.at("text").held.empty());
}
