// The controller's outlets: commanded over MQTT, repeated until acknowledged, taken back last.
#include <algorithm>

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

/// Those for the outlets only.
std::vector<Command> outlet_commands(RoomStory& story) {
    auto commands = story.take_commands();
    std::erase_if(commands, [](const Command& c) { return c.target != "videos-racks"; });
    return commands;
}

}  // namespace

TEST_CASE("shed: the outlets wait until what they feed is drained, then go off once acknowledged",
          "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.deaf = true;  // the drain is asked for, and its answer is awaited
    const auto stamp = story.alarm("on-battery", Phase::firing);
    CHECK(story.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(outlet_commands(story).empty());
    CHECK(story.posture.at("videos-racks").blocked ==
          "videos-a: after: videos is not drained yet; passes once it is");
    story.deaf = false;
    for (const auto& order : std::exchange(story.held_back, {})) story.carry_out(order);
    story.settle();

    auto commands = outlet_commands(story);
    REQUIRE(commands.size() == 2);
    CHECK(commands[0].action == "off");
    CHECK(commands[0].armed);
    CHECK(commands[0].because == "pangyo/battery-room/on-battery");
    CHECK(story.posture.at("videos-racks").reached < Posture::shed);
    story.ack(commands[0], Outcome::done);
    story.ack(commands[1], Outcome::done);
    CHECK(story.posture.at("videos-racks").reached == Posture::shed);
    CHECK(story.posture.at("videos-racks").held == Names{"videos-a", "videos-b"});
    CHECK(story.posture.at("videos-racks").blocked.empty());
    const auto acks = story.take_acks();
    CHECK(acks.back().about == "on-battery");
    CHECK(acks.back().seq == stamp.seq);
    CHECK(acks.back().outcome == Outcome::done);
    story.pass(10min);
    CHECK(outlet_commands(story).empty());
    CHECK(story.controller.reached("text") == Posture::normal);  // text was not asked for
}

TEST_CASE("shed: a command is repeated with back-off under the same id", "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto first = outlet_commands(story);
    REQUIRE(first.size() == 2);
    story.pass(500ms);
    const auto second = outlet_commands(story);
    REQUIRE(second.size() == 2);
    CHECK(second[0].id == first[0].id);
    CHECK(second[0].stamp.seq > first[0].stamp.seq);
    CHECK(story.posture.at("videos-racks").blocked == "no answer to off of videos-a");
    story.pass(900ms);
    CHECK(outlet_commands(story).empty());
    story.pass(200ms);
    CHECK(outlet_commands(story).size() == 2);
    story.pass(10min);
    CHECK(outlet_commands(story).size() <= 2 * 26);
    // The answer to the first was lost: an agent that carried it out says so again.
    story.ack(first[0], Outcome::done);
    story.ack(first[1], Outcome::done);
    CHECK(story.posture.at("videos-racks").held == Names{"videos-a", "videos-b"});
}

TEST_CASE("shed: what a person opened while the agent was away is never switched on",
          "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto commands = outlet_commands(story);
    REQUIRE(commands.size() == 2);
    story.alive = false;
    story.pass(2min);  // repeated again and again, to nobody
    CHECK(outlet_commands(story).size() > 2);
    story.alive = true;
    story.heartbeat();  // and somebody has opened the breaker of one
    static_cast<void>(story.controller.take_log());
    story.ack(commands[0], Outcome::already, "videos-a: it was so before");
    story.ack(commands[1], Outcome::done);
    CHECK(story.posture.at("videos-racks").reached == Posture::shed);
    CHECK(story.posture.at("videos-racks").held == Names{"videos-b"});
    const auto lines = story.controller.take_log();
    CHECK(std::any_of(lines.begin(), lines.end(), [](const LogLine& line) {
        return line.level == LogLevel::warning &&
               line.fields.find("not-ours") != std::string::npos &&
               line.fields.find("videos-a") != std::string::npos;
    }));
    outlet_commands(story);
    story.alarm("on-battery", Phase::clear);
    story.pass(10min);
    for (const auto& command : outlet_commands(story)) CHECK(command.item == "videos-b");
}

TEST_CASE("shed: a command that was answered only after a hold is undone all the same",
          "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto commands = outlet_commands(story);
    REQUIRE(commands.size() == 2);
    const auto ask = [&](AskVerb verb) {
        story.controller.handle(Ask{1, verb, "videos-racks", 1h, "rack work", "kim"}, story.at());
        story.settle();
    };
    ask(AskVerb::hold);
    for (const auto& command : commands) story.ack(command, Outcome::done);
    CHECK(story.posture.at("videos-racks").held == Names{"videos-a", "videos-b"});
    story.alarm("on-battery", Phase::clear);
    story.pass(10min);
    outlet_commands(story);
    ask(AskVerb::resume);
    story.pass(1s);
    const auto back = outlet_commands(story);
    REQUIRE(back.size() >= 2);
    CHECK(back[0].action == "on");
    CHECK(back[1].action == "on");
}

TEST_CASE("shed: an outlet that was off before is not this host's to switch on", "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto commands = outlet_commands(story);
    story.ack(commands[0], Outcome::already);
    story.ack(commands[1], Outcome::done);
    CHECK(story.posture.at("videos-racks").held == Names{"videos-b"});
    story.alarm("on-battery", Phase::clear);
    story.pass(62s);
    CHECK(story.posture.at("videos-racks").wanted == Posture::drain);
    const auto back = outlet_commands(story);
    REQUIRE(!back.empty());
    for (const auto& command : back) {
        CHECK(command.item == "videos-b");
        CHECK(command.action == "on");
        CHECK(command.because == "calm");
    }
}

TEST_CASE("shed: a refusal is reported and tried again, never taken for done", "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto commands = outlet_commands(story);
    story.ack(commands[0], Outcome::refused, "not armed for videos-a");
    CHECK(story.posture.at("videos-racks").blocked ==
          "agent refused off of videos-a: not armed for videos-a");
    CHECK(story.take_acks().back().outcome == Outcome::refused);
    story.pass(1min);
    CHECK(outlet_commands(story).size() >= 4);
    story.ack(commands[0], Outcome::done);
    story.ack(commands[1], Outcome::failed, "did not read back");
    CHECK(story.posture.at("videos-racks").blocked ==
          "agent failed off of videos-b: did not read back");
    CHECK(story.posture.at("videos-racks").reached < Posture::shed);
}

TEST_CASE("shed: an acknowledgement of another agent, target or command settles nothing",
          "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    const auto command = outlet_commands(story).front();
    Ack ack;
    ack.about = "videos-racks";
    ack.id = command.id;
    ack.boot = "life-1";
    ack.outcome = Outcome::done;
    ack.stamp = {"x", 1, {}};
    story.arrives({{"pangyo", Role::agent, "impostor"}, Kind::ack, "videos-racks", ""},
                  to_json(ack));
    ack.id = "0123456789abcdef";
    story.arrives({story.room, Kind::ack, "videos-racks", ""}, to_json(ack));
    CHECK(story.posture.at("videos-racks").held.empty());
}

TEST_CASE("shed: a silent agent is said to be what blocks", "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    story.alive = false;
    story.pass(30s);
    CHECK(story.posture.at("videos-racks").blocked == "agent battery-room is silent");
    story.controller.handle(LinkDown{"gone"}, story.at());
    outlet_commands(story);
    story.pass(5min);
    story.alive = true;
    story.connect();
    CHECK(outlet_commands(story).size() == 2);  // no heap of old repetitions, and no waiting
    story.controller.handle(LinkDown{"gone"}, story.at());
    story.connect();  // a short gap: what was sent into it is sent again, whatever the back-off
    CHECK(outlet_commands(story).size() == 2);
}

TEST_CASE("shed: power comes back before traffic", "[host][shed]") {
    RoomStory story;
    story.quiet_day();
    story.alarm("on-battery", Phase::firing);
    for (const auto& command : outlet_commands(story)) story.ack(command, Outcome::done);
    story.take_done();
    story.alarm("on-battery", Phase::clear);
    story.pass(10min);
    // Both targets wish to be back; the room does not answer the "on" yet.
    CHECK(story.posture.at("videos").wanted == Posture::normal);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("videos").blocked ==
          "pangyo-a: power_back: its outlet videos-a is still off; passes once it is on again");
    const auto commands = outlet_commands(story);
    REQUIRE(commands.size() >= 2);
    story.ack(commands[commands.size() - 1], Outcome::done);
    story.ack(commands[commands.size() - 2], Outcome::done);
    CHECK(story.take_done() == Names{"videos pangyo-a ready", "videos pangyo-b ready"});
    CHECK(story.posture.at("videos-racks").held.empty());
}

