// The guards whose effect shows only in time or across targets, on the story's room.
#include <algorithm>

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

bool says(const std::string& text, const std::string& what) {
    UNSCOPED_INFO(text);
    return text.find(what) != std::string::npos;
}

}  // namespace

TEST_CASE("controller guards: a tier's second half waits until the first half is back",
          "[host][controller]") {
    auto plan = story_policy();
    plan.guard.min_ready = 0;
    plan.guard.max_tier_percent = 25;  // of four servers a backend: one
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "videos pangyo-a drain"});
    CHECK(says(story.posture.at("text").blocked, "pangyo-b: max_tier_percent: 1 of 4 items"));
    story.pass(1min);
    CHECK(story.take_done().empty());
}

TEST_CASE("controller guards: nothing is drained unless enough is ready at other sites",
          "[host][controller]") {
    auto plan = story_policy();
    plan.guard.min_ready = 0;
    plan.guard.min_elsewhere = 2;
    RoomStory story(plan);
    story.quiet_day();
    story.servers["text"]["seoul-b"] = "down";
    story.pass(10s);
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(says(story.posture.at("text").blocked, "min_elsewhere: 1 servers of text"));
    story.servers["text"]["seoul-b"] = "ready";
    story.pass(10s);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
}

TEST_CASE("controller guards: spacing takes a target's items one by one", "[host][controller]") {
    auto plan = story_policy();
    plan.guard.spacing = 7s;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "videos pangyo-a drain"});
    story.pass(6900ms);
    CHECK(story.take_done().empty());
    story.pass(200ms);
    CHECK(story.take_done() == Names{"text pangyo-b drain", "videos pangyo-b drain"});
}

TEST_CASE("controller guards: spaced outlets are commanded one by one, and repeated as ever",
          "[host][controller]") {
    auto plan = story_policy();
    plan.guard.spacing = 5s;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    story.pass(6s);  // videos drains, one server after the other
    const auto of = [](const std::vector<Command>& commands, const std::string& item) {
        return std::count_if(commands.begin(), commands.end(),
                             [&](const Command& command) { return command.item == item; });
    };
    const auto first = story.take_commands();
    CHECK(of(first, "videos-a") > 0);
    CHECK(of(first, "videos-b") == 0);
    story.pass(5s);
    const auto second = story.take_commands();
    CHECK(of(second, "videos-a") > 0);
    CHECK(of(second, "videos-b") > 0);
}

TEST_CASE("controller guards: in a maintenance window nothing is touched, and after it all is",
          "[host][controller]") {
    auto plan = story_policy();
    const auto start = *parse_wall("2026-12-01T22:00:00.000Z");
    plan.maintenance.push_back({{"text"}, start, start + std::chrono::minutes(5), "new switches"});
    RoomStory story(plan);
    story.wall = start - std::chrono::seconds(10);
    story.quiet_day();
    story.pass(10s);
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(says(story.posture.at("text").blocked, "maintenance: new switches; passes from"));
    story.pass(5min);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
}

TEST_CASE("controller guards: below the quorum nothing starts", "[host][controller]") {
    auto plan = story_policy();
    plan.guard.quorum = 2;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(says(story.posture.at("text").blocked, "quorum: 1 agents are fresh, 2 must be"));
    Status other;
    other.online = true;
    other.heartbeat_s = 60;
    other.stamp = {"roof-1", 1, {}};
    story.arrives({{"pangyo", Role::agent, "roof"}, Kind::status, "", ""}, to_json(other));
    CHECK(story.take_done().size() == 4);
}

TEST_CASE(
    "controller guards: a drain nobody asks for any more is said aloud, and not undone "
    "while evidence is missing",
    "[host][controller]") {
    auto plan = story_policy();
    plan.guard.expires_after = 10min;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.alarm("gas", Phase::clear);
    story.alarm("gas", Phase::unknown);  // no evidence: neither a vote nor an all-clear
    story.pass(9min);
    CHECK_FALSE(says(story.posture.at("text").blocked, "expired"));
    CHECK(story.status.counters.at("targets.expired") == 0);
    story.pass(2min);
    CHECK(says(story.posture.at("text").blocked, "expired: nobody asks for it any more"));
    CHECK(story.status.counters.at("targets.expired") == 2);
    const auto lines = story.controller.take_log();
    const auto expired = std::count_if(lines.begin(), lines.end(), [](const LogLine& line) {
        return line.level == LogLevel::warning && line.fields.find("expired") != std::string::npos;
    });
    CHECK(expired == 2);
    CHECK(story.take_done().empty());
    story.alarm("gas", Phase::clear);
    story.pass(3min);
    CHECK(story.take_done().size() == 4);
    CHECK(story.posture.at("text").blocked.empty());
}

TEST_CASE("controller guards: one sign of two moves nothing, the second one everything",
          "[host][controller]") {
    auto plan = story_policy();
    plan.rules[1].alarm.clear();
    plan.rules[1].alarms = {"gas", "on-battery"};
    plan.rules[1].signs = 2;
    plan.rules.pop_back();
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.pass(1min);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);
    story.alarm("on-battery", Phase::firing);
    CHECK(story.take_done().size() == 4);
    // One sign gone is no all-clear: the other still says that something is wrong.
    story.alarm("on-battery", Phase::clear);
    story.pass(10min);
    CHECK(story.take_done().empty());
    story.alarm("gas", Phase::clear);
    story.pass(3min);
    CHECK(story.take_done().size() == 4);
}

TEST_CASE("guard: a minute full of drains keeps no load on", "[host][guard]") {
    auto plan = story_policy();
    plan.guard.max_steps_per_minute = 2;
    plan.targets[2].after.clear();
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().size() == 2);
    CHECK(story.posture.at("videos").blocked.find("steps of traffic") != std::string::npos);
    story.alarm("on-battery", Phase::firing);
    std::set<std::string> off;
    for (const auto& command : story.take_commands()) {
        if (command.action == "off") off.insert(command.item);
    }
    CHECK(off == std::set<std::string>{"videos-a", "videos-b"});
    story.pass(61s);
    CHECK(story.take_done().size() == 2);
}

TEST_CASE("guard: ready elsewhere counts the service behind another site's own HAProxy",
          "[host][guard]") {
    auto plan = story_policy();
    plan.guard.min_ready = 0;
    plan.guard.min_elsewhere = 2;
    plan.endpoints.push_back({"edge-bundang", "/run/other.sock", 1s});
    plan.targets[1].backend = "text-pangyo";
    plan.targets[1].service = "text";
    auto bundang = plan.targets[1];
    bundang.name = "text-bundang";
    bundang.site = "bundang";
    bundang.endpoint = "edge-bundang";
    bundang.backend = "text-bundang";
    bundang.items = {"bundang-a", "bundang-b", "bundang-c"};
    plan.targets.push_back(bundang);
    RoomStory story(plan);
    story.servers["text"] = {{"pangyo-a", "ready"}, {"pangyo-b", "ready"}};
    story.servers["text-bundang"] = {
        {"bundang-a", "ready"}, {"bundang-b", "down"}, {"bundang-c", "maint"}};
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(says(story.posture.at("text").blocked,
               "min_elsewhere: 1 servers of text are ready outside pangyo, 2 must be"));
    story.servers["text-bundang"]["bundang-b"] = "ready";
    story.pass(6s);
    const auto done = story.take_done();
    CHECK(std::count_if(done.begin(), done.end(),
                        [](const auto& line) { return line.starts_with("text pangyo"); }) == 2);
}
