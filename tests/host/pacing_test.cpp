// A drain goes in steps, holds while those that receive fare badly, and goes on by itself.
#include "host/drain/pacing.hpp"

#include <random>

#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

/// Only text is drained.
PolicyPlan paced() {
    auto plan = paced_policy();
    plan.rules[1].targets = {"text"};
    return plan;
}

constexpr Feedback well{0, 200, 2, 2s};

Names text(const std::string& server) {
    return {"text pangyo-" + server + " drain"};
}

}  // namespace

TEST_CASE("pacing: over a limit at once, and over with only well below it", "[host][drain]") {
    PacePlan plan;
    plan.max_queue = 10;
    plan.max_error_percent = 5;
    const auto after = [&](Strain before, std::uint64_t waiting, std::uint64_t failures) {
        return strained(before, plan, Feedback{waiting, 1000, failures, 2s});
    };
    const Strain fine{true, false, false};
    CHECK(after(fine, 10, 50) == fine);
    CHECK(after(fine, 11, 0) == Strain{true, true, false});
    CHECK(after(Strain{true, true, false}, 9, 0) == Strain{true, true, false});
    CHECK(after(Strain{true, true, false}, 8, 0) == fine);
    CHECK(after(fine, 0, 51) == Strain{true, false, true});
    CHECK(after(Strain{true, false, true}, 0, 41) == Strain{true, false, true});
    CHECK(after(Strain{true, false, true}, 0, 40) == fine);
    // Nobody asks: nobody is failed.
    CHECK(strained(fine, plan, Feedback{0, 0, 0, 2s}).ok());
}

TEST_CASE("pacing: without figures nobody is well, and nothing is forgotten", "[host][drain]") {
    PacePlan plan;
    plan.max_error_percent = 5;
    const Strain failing{true, false, true};
    CHECK_FALSE(strained({true, false, false}, plan, std::nullopt).ok());
    CHECK_FALSE(strained({true, false, false}, plan, Feedback{0, 0, 0, 0s}).ok());
    const auto blind = strained(failing, plan, std::nullopt);
    CHECK(strained(blind, plan, Feedback{0, 1000, 45, 2s}) == failing);
    plan = {};
    plan.max_queue = 3;  // a queue is a gauge: it needs no second reading
    CHECK(strained({}, plan, Feedback{0, 0, 0, 0s}).ok());
}

TEST_CASE("pacing: a load that swings about the limit does not swing the drain", "[host][drain]") {
    PacePlan plan;
    plan.max_queue = 100;
    std::mt19937 chance(7);
    Strain strain{true, false, false};
    int turns = 0;
    for (int i = 0; i < 2000; ++i) {
        const auto waiting = std::uniform_int_distribution<std::uint64_t>(85, 115)(chance);
        const auto next = strained(strain, plan, Feedback{waiting, 0, 0, 2s});
        turns += next == strain ? 0 : 1;
        strain = next;
    }
    CHECK(turns == 1);  // held once, and not let go by a lull
}

TEST_CASE("pacing: a drain goes in steps, each after the last one was looked at", "[host][drain]") {
    RoomStory story(paced());
    story.feedback["text"] = well;
    story.quiet_day();
    story.take_acks();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == text("a"));
    CHECK(story.posture.at("text").blocked.find("in steps: one was taken") != std::string::npos);
    CHECK(story.take_acks().empty());  // under way, not refused
    story.pass(1s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    CHECK(story.take_done() == text("b"));
    CHECK(story.take_acks().back().outcome == Outcome::done);
    CHECK(story.posture.at("text").blocked.empty());
}

TEST_CASE("pacing: while requests wait or fail the drain holds, says why, and goes on by itself",
          "[host][drain]") {
    const auto& [bad, said] =
        GENERATE(table<Feedback, std::string>({{{37, 200, 2, 2s}, "max_queue: 37 requests wait"},
                                               {{0, 200, 20, 2s}, "10.0 %, 5.0 may"}}));
    RoomStory story(paced());
    story.feedback["text"] = well;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == text("a"));
    story.feedback["text"] = bad;
    story.pass(20s);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").blocked.find(said) != std::string::npos);
    CHECK(story.posture.at("text").blocked.find("passes at") != std::string::npos);
    story.feedback["text"] = well;
    story.pass(3s);
    CHECK(story.take_done() == text("b"));
}

TEST_CASE("pacing: what was bad before the fire holds the first step, too", "[host][drain]") {
    RoomStory story(paced());
    story.feedback["text"] = Feedback{37, 200, 2, 2s};
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
}

