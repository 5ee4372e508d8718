// What the core does with more messages at once than it decides on one by one.
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Arrived says(RoomStory& story, const std::string& name, Phase phase) {
    AlarmNotice notice;
    notice.alarm = name;
    notice.phase = phase;
    notice.stamp = {"room-1", ++story.seq, {}};
    return {to_string(Topic{story.room, Kind::alarm, name, ""}), to_json(notice)};
}

}  // namespace

TEST_CASE("flood: all is taken in before anything is decided, and nothing of it is lost",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alive = false;  // nothing but the flood is to be counted
    story.pass(5s);       // a status tells what has come so far
    const auto before = story.status.counters.at("messages.received");
    for (int i = 0; i < 2000; ++i) {
        const auto phase = i % 2 == 0 ? Phase::firing : Phase::clear;
        story.controller.take_in(says(story, "cell-" + std::to_string(i % 500), phase), story.at());
    }
    story.controller.take_in(says(story, "gas", Phase::firing), story.at());
    CHECK(story.controller.take_orders().empty());
    story.controller.tick(story.at());
    story.settle();
    CHECK(story.take_done().size() == 4);
    CHECK(story.controller.reached("text") == Posture::drain);
    story.pass(5s);
    CHECK(story.status.counters.at("messages.received") - before == 2001);
    CHECK(story.status.counters.at("messages.dropped") == 0);
}

TEST_CASE("flood: an alarm that came and went within one reading moves nothing",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.controller.take_in(says(story, "gas", Phase::firing), story.at());
    story.controller.take_in(says(story, "gas", Phase::clear), story.at());
    story.controller.tick(story.at());
    story.settle();
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);
}
