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

TEST_CASE("drain order: in a chain each has its time from its turn on", "[host][drain]") {
    PolicyPlan plan;
    plan.drain.stuck = WhenStuck::pass;
    plan.drain.stuck_after = 30s;
    plan.targets.resize(3);  // payment before orders before the database
    for (std::size_t i = 0; i < 3; ++i) plan.targets[i].name = Names{"payment", "orders", "db"}[i];
    plan.targets[0].needs = {"orders"};
    plan.targets[1].needs = {"db"};
    DrainOrder order(plan);
    const Instant start{1h};
    std::vector<DrainTarget> all(3, {Posture::drain, Posture::normal, true});

    order.look(all, start);
    CHECK_FALSE(order.guard(0, start));
    CHECK(order.guard(1, start));
    CHECK(order.guard(2, start));
    all[0].reached = Posture::drain;
    order.look(all, start + 20s);
    CHECK_FALSE(order.guard(1, start + 20s));
    order.look(all, start + 40s);  // 40 s asked, 20 s in its turn
    CHECK(order.guard(2, start + 40s));
    CHECK(order.take_news().empty());
    order.look(all, start + 50s);
    CHECK_FALSE(order.guard(2, start + 50s));
    const auto news = order.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0] ==
          "orders is asked to drain for 30s and has not: what it needs goes on without it");
}

TEST_CASE("drain order: what waits for a stuck one is not stuck itself", "[host][drain]") {
    PolicyPlan plan;
    plan.drain.stuck = WhenStuck::wait;
    plan.drain.stuck_after = 30s;
    plan.targets.resize(2);
    plan.targets[0].name = "orders";
    plan.targets[1].name = "db";
    plan.targets[0].needs = {"db"};
    DrainOrder order(plan);
    const Instant start{1h};
    const std::vector<DrainTarget> all(2, {Posture::drain, Posture::normal, true});
    order.look(all, start);
    order.look(all, start + 10min);
    CHECK(order.guard(1, start + 10min)->find("it is stuck") != std::string::npos);
    const auto news = order.take_news();
    REQUIRE(news.size() == 1);
    CHECK(news[0].starts_with("orders is asked"));
}

TEST_CASE("drain order: a rehearsal goes through all of it", "[host][drain]") {
    auto plan = ordered(WhenStuck::wait);
    plan.armed = false;
    RoomStory story(plan);
    story.quiet_day();
    static_cast<void>(story.controller.take_log());
    story.alarm("gas", Phase::firing);
    story.pass(2min);
    Names told;
    for (const auto& command : story.take_commands()) told.push_back(command.target);
    CHECK(told == Names{"videos", "videos", "text", "text"});
    CHECK(story.posture.at("text").blocked.empty());
    for (const auto& line : story.controller.take_log()) {
        CHECK(line.fields.find("drain-stuck") == std::string::npos);
    }
}
