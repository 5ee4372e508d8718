#include "host/controller.hpp"

#include <algorithm>

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

const Names all_drained = {"text pangyo-a drain", "text pangyo-b drain", "videos pangyo-a drain",
                           "videos pangyo-b drain"};

Names items(const std::vector<Command>& commands) {
    Names out;
    for (const auto& command : commands) {
        out.push_back(command.target + ' ' + command.item + ' ' + command.action);
    }
    return out;
}

}  // namespace

TEST_CASE("controller: an alarm drains at once, the first tier first, and is acknowledged",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);

    const auto stamp = story.alarm("gas", Phase::firing);  // no time passes from here
    CHECK(story.take_done() == all_drained);
    CHECK(story.controller.reached("text") == Posture::drain);
    const auto& notice = story.posture.at("text");
    CHECK(notice.wanted == Posture::drain);
    CHECK(notice.reached == Posture::drain);
    CHECK(notice.armed);
    CHECK(notice.because == Names{"pangyo/battery-room/gas"});
    CHECK(notice.held == Names{"pangyo-a", "pangyo-b"});
    CHECK(notice.blocked.empty());

    const auto commands = story.take_commands();
    CHECK(items(commands) == all_drained);
    CHECK(commands.front().because == "pangyo/battery-room/gas");
    const auto acks = story.take_acks();
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].about == "gas");
    CHECK(acks[0].boot == stamp.boot);
    CHECK(acks[0].seq == stamp.seq);
    CHECK(acks[0].outcome == Outcome::done);
}

TEST_CASE("controller: orders may be had one by one as they are decided, none is lost or doubled",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    Names early;
    story.controller.hand_orders_to([&](Order& order) {
        if (order.target != "text") return false;
        early.push_back(order.target);
        auto taken = std::move(order);  // as a crew does
        for (const auto& step : taken.steps) early.push_back(step.item + ' ' + step.action);
        return true;
    });
    story.alarm("gas", Phase::firing);
    CHECK(early == Names{"text", "pangyo-a drain", "pangyo-b drain"});
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
}

TEST_CASE("controller: what is to go out together is had once all is decided, before it is told",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    Names taken;
    story.controller.hand_orders_to([](Order&) { return false; },
                                    [&](Order& order) {
                                        if (order.target == "text") return false;
                                        taken.push_back(order.target);
                                        return true;
                                    });
    story.alarm("gas", Phase::firing);
    CHECK(taken == Names{"videos"});
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
}

TEST_CASE("controller: what is noted for the curious waits for what is being done, not for long",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.controller.hand_orders_to([](Order& order) { return !order.steps.empty(); });  // silence
    story.alarm("gas", Phase::firing);
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(story.take_commands().empty());
    story.pass(1s);
    CHECK(items(story.take_commands()) == all_drained);
}

TEST_CASE("controller: nothing is repeated while all is as wanted", "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.take_acks();
    story.take_commands();
    story.alarm("gas", Phase::fading);
    story.alarm("gas", Phase::firing);
    story.pass(10min);
    CHECK(story.take_done().empty());
    CHECK(story.take_acks().empty());
    CHECK(story.take_commands().empty());
    CHECK(story.status.counters.at("steps.done") == 4);
}

TEST_CASE("controller: restoring waits for calm and goes one rung at a time",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.pass(5min);
    story.alarm("gas", Phase::fading);
    story.pass(5min);
    CHECK(story.posture.at("text").wanted == Posture::drain);
    story.alarm("gas", Phase::clear);
    story.pass(59s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    CHECK(story.posture.at("text").wanted == Posture::watch);
    CHECK(story.posture.at("text").because == Names{"calm"});
    CHECK(story.posture.at("text").held.empty());
    CHECK(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready",
                                     "videos pangyo-a ready", "videos pangyo-b ready"});
    story.pass(60s);
    CHECK(story.posture.at("text").wanted == Posture::normal);
    CHECK(story.posture.at("text").reached == Posture::normal);
}

TEST_CASE("controller: a rehearsing host touches nothing and says what it would do",
          "[host][controller]") {
    auto plan = story_policy();
    plan.armed = false;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    story.alarm("gas", Phase::firing);
    story.pass(10min);
    CHECK(story.take_done().empty());
    const auto commands = story.take_commands();
    CHECK(std::none_of(commands.begin(), commands.end(), [](const auto& c) { return c.armed; }));
    auto told = items(commands);
    std::sort(told.begin(), told.end());
    auto all = all_drained;  // once each, and the racks that come after a drain
    all.insert(all.end(), {"videos-racks videos-a off", "videos-racks videos-b off"});
    std::sort(all.begin(), all.end());
    CHECK(told == all);
    const auto lines = story.controller.take_log();
    CHECK(std::any_of(lines.begin(), lines.end(), [](const LogLine& line) {
        return line.fields.find("rehearsed-after") != std::string::npos &&
               line.fields.find("target=videos-racks after=videos") != std::string::npos;
    }));
    CHECK(story.posture.at("videos-racks").blocked.empty());
    const auto& notice = story.posture.at("text");
    CHECK(notice.wanted == Posture::drain);
    CHECK(notice.reached < Posture::drain);
    CHECK_FALSE(notice.armed);
    CHECK(notice.held.empty());
    const auto acks = story.take_acks();
    REQUIRE(acks.size() >= 2);
    for (const auto& ack : acks) CHECK(ack.outcome == Outcome::rehearsed);
    CHECK_FALSE(story.status.armed);
}

