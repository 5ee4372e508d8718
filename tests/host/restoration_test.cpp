// Coming back in stages: the plan first, the important before the rest, power before traffic,
// no more at once than a feed bears, and not at all while there is danger anew.
#include "host/restore/restoration.hpp"

#include <algorithm>

#include "tests/host/power_room.hpp"
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

PolicyPlan staged_policy() {
    auto plan = story_policy();
    plan.restore.staged = true;
    plan.restore.announce = 20s;
    plan.restore.settle = 10s;
    plan.restore.inrush_every = 10s;
    plan.restore.stuck_after = 5min;
    return plan;
}

TargetPlan target(const std::string& name, int tier, Names needs = {}) {
    TargetPlan out;
    out.name = name;
    out.tier = tier;
    out.site = "pangyo";
    out.items = {"a"};
    out.needs = std::move(needs);
    return out;
}

/// All of it down, the danger just over.
void all_down(RoomStory& story) {
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.alarm("on-battery", Phase::firing);
    for (const auto& command : story.take_commands()) {
        if (command.action == "off") story.ack(command, Outcome::done);
    }
    REQUIRE(story.posture.at("videos-racks").reached == Posture::shed);
    REQUIRE(story.posture.at("text").reached == Posture::drain);
    story.take_done();
    story.alarm("gas", Phase::clear);
    story.alarm("on-battery", Phase::clear);
}

Names outlets_on(RoomStory& story) {
    Names items;
    for (const auto& command : story.take_commands()) {
        if (command.action != "on") continue;
        const bool repeated = std::find(items.begin(), items.end(), command.item) != items.end();
        if (repeated) continue;
        items.push_back(command.item);
        story.ack(command, Outcome::done);
    }
    return items;
}

std::string blocked(const RoomStory& story, const std::string& name) {
    return story.posture.at(name).blocked;
}

}  // namespace

TEST_CASE("restore plan: what an important target needs is as important and comes before it",
          "[host][restore]") {
    PolicyPlan plan;
    plan.targets = {target("text", 1, {"db"}), target("videos", 5), target("db", 3, {"disks"}),
                    target("disks", 4), target("photos", 3)};
    CHECK(restore_stages(plan) == std::vector<std::size_t>{3, 5, 2, 1, 4});
    CHECK(describe_stages(plan, "pangyo").front() == "pangyo stage 1: disks (tier 4, 1 items)");
    Complaints complaints;
    check_needs(plan, complaints);
    CHECK(complaints.text().empty());
    plan.targets[3].needs = {"text", "nobody"};
    check_needs(plan, complaints);
    CHECK(complaints.text().find("\"disks\" waits for itself") != std::string::npos);
    CHECK(complaints.text().find("there is no target \"nobody\"") != std::string::npos);
    CHECK(complaints.text().find("\"videos\"") == std::string::npos);
}

