// The controller's targets that are commanded over MQTT and no agent of ours: whatever answers with
// acks. As outlets or as servers, without a status of its own, and late when it does not answer.
#include <algorithm>

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

/// "gas" asks for a cut of "lift", whose items are as servers are.
PolicyPlan with_lift() {
    auto plan = story_policy();
    TargetPlan lift;
    lift.name = "lift";
    lift.kind = TargetKind::mqtt;
    lift.ladder = Ladder::servers;
    lift.site = "pangyo";
    lift.agent = "door-control";
    lift.items = {"east", "west"};
    lift.answer_within = 10s;
    plan.targets.push_back(lift);
    RulePlan rule;
    rule.site = "pangyo";
    rule.alarm = "smoke";
    rule.targets = {"lift"};
    rule.at_least = Posture::drain;
    plan.rules.push_back(rule);
    return plan;
}

struct LiftStory : RoomStory {
    LiftStory() : RoomStory(with_lift()) { quiet_day(); }

    std::vector<Command> lift_commands() {
        auto all = take_commands();
        std::erase_if(all, [](const Command& c) { return c.target != "lift"; });
        return all;
    }
    void answer(const Command& command, Outcome outcome, const std::string& from = "door-control") {
        Ack out;
        out.about = command.target;
        out.id = command.id;
        out.boot = command.stamp.boot;
        out.seq = command.stamp.seq;
        out.outcome = outcome;
        out.stamp = {"door-1", ++seq, {}};
        arrives({{"pangyo", Role::agent, from}, Kind::ack, "lift", ""}, to_json(out));
    }
};

}  // namespace

TEST_CASE("messages: what acknowledges is drained and brought back by commands alone",
          "[host][mqtt]") {
    LiftStory story;
    story.alarm("smoke", Phase::firing);
    auto commands = story.lift_commands();
    REQUIRE(commands.size() == 2);
    CHECK(commands[0].action == "drain");
    CHECK(commands[0].armed);
    CHECK(story.posture.at("lift").blocked.empty());  // it need not publish a status
    story.answer(commands[0], Outcome::done, "somebody-else");
    CHECK(story.posture.at("lift").held.empty());
    story.answer(commands[0], Outcome::done);
    story.answer(commands[1], Outcome::already);  // it was so before: not ours to bring back
    CHECK(story.posture.at("lift").reached >= Posture::drain);
    CHECK(story.posture.at("lift").held == Names{"east"});
    CHECK(story.take_acks().back().outcome == Outcome::done);
    story.alarm("smoke", Phase::clear);
    story.pass(3min);
    commands = story.lift_commands();
    REQUIRE(!commands.empty());
    for (const auto& command : commands) {
        CHECK(command.item == "east");
        CHECK(command.action == "ready");
    }
    story.answer(commands[0], Outcome::done);
    CHECK(story.posture.at("lift").held.empty());
}

TEST_CASE("messages: what does not answer within its time has failed, and is told all the same",
          "[host][mqtt]") {
    LiftStory story;
    story.alarm("smoke", Phase::firing);
    story.pass(9s);
    CHECK(std::none_of(story.acks.begin(), story.acks.end(),
                       [](const auto& ack) { return ack.outcome == Outcome::failed; }));
    story.pass(1s);
    CHECK(story.posture.at("lift").blocked == "no answer to drain of east within 10s");
    REQUIRE(!story.acks.empty());
    CHECK(story.acks.back().about == "smoke");
    CHECK(story.acks.back().outcome == Outcome::failed);
    static_cast<void>(story.lift_commands());
    story.pass(1min);
    const auto again = story.lift_commands();
    REQUIRE(again.size() >= 4);
    story.answer(again[0], Outcome::done);
    story.answer(again[1], Outcome::done);
    CHECK(story.posture.at("lift").blocked.empty());
    CHECK(story.take_acks().back().outcome == Outcome::done);
}

TEST_CASE("messages: a status of its own, where there is one, says that it is away",
          "[host][mqtt]") {
    LiftStory story;
    Status status;
    status.heartbeat_s = 5;
    status.online = false;
    status.stamp = {"door-1", ++story.seq, {}};
    const Origin door{"pangyo", Role::agent, "door-control"};
    story.arrives({door, Kind::status, "", ""}, to_json(status));
    story.alarm("smoke", Phase::firing);
    CHECK(story.posture.at("lift").blocked == "agent door-control is offline");
    status.online = true;
    status.stamp = {"door-2", ++story.seq, {}};
    story.arrives({door, Kind::status, "", ""}, to_json(status));
    CHECK(story.posture.at("lift").blocked.empty());
    story.pass(1s);  // until the command is repeated, to whom is there now
    const auto commands = story.lift_commands();
    REQUIRE(commands.back().to);
    CHECK(commands.back().to->boot == "door-2");
}
