// Operators and the core: what they see, hold, arm, bring back and drill. Every story is replayed
// from its record, too.
#include <algorithm>

#include "host/journal/replay.hpp"
#include "host/journal/words.hpp"
#include "host/operator/holds.hpp"
#include "host/operator/tables.hpp"
#include "host/operator/wire.hpp"
#include "tests/host/room_story.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

const std::string digest(64, 'd');

PolicyPlan with_drills() {
    auto plan = story_policy();
    plan.drills.push_back({"text-drain", {"text"}, {}, Posture::drain, 2min, true, {}});
    plan.drills.push_back({"one-server", {"text"}, {"pangyo-b"}, Posture::drain, 2min, true, {}});
    plan.drills.push_back({"slow", {"text"}, {}, Posture::drain, 2min, false, {}});
    return plan;
}

struct Desk : RoomStory {
    explicit Desk(PolicyPlan policy = with_drills())
        : RoomStory(policy, "life-1", digest), plan(std::move(policy)) {
        wall = WallTime{} + 600'000h;
    }

    HostAnswer ask(AskVerb verb, const std::string& target = "", Duration length = {},
                   const std::string& why = "for the test") {
        controller.handle(Ask{++tickets, verb, target, length, why, "alice"}, at());
        settle();
        const auto answers = controller.take_answers();
        REQUIRE(answers.size() == 1);
        CHECK(answers.front().ticket == tickets);
        return answers.front();
    }
    TargetView look(const std::string& target) {
        return ask(AskVerb::why, target).view.value().targets.at(0);
    }
    /// What a replay of the record says otherwise, or "".
    std::string replayed() {
        JournalReplay run([&](const std::string&) -> Result<PolicyPlan> { return plan; });
        std::uint64_t n = 0;
        for (auto& entry : controller.take_record()) {
            if (entry.kind == EntryKind::request) requests.take(entry.text);
            run.take(chained(n++, "", "life-1", std::move(entry)));
        }
        run.end();
        return run.differences().empty() ? "" : run.differences().front();
    }

    PolicyPlan plan;
    std::uint64_t tickets = 0;
    Requests requests;
};

}  // namespace

TEST_CASE("hold: nothing is done to a held target, neither down nor up, until it ends by itself",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.take_done();
    CHECK(desk.ask(AskVerb::hold, "text", 30min, "rack work").done);
    desk.alarm("gas", Phase::firing);
    CHECK(desk.take_done() == Names{"videos pangyo-a drain", "videos pangyo-b drain"});
    CHECK(desk.posture.at("text").wanted == Posture::drain);
    CHECK(desk.posture.at("text").blocked.find("held by alice: rack work") != std::string::npos);
    CHECK(desk.take_acks().front().outcome == Outcome::refused);
    desk.pass(29min);
    CHECK(desk.take_done().empty());
    desk.pass(2min);
    CHECK(desk.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});

    CHECK(desk.ask(AskVerb::hold, "", 1h, "nobody moves").done);
    desk.alarm("gas", Phase::clear);
    desk.pass(30min);
    CHECK(desk.take_done().empty());
    CHECK_FALSE(desk.ask(AskVerb::resume, "text").done);
    CHECK(desk.ask(AskVerb::resume).done);
    CHECK(desk.take_done().size() == 4);
    CHECK(desk.replayed().empty());
}

TEST_CASE("hold: without a length, a reason or a known target it is refused and says what to do",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    CHECK(desk.ask(AskVerb::hold, "text", 0s).said.find("--for") != std::string::npos);
    CHECK_FALSE(desk.ask(AskVerb::hold, "text", 30 * 24h).done);
    CHECK(desk.ask(AskVerb::hold, "text", 1h, "").said.find("--why") != std::string::npos);
    CHECK(desk.ask(AskVerb::hold, "txet", 1h).said == "there is no target \"txet\"");
    CHECK_FALSE(desk.ask(AskVerb::resume, "text").done);
    desk.alarm("gas", Phase::firing);
    CHECK(desk.take_done().size() == 4);
}