TEST_CASE("restore: the plan is shown, then tier 1, then power, then the traffic behind it",
          "[host][restore]") {
    RoomStory story(staged_policy());
    all_down(story);
    static_cast<void>(story.controller.take_log());
    story.pass(65s);  // calm is over; the plan was shown when it was clear that they come back
    CHECK(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    CHECK(outlets_on(story).empty());
    CHECK(blocked(story, "videos-racks").find("restoration: stage 2 waits for stage 1, text") !=
          std::string::npos);
    story.pass(70s);
    CHECK(outlets_on(story) == Names{"videos-a", "videos-b"});
    CHECK(story.take_done().empty());
    story.pass(70s);
    CHECK(story.take_done() == Names{"videos pangyo-a ready", "videos pangyo-b ready"});
    story.pass(5min);
    for (const char* name : {"text", "videos", "videos-racks"}) {
        CHECK(story.posture.at(name).wanted == Posture::normal);
        CHECK(story.posture.at(name).held.empty());
        CHECK(blocked(story, name).empty());
    }
}

TEST_CASE("restore: the log shows the plan before anything comes back", "[host][restore]") {
    RoomStory story(staged_policy());
    all_down(story);
    story.pass(1s);
    Names lines;
    for (const auto& line : story.controller.take_log()) lines.push_back(line.fields);
    const auto shown = std::find_if(lines.begin(), lines.end(), [](const auto& line) {
        return line.find("plan: pangyo stage 1: text") != std::string::npos;
    });
    CHECK(shown != lines.end());
    CHECK(story.take_done().empty());
}

TEST_CASE("restore: a stage that is not well holds the next one, and says so", "[host][restore]") {
    auto policy = staged_policy();
    policy.restore.stuck = GENERATE(WhenStuck::wait, WhenStuck::pass);
    RoomStory story(policy);
    all_down(story);
    story.pass(61s);
    REQUIRE(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    story.servers["text"]["pangyo-b"] = "down";  // its health check does not come up
    story.pass(4min);
    CHECK(outlets_on(story).empty());
    CHECK(blocked(story, "videos-racks").find("text: pangyo-b is down") != std::string::npos);
    story.pass(2min);
    CHECK(outlets_on(story).empty() == (policy.restore.stuck == WhenStuck::wait));
    if (policy.restore.stuck == WhenStuck::pass) return;
    story.servers["text"]["pangyo-b"] = "ready";
    story.pass(20s);
    CHECK(outlets_on(story).size() == 2);
}

TEST_CASE("restore: a stage that nobody brings back holds the next one no longer, or says why",
          "[host][restore]") {
    auto policy = staged_policy();
    policy.restore.stuck = GENERATE(WhenStuck::wait, WhenStuck::pass);
    RoomStory story(policy);
    all_down(story);
    story.controller.handle(Ask{1, AskVerb::hold, "text", 1h, "a disk", "alice"}, story.at());
    REQUIRE(story.controller.take_answers().front().done);
    static_cast<void>(story.controller.take_log());
    story.pass(5min);
    CHECK(outlets_on(story).empty());
    CHECK(blocked(story, "videos-racks").find("waits for stage 1, text") != std::string::npos);
    story.pass(2min);
    CHECK(outlets_on(story).empty() == (policy.restore.stuck == WhenStuck::wait));
    int said = 0;
    for (const auto& line : story.controller.take_log()) {
        said +=
            line.fields.find("text is to be brought back for 5m and is not") != std::string::npos
                ? 1
                : 0;
    }
    CHECK(said == 1);
    CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
}

TEST_CASE("restore: armed by an operator, a stage that is not well holds the next one, too",
          "[host][restore][operator]") {
    auto policy = staged_policy();
    policy.armed = false;
    policy.operators.may_arm = true;
    RoomStory story(policy);
    story.controller.handle(Ask{1, AskVerb::arm, "", {}, "for the test", "alice"}, story.at());
    REQUIRE(story.controller.take_answers().front().done);
    for (const auto& family : story.controller.metrics(story.at())) {
        if (family.name == "firebreak_host_armed") CHECK(family.values.front().value == 1);
    }
    all_down(story);
    story.pass(61s);
    REQUIRE(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    story.servers["text"]["pangyo-b"] = "down";
    story.pass(4min);
    CHECK(outlets_on(story).empty());
    CHECK(blocked(story, "videos-racks").find("text: pangyo-b is down") != std::string::npos);
}

TEST_CASE("restore: danger anew stops what has begun and gives way to the votes",
          "[host][restore]") {
    RoomStory story(staged_policy());
    all_down(story);
    story.pass(61s);
    REQUIRE(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-a drain", "text pangyo-b drain"});
    story.pass(5min);
    CHECK(outlets_on(story).empty());
    CHECK(blocked(story, "videos-racks").find("restoration: stopped, pangyo/battery-room/gas") !=
          std::string::npos);
    story.alarm("gas", Phase::clear);
    story.pass(10min);
    CHECK(story.posture.at("text").held.empty());
}

TEST_CASE("restore: what is held comes back once it is released", "[host][restore]") {
    PolicyPlan plan = staged_policy();
    Restoration restoration(plan);
    TargetLedger ledger;
    RestoreTarget quiet;
    quiet.ledger = &ledger;
    restoration.look({quiet, quiet, quiet}, {}, true, Instant{} + 1h);
    restoration.hold("by the operator: a fire brigade is in the room");
    const Step step{"", "text", "pangyo-a", "ready", Posture::watch, "calm"};
    CHECK(restoration.guard(1, step, Instant{} + 2h)->find("held: by the operator") !=
          std::string::npos);
    restoration.release();
    CHECK(restoration.guard(1, step, Instant{} + 2h)->find("held") == std::string::npos);
}

TEST_CASE("restore: an operator pauses it, and what is asked for is put down all the same",
          "[host][restore][operator]") {
    RoomStory story(staged_policy());
    all_down(story);
    const auto asks = [&](AskVerb verb, Duration length) {
        story.controller.handle(
            Ask{1, verb, std::string(whole_restoration), length, "the brigade is in", "alice"},
            story.at());
        story.settle();
        const auto answers = story.controller.take_answers();
        REQUIRE(answers.size() == 1);
        return answers.front();
    };
    const auto paused = asks(AskVerb::hold, 2h);
    CHECK(paused.done);
    CHECK(paused.said.find("nothing is brought back") != std::string::npos);
    for (int i = 0; i < 60; ++i) {
        story.pass(1min);
        CHECK(outlets_on(story).empty());
    }
    CHECK(blocked(story, "videos-racks").find("restoration: held: by alice") != std::string::npos);
    story.servers["text"]["pangyo-a"] = "ready";  // a person brings it back
    story.pass(10s);
    story.alarm("gas", Phase::firing);
    CHECK(story.servers["text"]["pangyo-a"] == "drain");
    story.alarm("gas", Phase::clear);

    CHECK(asks(AskVerb::resume, 0s).done);
    for (int i = 0; i < 30; ++i) {
        story.pass(1min);
        static_cast<void>(outlets_on(story));
    }
    CHECK(story.posture.at("videos-racks").held.empty());
    CHECK(story.posture.at("text").held.empty());
}

TEST_CASE("restore: a restoration can be held only where there is one",
          "[host][restore][operator]") {
    RoomStory story;
    story.quiet_day();
    story.controller.handle(
        Ask{1, AskVerb::hold, std::string(whole_restoration), 1h, "why not", "alice"}, story.at());
    const auto answers = story.controller.take_answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers.front().said == "there is no target \"restoration\"");
}

TEST_CASE("restore: no feed gets more kW at once than the limit, nor more than its UPS may carry",
          "[host][restore]") {
    std::vector<ModelRack> racks;
    for (int i = 0; i < 12; ++i) {
        racks.push_back({"r" + std::to_string(10 + i), 5, 10, 10, {"ups-a"}});
    }
    auto policy = power_policy(racks, {{130, 60}, {150, 3}});
    policy.restore.staged = true;
    policy.restore.inrush_kw = 20;
    policy.restore.inrush_every = 10s;
    policy.restore.stuck_after = 10min;
    policy.rules[0].by_power = false;  // all of it goes
    PowerRoom story(racks, {{130, 600}, {150, 300}}, policy);
    story.alarm("overload", Phase::firing);
    story.pass(5s);
    REQUIRE(story.off().size() == 12);
    story.alarm("overload", Phase::clear);
    story.pass(65s);
    double before = story.load_of("ups-a");
    CHECK(before > 0);
    for (int turn = 0; turn < 12; ++turn) {
        story.pass(10s);
        const auto after = story.load_of("ups-a");
        CHECK(after - before <= 20);
        before = after;
    }
    CHECK(before == Approx(100));  // the last two would be too much
    CHECK(story.posture.at("r20").blocked.find("ups-a would carry 110.0 kW and may carry 100.0") !=
          std::string::npos);
    CHECK_FALSE(story.tripped);
}

namespace {

/// Twelve racks of 10 kW, all off; 20 kW may come to a feed within 10 s.
struct DarkRoom : PowerRoom {
    explicit DarkRoom(const std::vector<std::string>& upss)
        : PowerRoom(racks(upss), {{130, 600}, {150, 300}}, policy(upss)) {
        alarm("overload", Phase::firing);
        pass(5s);
        REQUIRE(off().size() == 12);
    }
    /// No 10 s bring more than the limit, and no UPS carries more than it may.
    void comes_back_slowly(Duration length) {
        double a = load_of("ups-a");
        double b = load_of("ups-b");
        for (Duration passed{}; passed < length; passed += 10s) {
            pass(10s);
            CHECK(load_of("ups-a") - std::exchange(a, load_of("ups-a")) <= 20);
            CHECK(load_of("ups-b") - std::exchange(b, load_of("ups-b")) <= 20);
            CHECK(std::max(a, b) <= 100);
        }
    }
    void asks(AskVerb verb) {
        controller.handle(Ask{1, verb, "", 0s, "", "alice"}, at());
        REQUIRE(controller.take_answers().front().done);
    }

    static std::vector<ModelRack> racks(const std::vector<std::string>& upss) {
        std::vector<ModelRack> all;
        for (int i = 0; i < 12; ++i) all.push_back({"r" + std::to_string(10 + i), 5, 10, 10, upss});
        return all;
    }
    static PolicyPlan policy(const std::vector<std::string>& upss) {
        auto plan = power_policy(racks(upss), {{130, 60}, {150, 3}});
        plan.restore.staged = true;
        plan.restore.inrush_kw = 20;
        plan.restore.inrush_every = 10s;
        plan.restore.stuck_after = 10min;
        plan.rules[0].by_power = false;  // all of it goes
        return plan;
    }
};

}  // namespace

TEST_CASE("restore: what was only rehearsed does not come on at once when the host is armed",
          "[host][restore]") {
    DarkRoom story({"ups-a"});
    story.asks(AskVerb::disarm);
    story.alarm("overload", Phase::clear);
    story.pass(10min);  // the rehearsal has walked them all through
    CHECK(story.off().size() == 12);
    story.asks(AskVerb::arm);
    story.comes_back_slowly(3min);
    CHECK(story.load_of("ups-a") == Approx(100));
}

TEST_CASE("restore: commands that nobody answers do not all come on at once later",
          "[host][restore]") {
    DarkRoom story({"ups-a"});
    for (int i = 0; i < 12; ++i) story.stuck.insert("r" + std::to_string(10 + i));
    story.alarm("overload", Phase::clear);
    story.pass(5min);
    CHECK(story.off().size() == 12);
    story.stuck.clear();
    story.comes_back_slowly(6min);
    CHECK(story.load_of("ups-a") == Approx(100));
}

TEST_CASE("restore: where one feed is lost the other gets all of a rack", "[host][restore]") {
    DarkRoom story({"ups-a", "ups-b"});
    story.dead.insert("ups-a");
    story.alarm("overload", Phase::clear);
    story.pass(55s);
    story.comes_back_slowly(5min);
    CHECK(story.load_of("ups-b") == Approx(100));
}