TEST_CASE("restart: a new life takes its items back and brings them up in its own time",
          "[host][restart]") {
    RoomStory before;
    before.quiet_day();
    before.alarm("gas", Phase::firing);
    before.alarm("on-battery", Phase::firing);
    for (const auto& command : outlet_commands(before)) before.ack(command, Outcome::done);
    REQUIRE(before.posture.at("videos-racks").held.size() == 2);

    RoomStory story(story_policy(), "life-2");
    story.servers = before.servers;
    story.connect();
    for (const auto& [target, payload] : before.retained) {
        story.arrives({story.self, Kind::posture, target, ""}, payload);
    }
    story.heartbeat();
    for (const char* name : {"smoke", "gas", "on-battery"}) story.alarm(name, Phase::clear);
    story.pass(50s);
    CHECK(story.take_done().empty());  // restores nothing early
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(story.posture.at("text").reached == Posture::drain);
    CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
    CHECK(story.posture.at("videos-racks").reached == Posture::shed);
    story.pass(20s);
    CHECK(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    const auto back = outlet_commands(story);
    REQUIRE(back.size() >= 2);
    CHECK(back[0].action == "on");
    story.ack(back[0], Outcome::done);
    story.ack(back[1], Outcome::done);
    story.pass(5min);
    CHECK(story.take_done() == Names{"videos pangyo-a ready", "videos pangyo-b ready"});
}

TEST_CASE("restart: what was ordered down when a life was killed is brought back if it went down",
          "[host][restart]") {
    RoomStory before;
    before.quiet_day();
    before.deaf = true;  // the orders are under way, no answer has come
    before.alarm("gas", Phase::firing);
    CHECK(before.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});

    RoomStory story(story_policy(), "life-2");
    story.servers = before.servers;
    story.servers["text"]["pangyo-a"] = "drain";  // carried out before the kill; the other was not
    story.connect();
    for (const auto& [target, payload] : before.retained) {
        story.arrives({story.self, Kind::posture, target, ""}, payload);
    }
    story.heartbeat();
    for (const char* name : {"smoke", "gas", "on-battery"}) story.alarm(name, Phase::clear);
    story.pass(6s);  // to the next reading
    CHECK(story.posture.at("text").held == Names{"pangyo-a"});
    story.pass(5min);
    CHECK(story.take_done() == Names{"text pangyo-a ready"});
    CHECK(story.posture.at("text").held.empty());
}