TEST_CASE("hold: it outlives a restart by the journal, for the time that is left of it",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.ask(AskVerb::hold, "text", 30min, "rack work");
    desk.ask(AskVerb::hold, "videos", 10min, "cable");
    desk.ask(AskVerb::hold, "videos-racks", 10min, "cable");
    desk.ask(AskVerb::resume, "videos-racks");
    desk.ask(AskVerb::disarm);
    CHECK(desk.replayed().empty());

    const auto later = desk.at().wall + 20min;
    const auto recall = desk.requests.recall(later);
    REQUIRE(recall.holds.size() == 1);
    CHECK(recall.holds[0].target == "text");
    CHECK(recall.holds[0].left == 10min);
    CHECK(recall.disarmed_by == "alice");
    CHECK(desk.requests.recall(desk.at().wall - 1000h).holds.front().left == 30min);  // went back
    CHECK(desk.requests.recall(WallTime{}).holds.size() == 2);  // a clock never set: none has ended

    Desk next;
    next.controller.handle(recall, next.at());
    next.quiet_day();
    CHECK_FALSE(next.status.armed);
    CHECK(next.ask(AskVerb::arm).done);
    next.alarm("gas", Phase::firing);
    CHECK(next.take_done().size() == 2);
    next.pass(11min);
    CHECK(next.take_done().size() == 2);
    CHECK(next.replayed().empty());
}

TEST_CASE("hold: a wall clock that jumps neither ends nor lengthens it", "[host][operator]") {
    for (const auto jump : {10'000h, -10'000h}) {
        Desk desk;
        desk.quiet_day();
        desk.take_done();
        desk.ask(AskVerb::hold, "text", 30min, "rack work");
        desk.wall += jump;
        desk.alarm("gas", Phase::firing);
        CHECK(desk.take_done().size() == 2);  // the other target's
        desk.pass(29min);
        CHECK(desk.take_done().empty());
        desk.pass(2min);
        CHECK(desk.take_done().size() == 2);
        CHECK(desk.replayed().empty());
    }
}

TEST_CASE("hold: while the journal fails it holds all the same, and says it may be forgotten",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.controller.handle(JournalWord{"disk full"}, desk.at());
    const auto answer = desk.ask(AskVerb::hold, "text", 30min, "rack work");
    CHECK(answer.done);
    CHECK(answer.said.find("a restart would forget this") != std::string::npos);
    CHECK(desk.ask(AskVerb::status).view.value().journal == "disk full");
}

TEST_CASE("arm: only where the policy permits it; disarmed it rehearses and says so at once",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    CHECK(desk.ask(AskVerb::disarm).done);
    CHECK_FALSE(desk.status.armed);
    CHECK_FALSE(desk.posture.at("text").armed);
    desk.alarm("gas", Phase::firing);
    CHECK(desk.take_done().empty());
    CHECK(desk.take_commands().size() == 4);  // rehearsed
    CHECK(desk.ask(AskVerb::arm).done);
    CHECK(desk.take_done().size() == 4);
    CHECK(desk.status.armed);
    CHECK(desk.replayed().empty());

    auto rehearsing = story_policy();
    rehearsing.armed = false;
    Desk timid(rehearsing);
    timid.quiet_day();
    CHECK_FALSE(timid.ask(AskVerb::arm).done);
    rehearsing.operators.may_arm = true;
    Desk bold(rehearsing);
    bold.quiet_day();
    bold.controller.handle(JournalWord{"disk full"}, bold.at());
    CHECK_FALSE(bold.ask(AskVerb::arm).done);
    bold.controller.handle(JournalWord{""}, bold.at());
    CHECK(bold.ask(AskVerb::arm).said == "armed, until it restarts");
    bold.alarm("gas", Phase::firing);
    CHECK(bold.take_done().size() == 4);
}