TEST_CASE("controller: a rehearsed shed stops where its drain would", "[host][controller]") {
    auto plan = story_policy();
    plan.armed = false;
    plan.guard.min_ready = 3;  // the second server of videos must stay
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    story.pass(1min);
    for (const auto& command : story.take_commands()) CHECK(command.target == "videos");
    CHECK(story.posture.at("videos-racks").blocked ==
          "videos-a: after: videos is not drained yet; passes once it is");
}

TEST_CASE("controller: what a human put down is neither loosened nor brought back",
          "[host][controller]") {
    RoomStory story;
    story.servers["text"]["pangyo-a"] = "maint";
    story.servers["videos"]["pangyo-b"] = "drain";
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-b drain", "videos pangyo-a drain"});
    CHECK(story.posture.at("text").reached == Posture::drain);
    CHECK(story.posture.at("text").held == Names{"pangyo-b"});
    story.alarm("gas", Phase::clear);
    story.pass(5min);
    CHECK(story.take_done() == Names{"text pangyo-b ready", "videos pangyo-a ready"});
    CHECK(story.servers["text"]["pangyo-a"] == "maint");
    CHECK(story.servers["videos"]["pangyo-b"] == "drain");
}

TEST_CASE("controller: a human who takes a drained server into maintenance keeps it",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.servers["text"]["pangyo-a"] = "maint";
    story.pass(10s);
    CHECK(story.posture.at("text").held == Names{"pangyo-b"});
    story.alarm("gas", Phase::clear);
    story.pass(5min);
    CHECK(story.servers["text"]["pangyo-a"] == "maint");
    CHECK(story.servers["text"]["pangyo-b"] == "ready");
}

TEST_CASE("controller: a server that comes back by itself is drained again", "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.servers["text"]["pangyo-a"] = "ready";  // HAProxy was reloaded
    story.alive = false;                          // and the agent has burnt
    story.pass(10s);
    CHECK(story.take_done() == Names{"text pangyo-a drain"});
}

TEST_CASE("controller: min_ready keeps the last servers, and lets go when others are back",
          "[host][controller]") {
    RoomStory story;
    story.servers["text"]["seoul-b"] = "down";
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() ==
          Names{"text pangyo-a drain", "videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(story.posture.at("text").blocked ==
          "pangyo-b: min_ready: only 1 other servers are ready, 2 must stay; passes once 1 more "
          "are");
    CHECK(story.take_acks().back().outcome == Outcome::refused);
    story.pass(1min);
    CHECK(story.take_done().empty());
    story.servers["text"]["seoul-b"] = "ready";
    story.pass(6s);
    CHECK(story.take_done() == Names{"text pangyo-b drain"});
    CHECK(story.posture.at("text").blocked.empty());
    CHECK(story.take_acks().back().outcome == Outcome::done);
}

TEST_CASE("controller: the pace bounds the steps of a minute, not their number",
          "[host][controller]") {
    auto plan = story_policy();
    plan.guard.max_steps_per_minute = 3;
    RoomStory story(plan);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().size() == 3);
    CHECK(story.posture.at("videos").blocked.find("max_steps_per_minute") != std::string::npos);
    story.pass(59s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    CHECK(story.take_done() == Names{"videos pangyo-b drain"});
}

TEST_CASE("controller: an absent HAProxy is asked with back-off, reported, and then obeyed",
          "[host][controller]") {
    RoomStory story;
    story.fault = "connect: No such file or directory";
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.posture.at("text").blocked == "port_lost: connect: No such file or directory");
    CHECK(story.take_acks().back().outcome == Outcome::failed);
    story.pass(10min);
    CHECK(story.failures < 100);  // two targets, 30 s apart at last
    CHECK(story.status.counters.at("targets.blocked") >= 2);
    CHECK(story.take_done().empty());  // no step without having read
    story.fault.clear();
    story.pass(31s);
    CHECK(story.take_done() == all_drained);
    CHECK(story.posture.at("text").blocked.empty());
    CHECK(story.take_acks().back().outcome == Outcome::done);
}

