#include "sim/replay.hpp"

#include <string>

#include "firmware/site_file.hpp"
#include "host/policy_file.hpp"
#include "sim/replay_broker.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const std::string root = FIREBREAK_SOURCE_DIR;
constexpr double speed = 100;  // what the demo's site is made for

/// The demo's site and policy with the Pangyo scenario, to be changed by a test.
struct Demo {
    Complaints complaints;
    SitePlan site =
        load_site(root + "/sim/demo/site.toml", {root + "/firmware/profiles"}, complaints);
    PolicyPlan policy = load_policy(root + "/sim/demo/policy.toml", complaints);
    Scenario scenario = load_scenario(root + "/sim/scenarios/pangyo-2022.toml", complaints);

    Demo() {
        INFO(complaints.text());
        REQUIRE(complaints.empty());
    }

    void keep_rules(const std::string& alarm) {
        std::erase_if(policy.rules, [&](const RulePlan& rule) { return rule.alarm != alarm; });
    }

    [[nodiscard]] Replayed play() const { return replay(site, policy, scenario, speed); }
};

bool tells(const Replayed& replayed, const std::string& what) {
    for (const auto& line : replayed.story) {
        if (line.what.find(what) != std::string::npos) return true;
    }
    return false;
}

/// Where in the story it is told first; what happens at one time still has an order.
std::size_t place(const Replayed& replayed, const std::string& what) {
    for (std::size_t i = 0; i < replayed.story.size(); ++i) {
        if (replayed.story[i].what.find(what) != std::string::npos) return i;
    }
    FAIL("never told: " << what);
    return 0;
}

Duration first(const Replayed& replayed, const std::string& what) {
    for (const auto& line : replayed.story) {
        if (line.what.find(what) != std::string::npos) return line.at;
    }
    FAIL("never told: " << what);
    return {};
}

}  // namespace

TEST_CASE("replay: the demo's policy keeps every expectation of the Pangyo fire", "[sim][replay]") {
    const auto replayed = Demo().play();
    INFO(describe(replayed));
    CHECK(replayed.outcomes.size() >= 7);
    CHECK(replayed.kept());
}

TEST_CASE("replay: the same files tell the same story", "[sim][replay]") {
    const Demo demo;
    CHECK(demo.play().story == demo.play().story);
}

TEST_CASE("replay: slower is not later: at the story's own speed alarms come no later than at 100",
          "[sim][replay]") {
    Demo demo;
    demo.scenario.ends = 6min;
    std::erase_if(demo.scenario.expects, [](const auto& expect) { return expect.at > 6min; });
    const auto fast = demo.play();
    const auto real = replay(demo.site, demo.policy, demo.scenario);
    CHECK(real.kept());
    CHECK(first(real, "battery-cell-hot is firing") < first(fast, "battery-cell-hot is firing"));
    CHECK(first(real, "battery-cell-hot is firing") > 1min);
}

TEST_CASE("replay: a policy that waits for the UPS drains only when the power fails",
          "[sim][replay]") {
    Demo demo;
    demo.keep_rules("ups-on-battery");
    for (auto& rule : demo.policy.rules) {
        rule.targets = {"text"};
        rule.at_least = Posture::drain;
    }
    const auto replayed = demo.play();
    CHECK_FALSE(replayed.kept());
    CHECK(first(replayed, "text is at drain") >= 8min);
    CHECK(describe(replayed).find("FAILED") != std::string::npos);
}

TEST_CASE("replay: a host that is not armed reaches nothing", "[sim][replay]") {
    Demo demo;
    demo.policy.armed = false;
    const auto replayed = demo.play();
    for (const char* service : {"text", "login", "payment", "photos", "videos"}) {
        CHECK_FALSE(tells(replayed, std::string(service) + " is at drain"));
    }
    CHECK_FALSE(tells(replayed, "is at shed"));
    CHECK_FALSE(tells(replayed, "(outlet"));
    CHECK_FALSE(replayed.kept());
}

TEST_CASE("replay: an outlet that the site has not armed stays on", "[sim][replay]") {
    Demo demo;
    for (auto& outlet : demo.site.outlets) outlet.armed = false;
    const auto replayed = demo.play();
    CHECK_FALSE(tells(replayed, "(outlet"));
    CHECK(tells(replayed, "text is at drain"));
}

TEST_CASE("replay: racks go off by outlet only after their service is drained", "[sim][replay]") {
    const auto replayed = Demo().play();
    CHECK(place(replayed, "photos is at drain") < place(replayed, "photos-a (outlet"));
    CHECK(place(replayed, "photos-a (outlet") < place(replayed, "photos-racks is at shed"));
}

TEST_CASE("replay: expectations of unknown targets and alarms are errors with a hint",
          "[sim][replay]") {
    Demo demo;
    demo.scenario.expects[0].target = "txt";
    demo.scenario.expects[0].alarm.clear();
    demo.scenario.expects[1].alarm = "battery-room-smok";
    check_expects(demo.scenario, demo.site, demo.policy, demo.complaints);
    CHECK(demo.complaints.size() == 2);
    CHECK(demo.complaints.text().find("did you mean 'text'?") != std::string::npos);
    CHECK(demo.complaints.text().find("battery-room-smoke") != std::string::npos);
}

TEST_CASE("replay broker: filters match as MQTT 5 says", "[sim][replay]") {
    CHECK(topic_matches("a/+/c", "a/b/c"));
    CHECK(topic_matches("a/#", "a/b/c"));
    CHECK(topic_matches("a/#", "a"));
    CHECK(topic_matches("#", "a/b"));
    CHECK_FALSE(topic_matches("a/+", "a/b/c"));
    CHECK_FALSE(topic_matches("a/+/c", "a/b"));
    CHECK_FALSE(topic_matches("a/b", "a"));
    CHECK_FALSE(topic_matches("a", "a/b"));
}

TEST_CASE("replay broker: a late client gets the newest retained message", "[sim][replay]") {
    ReplayBroker broker;
    static_cast<void>(broker.publish({"a/b", "old", true}));
    static_cast<void>(broker.publish({"a/b", "new", true}));
    static_cast<void>(broker.publish({"a/c", "gone", false}));
    const auto late = broker.connect(7, {"a/+"});
    REQUIRE(late.size() == 1);
    CHECK(late[0].client == 7);
    CHECK(late[0].message.payload == "new");
}