TEST_CASE("pacing: what is held for too long goes on in steps, or waits, as the policy says",
          "[host][drain]") {
    const auto stuck = GENERATE(WhenStuck::wait, WhenStuck::pass);
    const bool blind = GENERATE(true, false);
    auto plan = paced();
    plan.drain.stuck = stuck;
    plan.drain.stuck_after = 30s;
    RoomStory story(plan);
    if (!blind) story.feedback["text"] = Feedback{37, 200, 2, 2s};
    story.quiet_day();
    static_cast<void>(story.controller.take_log());
    story.alarm("gas", Phase::firing);
    story.pass(29s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    CHECK(story.take_done() == (stuck == WhenStuck::pass ? text("a") : Names{}));
    int said = 0;
    for (const auto& line : story.controller.take_log()) {
        said += line.fields.find("drain-held") == std::string::npos ? 0 : 1;
    }
    CHECK(said == 1);
    story.pass(3s);
    CHECK(story.take_done() == (stuck == WhenStuck::pass ? text("b") : Names{}));
    story.pass(10min);
    CHECK(story.take_done().empty());
}

TEST_CASE("pacing: a cut waits for nobody", "[host][drain]") {
    auto plan = paced();
    plan.rules[1].at_least = Posture::cut;
    RoomStory story(plan);
    story.feedback["text"] = Feedback{37, 200, 20, 2s};
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == Names{"text pangyo-a maint", "text pangyo-b maint"});
}

TEST_CASE("pacing: what carries nothing goes at once, and what comes back is not paced",
          "[host][drain]") {
    RoomStory story(paced());
    story.feedback["text"] = Feedback{37, 200, 2, 2s};
    story.servers["text"]["pangyo-a"] = "down";
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == text("a"));
    story.feedback["text"] = well;
    story.pass(3s);
    CHECK(story.take_done() == text("b"));
    story.feedback["text"] = Feedback{37, 200, 2, 2s};
    story.alarm("gas", Phase::clear);
    story.pass(3min);
    CHECK(story.take_done() == Names{"text pangyo-a ready", "text pangyo-b ready"});
}

TEST_CASE("pacing: targets of one backend take their steps in turns", "[host][drain]") {
    auto plan = paced();
    plan.targets[0].backend = "text";  // videos' servers stand behind the same
    plan.targets[0].tier = 1;
    plan.targets[0].items = {"seoul-a", "seoul-b"};
    plan.rules[1].targets = {"text", "videos"};
    plan.guard.min_ready = 0;
    RoomStory story(plan);
    story.feedback["text"] = story.feedback["videos"] = well;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().size() == 1);
    story.pass(30s);
    CHECK(story.take_done().size() == 3);
}

namespace {

PolicyPlan two_sites() {
    auto plan = paced();
    serve_at_seoul(plan);
    return plan;
}

/// How its own servers fare.
Feedback own(std::uint64_t waiting, std::uint64_t failures) {
    return {0, 0, 0, 2s, {waiting, 200, failures}};
}

struct TwoSites : RoomStory {
    explicit TwoSites(const PolicyPlan& plan = two_sites()) : RoomStory(plan) {
        servers["text"] = {{"pangyo-a", "ready"}, {"pangyo-b", "ready"}};
        servers["text-seoul"] = {{"seoul-a", "ready"}, {"seoul-b", "ready"}};
        feedback["text"] = {0, 0, 0, 2s};
        feedback["text-seoul"] = own(0, 2);
    }
};

}  // namespace

TEST_CASE("pacing: where each site has a HAProxy of its own the servers elsewhere are judged",
          "[host][drain]") {
    const auto& [bad, said] = GENERATE(table<std::optional<Feedback>, std::string>(
        {{own(37, 2), "at text-seoul: max_queue: 37 requests wait"},
         {own(0, 20), "at text-seoul: max_error_percent: 20 of 200"},
         {std::nullopt, "at text-seoul: cannot tell how those fare"}}));
    TwoSites story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == text("a"));
    story.feedback.erase("text-seoul");
    if (bad) story.feedback["text-seoul"] = *bad;
    story.pass(20s);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").blocked.find(said) != std::string::npos);
    story.feedback["text-seoul"] = own(0, 2);
    story.pass(3s);
    CHECK(story.take_done() == text("b"));
}

TEST_CASE("pacing: a step is judged by what was read elsewhere after it, and that is soon",
          "[host][drain]") {
    TwoSites story;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == text("a"));
    story.pass(1s);
    CHECK(story.take_done().empty());
    story.pass(2s);  // not the 5 s after which one looks where nothing is going on
    CHECK(story.take_done() == text("b"));
}

TEST_CASE("pacing: who has no server ready elsewhere receives nothing, and holds no drain",
          "[host][drain]") {
    TwoSites story;
    story.feedback["text-seoul"] = own(37, 20);
    story.servers["text-seoul"] = {{"seoul-a", "down"}, {"seoul-b", "maint"}};
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.pass(5s);
    CHECK(story.take_done().size() == 2);
}

TEST_CASE("pacing: another service, and the same at the same site, are no receivers",
          "[host][drain]") {
    auto plan = two_sites();
    SECTION("another service") {
        plan.targets.back().service = "photos";
    }
    SECTION("the same site") {
        plan.targets.back().site = "pangyo";
    }
    TwoSites story(plan);
    story.feedback["text-seoul"] = own(37, 20);
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    story.pass(5s);
    CHECK(story.take_done().size() == 2);
}

TEST_CASE("pacing: a host that only rehearses tells of all steps, and of what would hold them",
          "[host][drain]") {
    auto plan = paced();
    plan.armed = false;
    RoomStory story(plan);
    story.feedback["text"] = well;
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.take_commands().size() == 2);
    CHECK(story.take_done().empty());
    CHECK(story.take_acks().back().outcome == Outcome::rehearsed);
}