TEST_CASE("controller: a new alarm does not wait for an old back-off", "[host][controller]") {
    RoomStory story;
    story.fault = "connect: Connection refused";
    story.quiet_day();
    story.pass(10min);
    story.fault.clear();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == all_drained);
}

TEST_CASE("controller: a HAProxy that does not answer does not stall the heartbeat",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.deaf = true;
    const auto seq = story.status.stamp.seq;
    story.alarm("gas", Phase::firing);
    story.pass(60s);
    CHECK(story.status.stamp.seq >= seq + 12);
    CHECK(story.take_done().size() <= 4);  // at most one order a target is under way
    CHECK(story.controller.reached("text") < Posture::drain);
    story.deaf = false;
    for (const auto& order : std::exchange(story.held_back, {})) story.carry_out(order);
    story.settle();
    CHECK(story.controller.reached("text") == Posture::drain);
}

TEST_CASE("controller: missing evidence starts nothing", "[host][controller]") {
    RoomStory story;
    story.connect();
    // A retained alarm of an agent that nobody has heard alive.
    story.alive = false;
    story.alarm("gas", Phase::firing);
    story.pass(2s);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(story.posture.at("text").blocked ==
          "pangyo-a: evidence: none is fresh for drain; passes once an agent that asks for it is "
          "heard");
    story.heartbeat();
    CHECK(story.take_done() == all_drained);
}

TEST_CASE("controller: missing evidence ends nothing", "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.alive = false;
    story.pass(2h);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::drain);
    story.alive = true;  // back, but without evidence yet
    story.heartbeat();
    story.alarm("gas", Phase::unknown);
    story.pass(2h);
    CHECK(story.posture.at("text").wanted == Posture::drain);
    story.alarm("gas", Phase::clear);
    story.alive = false;  // and gone again, right after the good news
    story.pass(2h);
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(story.posture.at("text").blocked.starts_with("restoring waits: no fresh word of"));
    CHECK(story.take_done().empty());
}

TEST_CASE("controller: a restoration held up by HAProxy needs the all-clear anew",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.take_done();
    story.alarm("gas", Phase::clear);
    story.pass(30s);
    story.fault = "connect: Connection refused";
    story.pass(5min);
    REQUIRE(story.posture.at("text").wanted == Posture::normal);
    story.alive = false;
    story.pass(5min);
    story.fault.clear();
    story.pass(1min);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").blocked.starts_with("pangyo-a: all_clear: no fresh word of"));
    story.alive = true;
    story.pass(10s);
    CHECK(story.take_done().size() == 4);
}

TEST_CASE("controller: an alarm whose drain stood already is told so", "[host][controller]") {
    RoomStory story;
    for (const char* target : {"text", "videos"}) {
        story.servers[target]["pangyo-a"] = story.servers[target]["pangyo-b"] = "drain";
    }
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    REQUIRE(story.acks.size() == 1);
    CHECK(story.acks[0].outcome == Outcome::already);
}

TEST_CASE("controller: a silent agent votes where a rule says so", "[host][controller]") {
    auto plan = story_policy();
    RulePlan silence;
    silence.site = "pangyo";
    silence.agent = "battery-room";
    silence.silence = true;
    silence.targets = {"text"};
    silence.at_least = Posture::watch;
    plan.rules.push_back(silence);
    RoomStory story(plan);
    story.quiet_day();
    CHECK(story.posture.at("text").wanted == Posture::normal);
    story.will();
    CHECK(story.posture.at("text").wanted == Posture::watch);
    CHECK(story.posture.at("text").because == Names{"pangyo/battery-room/silent"});
    CHECK(story.posture.at("videos").wanted == Posture::normal);
    CHECK(story.take_done().empty());
}

TEST_CASE("controller: an agent that is restarted drains nothing, one that stays away does",
          "[host][controller]") {
    auto plan = story_policy();
    plan.rules[1].alarm.clear();
    plan.rules[1].silence = true;
    RoomStory story(plan);
    story.quiet_day();
    story.alive = false;
    story.farewell();
    story.pass(20s);
    story.heartbeat();
    story.alive = true;
    story.pass(5min);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);
    story.alive = false;
    story.farewell();
    story.pass(59s);
    CHECK(story.take_done().empty());
    story.pass(1s);
    CHECK(story.take_done().size() == 4);
    CHECK(story.posture.at("text").because == Names{"pangyo/battery-room/silent"});
}

