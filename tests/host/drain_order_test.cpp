// What needs another goes down before it; what is stuck is said, and passed or waited for.
#include "host/drain/drain_order.hpp"

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

/// Videos cannot run without text.
PolicyPlan ordered(WhenStuck stuck) {
    auto plan = story_policy();
    plan.targets[0].needs = {"text"};
    plan.drain.stuck = stuck;
    plan.drain.stuck_after = 30s;
    return plan;
}

/// Videos' HAProxy does not obey; text's does.
void answer(RoomStory& story, const std::string& name) {
    for (const auto& order : std::exchange(story.held_back, {})) {
        if (order.target == name) {
            story.deaf = false;
            story.carry_out(order);
            story.deaf = true;
        } else {
            story.held_back.push_back(order);
        }
    }
    story.settle();
}

}  // namespace

TEST_CASE("drain order: what is needed goes after what needs it", "[host][drain]") {
    RoomStory story(ordered(WhenStuck::wait));
    story.quiet_day();
    story.deaf = true;
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(story.posture.at("text").blocked ==
          "pangyo-a: drain order: videos needs it and is not drained yet; passes once it is");
    answer(story, "videos");
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain",
                                     "text pangyo-a drain", "text pangyo-b drain"});
}

TEST_CASE("drain order: a stuck one is said and passed, or said and waited for", "[host][drain]") {
    const auto stuck = GENERATE(WhenStuck::wait, WhenStuck::pass);
    RoomStory story(ordered(stuck));
    story.quiet_day();
    story.deaf = true;
    static_cast<void>(story.controller.take_log());
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.pass(29s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    answer(story, "text");  // what it was asked meanwhile is how it stands
    bool said = false;
    for (const auto& line : story.controller.take_log()) {
        said = said || line.fields.find("drain-stuck") != std::string::npos;
    }
    CHECK(said);
    if (stuck == WhenStuck::pass) {
        CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
    } else {
        CHECK(story.take_done().empty());
        CHECK(story.posture.at("text").blocked.find("it is stuck") != std::string::npos);
    }
}

TEST_CASE("drain order: nobody waits for what is not asked to go", "[host][drain]") {
    auto plan = ordered(WhenStuck::wait);
    plan.rules[1].targets = {"text"};
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
}