TEST_CASE("restart: what an earlier life wanted is not by itself evidence to act on",
          "[host][restart]") {
    RoomStory before;
    before.quiet_day();
    before.alarm("gas", Phase::firing);
    RoomStory story(story_policy(), "life-2");  // and HAProxy was restarted as well: all is up
    story.connect();
    story.arrives({story.self, Kind::posture, "text", ""}, before.retained.at("text"));
    story.alive = false;
    story.pass(10s);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").held.empty());
    CHECK(story.posture.at("text").blocked ==
          "pangyo-a: evidence: none is fresh for drain; passes once an agent that asks for it is "
          "heard");
}

TEST_CASE("restart: only the first notice of an earlier life counts, and only for known items",
          "[host][restart]") {
    RoomStory story;
    PostureNotice notice;
    notice.target = "text";
    notice.wanted = Posture::drain;
    notice.held = {"pangyo-a", "seoul-a", "nobody"};
    notice.stamp = {"life-0", 9, {}};
    story.servers["text"]["pangyo-a"] = "drain";
    story.servers["text"]["seoul-a"] = "drain";  // not this target's
    story.connect();
    story.arrives({story.self, Kind::posture, "text", ""}, to_json(notice));
    story.pass(2s);
    CHECK(story.posture.at("text").held == Names{"pangyo-a"});
    notice.wanted = Posture::cut;
    notice.held = {"pangyo-a", "pangyo-b"};
    notice.stamp = {"life-x", 1, {}};
    story.arrives({story.self, Kind::posture, "text", ""}, to_json(notice));
    CHECK(story.posture.at("text").wanted == Posture::drain);
    CHECK(story.posture.at("text").held == Names{"pangyo-a"});
}

TEST_CASE("restart: postures wait until the broker could hand over the old ones",
          "[host][restart]") {
    RoomStory story;
    story.connect();
    CHECK(story.posture.empty());
    story.pass(1s);
    CHECK(story.posture.size() == 3);
}