TEST_CASE("controller: smoke and then silence are two signs, either alone is none",
          "[host][controller]") {
    auto plan = story_policy();
    plan.rules[1].alarm.clear();
    plan.rules[1].alarms = {"smoke"};
    plan.rules[1].silence = true;
    plan.rules[1].signs = 2;
    RoomStory story(plan);
    story.quiet_day();
    SECTION("the agent that saw the smoke burns") {
        story.alarm("smoke", Phase::firing);
        CHECK(story.take_done().empty());
        story.alive = false;
        story.pass(40s);  // no word for longer than evidence_max_age: nor was there for the smoke
        CHECK(story.take_done().size() == 4);
    }
    SECTION("its line is cut") {
        story.alive = false;
        story.will();
        story.pass(5min);
        CHECK(story.take_done().empty());
        story.alarm("smoke", Phase::clear);  // what was kept for it on the way
        CHECK(story.take_done().empty());
        story.alarm("smoke", Phase::firing);
        CHECK(story.take_done().size() == 4);
    }
}

TEST_CASE("controller: messages that break the contract are counted and change nothing",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    const auto dropped = [&] {
        story.pass(5s);
        return story.status.counters.at("messages.dropped");
    };
    CHECK(dropped() == 0);
    const Topic gas{story.room, Kind::alarm, "gas", ""};
    AlarmNotice other;
    other.alarm = "smoke";
    other.phase = Phase::firing;
    other.stamp = {"room-1", 1000, {}};
    const std::vector<std::pair<Topic, std::string>> hostile = {
        {gas, ""},
        {gas, "not json"},
        {gas, "[]"},
        {gas, R"({"alarm":7})"},
        {gas, std::string(1024 * 1024, 'x')},
        {gas, std::string(60'000, '[')},
        {gas, to_json(other)},  // another alarm than its topic says
        {{story.room, Kind::status, "", ""}, R"({"online":"yes"})"},
        {{story.room, Kind::ack, "videos-racks", ""}, "null"},
        {{story.self, Kind::posture, "text", ""}, "{}"},
        {{story.room, Kind::event, "", ""}, "{}"}};
    for (const auto& [topic, payload] : hostile) story.arrives(topic, payload);
    story.controller.handle(Arrived{"firebreak/1/pangyo/agent", "{}"}, story.at());
    story.controller.handle(Arrived{std::string(70'000, '/'), "{}"}, story.at());
    CHECK(dropped() == hostile.size() + 2);
    CHECK(story.posture.at("text").wanted == Posture::normal);
    CHECK(story.take_done().empty());
}

TEST_CASE("controller: nothing is offered while the link is down, the newest after it",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.controller.handle(LinkDown{"broker gone"}, story.at());
    story.servers["text"]["pangyo-a"] = "maint";
    story.pass(1min);
    CHECK(story.controller.next_message() == nullptr);
    story.posture.clear();
    story.connect();  // a new broker knows nothing: all that is retained comes again
    CHECK(story.posture.size() == 3);
    CHECK(story.status.online);
}

TEST_CASE("controller: it asks for what it needs and no more", "[host][controller]") {
    RoomStory story;
    auto filters = story.controller.subscriptions();
    std::sort(filters.begin(), filters.end());
    CHECK(filters == Names{"firebreak/1/pangyo/agent/+/ack/+", "firebreak/1/pangyo/agent/+/alarm/+",
                           "firebreak/1/pangyo/agent/+/status",
                           "firebreak/1/seoul/host/seoul-1/posture/+"});
    const auto will = story.controller.will();
    CHECK(will.retained);
    CHECK(will.topic == "firebreak/1/seoul/host/seoul-1/status");
    CHECK_FALSE(parse_status(will.payload)->online);
    CHECK_FALSE(parse_status(story.controller.farewell(story.at()).payload)->online);
}

TEST_CASE("controller: an alarm that came and went while the host was away drains nothing",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    story.controller.handle(LinkDown{"gone"}, story.at());
    story.connect(true);
    story.alarm("gas", Phase::firing);  // an hour ago, kept by the broker until now
    story.alarm("gas", Phase::clear);
    story.pass(10min);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);

    story.controller.handle(LinkDown{"gone"}, story.at());
    story.connect(true);
    story.alarm("gas", Phase::firing);
    story.pass(2s);
    CHECK(story.take_done() == all_drained);  // what still stands is acted on
}

TEST_CASE("controller: an alarm that its agent says once more is acknowledged once more",
          "[host][controller]") {
    RoomStory story;
    story.quiet_day();
    const auto stamp = story.alarm("gas", Phase::firing);
    story.take_done();
    REQUIRE(story.take_acks().size() == 1);
    AlarmNotice again;
    again.alarm = "gas";
    again.phase = Phase::firing;
    again.stamp = stamp;
    story.arrives({story.room, Kind::alarm, "gas", ""}, to_json(again));
    const auto acks = story.take_acks();
    REQUIRE(acks.size() == 1);
    CHECK(acks[0].seq == stamp.seq);
    CHECK(acks[0].outcome == Outcome::done);
    CHECK(story.take_done().empty());
}