TEST_CASE("disarm: it does not end by itself, and who forgot it is reminded", "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    const auto reminders = [&] {
        int said = 0;
        for (const auto& line : desk.controller.take_log()) {
            said += line.fields.find("still-disarmed") != std::string::npos ? 1 : 0;
        }
        return said;
    };
    const auto disarmed_s = [&] {
        for (const auto& family : desk.controller.metrics(desk.at())) {
            if (family.name == "firebreak_host_disarmed_seconds") return family.values[0].value;
        }
        return -1.0;
    };
    CHECK(disarmed_s() == 0);
    desk.ask(AskVerb::disarm);
    desk.pass(59min);
    CHECK(reminders() == 0);
    desk.ask(AskVerb::disarm);  // once more: it is still the same
    desk.pass(1min);
    CHECK(reminders() == 1);
    CHECK(disarmed_s() == 3600);
    CHECK(desk.ask(AskVerb::status).view.value().disarmed_for == 1h);
    desk.pass(5h);
    CHECK(reminders() == 5);
    CHECK_FALSE(desk.status.armed);
    desk.ask(AskVerb::arm);
    CHECK(disarmed_s() == 0);
    desk.pass(3h);
    CHECK(reminders() == 0);
}

TEST_CASE("restore: it need not wait for calm_for, but for the all-clear it must",
          "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    CHECK_FALSE(desk.ask(AskVerb::restore, "text").done);
    desk.alarm("gas", Phase::firing);
    desk.take_done();
    CHECK(desk.ask(AskVerb::restore, "text").said.find("pangyo/battery-room/gas") !=
          std::string::npos);
    desk.alarm("gas", Phase::pending);  // the agent began anew: no word of the alarm's end
    CHECK_FALSE(desk.ask(AskVerb::restore, "text").done);
    desk.alarm("gas", Phase::clear);
    CHECK(desk.look("text").calm_left > 50s);
    CHECK(desk.ask(AskVerb::restore, "text").done);
    desk.pass(1s);
    CHECK(desk.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    CHECK(desk.posture.at("text").wanted == Posture::normal);
    CHECK(desk.posture.at("videos").wanted == Posture::drain);
    CHECK(desk.replayed().empty());
}

TEST_CASE("restore: all at once, what may and no more", "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    CHECK(desk.ask(AskVerb::restore).said == "all is at normal already");
    desk.alarm("gas", Phase::firing);
    CHECK_FALSE(desk.ask(AskVerb::restore).done);
    desk.alarm("on-battery", Phase::firing);
    desk.take_done();
    desk.alarm("gas", Phase::clear);
    const auto answer = desk.ask(AskVerb::restore);
    CHECK(answer.done);
    CHECK(answer.said.starts_with("1 of 3 targets are brought back now"));
    CHECK(answer.said.find("; not videos: drain is asked for by pangyo") != std::string::npos);
    desk.pass(1s);
    CHECK(desk.take_done().size() == 2);
    CHECK(desk.replayed().empty());
}

TEST_CASE("plan: steps are judged as they would be taken, one after the other",
          "[host][operator]") {
    auto plan = with_drills();
    plan.guard.min_ready = 3;  // of four
    Desk desk(plan);
    desk.quiet_day();
    desk.deaf = true;
    desk.ask(AskVerb::disarm);
    desk.alarm("gas", Phase::firing);
    const auto steps = desk.look("text").steps;
    REQUIRE(steps.size() == 2);
    CHECK(steps[0].refused.empty());
    CHECK(steps[1].refused.find("min_ready") != std::string::npos);
}

TEST_CASE("plan: shows in which order all comes back, where there are stages",
          "[host][operator][restore]") {
    auto plan = with_drills();
    plan.restore.staged = true;
    Desk desk(plan);
    desk.quiet_day();
    const auto view = desk.ask(AskVerb::plan).view.value();
    REQUIRE(view.restoration.size() >= 2);
    CHECK(view.restoration[0].starts_with("pangyo stage 1: text"));
    CHECK(table(view, AskVerb::plan).find("    pangyo stage 1: text") != std::string::npos);
    CHECK(to_line({1, AskVerb::plan, true, "", view}, true).find("\"restoration\":[\"pangyo") !=
          std::string::npos);
}

TEST_CASE("restore: an alarm that comes in between is stronger", "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.alarm("gas", Phase::firing);
    desk.alarm("gas", Phase::clear);
    desk.take_done();
    desk.deaf = true;
    desk.ask(AskVerb::restore, "text");
    desk.deaf = false;
    desk.alarm("gas", Phase::firing);
    desk.pass(3min);
    CHECK(desk.controller.reached("text") == Posture::drain);
    CHECK(desk.replayed().empty());
}

TEST_CASE("drill: for real, then undone at once, with every guard in between", "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.take_done();
    CHECK(desk.ask(AskVerb::drill, "text-drain").done);
    CHECK(desk.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
    CHECK(desk.posture.at("text").because == Names{"drill/text-drain"});
    CHECK(desk.ask(AskVerb::status).view.value().drill == "text-drain by alice");
    CHECK(desk.ask(AskVerb::drill, "text-drain").said.find("under way") != std::string::npos);
    desk.pass(1min);
    CHECK(desk.take_done().empty());
    desk.pass(1min + 1s);
    CHECK(desk.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    CHECK(desk.posture.at("text").wanted == Posture::normal);
    CHECK(desk.take_acks().empty());

    CHECK(desk.ask(AskVerb::drill, "one-server").done);
    CHECK(desk.take_done() == Names{"text pangyo-b drain"});
    desk.pass(3min);
    CHECK(desk.take_done() == Names{"text pangyo-b ready"});

    CHECK(desk.ask(AskVerb::drill, "slow").done);
    desk.pass(2min + 30s);
    CHECK(desk.posture.at("text").wanted == Posture::drain);
    desk.pass(5min);
    CHECK(desk.posture.at("text").wanted == Posture::normal);
    CHECK(desk.replayed().empty());
}

TEST_CASE("drill: refused while an alarm is active, a target is held or the way back is not open",
          "[host][operator]") {
    Desk desk;
    CHECK_FALSE(desk.ask(AskVerb::drill, "text-drain").done);  // no agent has said anything yet
    desk.quiet_day();
    CHECK_FALSE(desk.ask(AskVerb::drill, "no-such").done);
    desk.ask(AskVerb::hold, "text", 1h);
    CHECK_FALSE(desk.ask(AskVerb::drill, "text-drain").done);
    desk.ask(AskVerb::resume, "text");
    desk.alarm("on-battery", Phase::firing);  // of another target
    CHECK(desk.ask(AskVerb::drill, "text-drain").said ==
          "pangyo/battery-room/on-battery is active");
    CHECK(desk.replayed().empty());
}

TEST_CASE("drill: an alarm ends it and nothing is brought back before all is clear",
          "[host][operator]") {
    for (const char* alarm : {"gas", "on-battery"}) {  // one that asks for the target, and another
        Desk desk;
        desk.quiet_day();
        desk.ask(AskVerb::drill, "text-drain");
        desk.take_done();
        desk.pass(30s);
        desk.alarm(alarm, Phase::firing);
        desk.pass(20min);
        INFO(alarm);
        CHECK(desk.controller.reached("text") == Posture::drain);
        auto done = desk.take_done();
        CHECK(std::none_of(done.begin(), done.end(), [](const auto& step) {
            return step.find("text") == 0 && step.find("ready") != std::string::npos;
        }));
        desk.alarm(alarm, Phase::clear);
        desk.pass(5min);
        CHECK(desk.controller.reached("text") == Posture::normal);
        CHECK(desk.replayed().empty());
    }
}

TEST_CASE("drill: of one server, it keeps no alarm from draining the others", "[host][operator]") {
    for (const bool silence : {false, true}) {
        auto plan = with_drills();
        plan.rules.push_back(plan.rules[1]);
        plan.rules.back().alarm.clear();
        plan.rules.back().silence = true;
        Desk desk(plan);
        desk.quiet_day();
        desk.take_done();
        desk.ask(AskVerb::drill, "one-server");
        desk.pass(10s);
        CHECK(desk.take_done() == Names{"text pangyo-b drain"});
        desk.alive = !silence;
        if (!silence) desk.alarm("gas", Phase::firing);
        desk.pass(1min);
        INFO(silence);
        CHECK(desk.controller.reached("text") == Posture::drain);
        desk.pass(10min);
        CHECK(desk.controller.reached("text") == Posture::drain);
        CHECK(desk.ask(AskVerb::status).view.value().drill.empty());
        CHECK(desk.replayed().empty());
    }
}

TEST_CASE("drill: a host that is not armed rehearses it", "[host][operator]") {
    auto plan = with_drills();
    plan.armed = false;
    Desk desk(plan);
    desk.quiet_day();
    const auto answer = desk.ask(AskVerb::drill, "text-drain");
    CHECK(answer.said.find("only rehearsed") != std::string::npos);
    CHECK(desk.take_done().empty());
    CHECK(desk.take_commands().size() == 2);
    desk.pass(5min);
    CHECK(desk.take_done().empty());
    CHECK(desk.replayed().empty());
}

TEST_CASE("why: it names the votes, the refusal, what would be next and what was put down",
          "[host][operator]") {
    auto plan = with_drills();
    plan.guard.min_ready = 3;
    Desk desk(plan);
    desk.quiet_day();
    desk.alarm("gas", Phase::firing);
    const auto text = desk.look("text");
    REQUIRE(text.votes.size() == 1);
    CHECK(text.votes[0].because == "pangyo/battery-room/gas");
    CHECK(text.held == Names{"pangyo-a"});
    REQUIRE(text.steps.size() == 1);
    CHECK(text.steps[0].refused.find("min_ready") != std::string::npos);
    const auto answer = desk.ask(AskVerb::why, "text");
    const auto told = table(*answer.view, AskVerb::why);
    for (const char* part : {"vote    at least drain while pangyo/battery-room/gas",
                             "item    pangyo-a is drain", "pangyo-b drain because", "min_ready"}) {
        INFO(told);
        CHECK(told.find(part) != std::string::npos);
    }
    CHECK(table(*desk.ask(AskVerb::plan).view, AskVerb::plan).find("pangyo-b drain") !=
          std::string::npos);
    CHECK(table(*desk.ask(AskVerb::status).view, AskVerb::status).find("pangyo/battery-room/gas") !=
          std::string::npos);
    CHECK_FALSE(desk.ask(AskVerb::why, "txet").done);
    const auto line = to_line(answer, true);
    CHECK(line.find(R"("refused":"min_ready)") != std::string::npos);
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
}

TEST_CASE("wire: what a verb asks comes through, and nothing else is taken for a request",
          "[host][operator]") {
    OperatorAsk request;
    request.ask = {0, AskVerb::hold, "text", 30min, "rack \"work\"\n", ""};
    request.json = true;
    const auto read = parse_request(to_line(request));
    REQUIRE(read);
    CHECK(read->ask.verb == AskVerb::hold);
    CHECK(read->ask.target == "text");
    CHECK(read->ask.length == 30min);
    CHECK(read->ask.why == "rack \"work\"\n");
    CHECK(read->json);
    for (const char* bad : {"", "{", "[]", "7", "{}", R"({"verb":"burn"})", R"({"verb":7})",
                            R"({"verb":"hold","for_ms":-1})", R"({"verb":"hold","for_ms":1e99})",
                            R"({"verb":"hold","for_ms":"1"})", "\xff\xfe"}) {
        INFO(bad);
        CHECK_FALSE(parse_request(bad));
    }
    CHECK_FALSE(parse_request(R"({"verb":"why","target":")" + std::string(100, 'a') + "\"}"));
    CHECK_FALSE(parse_request(std::string(5000, ' ') + R"({"verb":"why"})"));
    CHECK_FALSE(parse_request(std::string(4000, '[')));
    const auto told = parse_told(to_line(HostAnswer{1, AskVerb::arm, false, "no", {}}, false));
    REQUIRE(told);
    CHECK_FALSE(told->done);
    CHECK(told->said == "no");
    CHECK_FALSE(parse_told("{}"));
}

TEST_CASE("disarm: commands that nobody has answered keep no host awake", "[host][operator]") {
    Desk desk;
    desk.quiet_day();
    desk.alarm("gas", Phase::firing);
    desk.alarm("on-battery", Phase::firing);
    REQUIRE_FALSE(desk.take_commands().empty());
    CHECK(desk.ask(AskVerb::disarm).done);
    desk.pass(5min);  // fails on a loop that does not sleep
    for (const auto& command : desk.take_commands()) CHECK_FALSE(command.armed);
}

}  // namespace firebreak
