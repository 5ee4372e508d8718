// More hosts than one: giving way while one's own site burns, and going on where another has died.
#include "host/peers.hpp"

#include "tests/host/policy_text.hpp"
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

const Origin peer{"seoul", Role::host, "seoul-1"};
const Names all_drained = {"text pangyo-a drain", "text pangyo-b drain", "videos pangyo-a drain",
                           "videos pangyo-b drain"};

/// A host that stands in the building it guards, and one elsewhere.
PolicyPlan at_pangyo() {
    auto plan = story_policy();
    plan.site = "pangyo";
    plan.host = "pangyo-1";
    plan.peers = {{"seoul", "seoul-1"}};
    plan.yield_for = 10s;
    return plan;
}

void peer_says(RoomStory& story, bool online, bool armed = true) {
    Status status;
    status.online = online;
    status.armed = armed;
    status.heartbeat_s = 600;
    status.stamp = {"peer-life", ++story.seq, {}};
    story.arrives({peer, Kind::status, "", ""}, to_json(status));
}

void peer_holds(RoomStory& story, const std::string& target, Names held, Posture wanted) {
    PostureNotice notice;
    notice.target = target;
    notice.wanted = wanted;
    notice.held = std::move(held);
    notice.stamp = {"peer-life", ++story.seq, {}};
    story.arrives({peer, Kind::posture, target, ""}, to_json(notice));
}

/// A second host of "text", which are nodes that bear marks.
PolicyPlan nodes_with_a_peer() {
    auto plan = story_policy();
    plan.host = "seoul-2";
    plan.peers = {{"seoul", "seoul-1"}};
    plan.targets[1].kind = TargetKind::kubernetes;
    plan.targets[1].ladder = Ladder::nodes;
    plan.targets[1].backend = "";
    return plan;
}

}  // namespace

TEST_CASE("peers: a host in the burning zone leaves it to one elsewhere, and then does the rest",
          "[host][peers]") {
    RoomStory story(at_pangyo());
    story.quiet_day();
    peer_says(story, true);
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    INFO(story.posture.at("text").blocked);
    CHECK(story.posture.at("text").blocked.find("leaves it to seoul/seoul-1") !=
          Names::value_type::npos);
    story.servers["text"]["pangyo-a"] = "drain";  // as the peer does
    story.pass(9s);
    CHECK(story.take_done().empty());
    story.pass(2s);
    CHECK(story.take_done() ==
          Names{"text pangyo-b drain", "videos pangyo-a drain", "videos pangyo-b drain"});
}

TEST_CASE("peers: with nobody elsewhere to act, it acts at once", "[host][peers]") {
    RoomStory story(at_pangyo());
    story.quiet_day();
    SECTION("never heard") {}
    SECTION("rehearsing only") {
        peer_says(story, true, false);
    }
    SECTION("gone") {
        peer_says(story, true);
        peer_says(story, false);
    }
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == all_drained);
}

TEST_CASE("peers: one that dies while it was left to is waited for no longer", "[host][peers]") {
    RoomStory story(at_pangyo());
    story.quiet_day();
    peer_says(story, true);
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done().empty());
    peer_says(story, false);
    CHECK(story.take_done() == all_drained);
}

TEST_CASE("peers: a host that stands elsewhere waits for nobody", "[host][peers]") {
    auto plan = story_policy();
    plan.host = "seoul-2";
    plan.peers = {{"seoul", "seoul-1"}};
    RoomStory story(plan);
    story.quiet_day();
    peer_says(story, true);
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == all_drained);
}

TEST_CASE("peers: what a dead one had put down is brought back, what a living one has is not",
          "[host][peers]") {
    auto plan = story_policy();
    plan.host = "seoul-2";
    plan.peers = {{"seoul", "seoul-1"}};
    RoomStory story(plan);
    story.servers["text"]["pangyo-a"] = "drain";
    story.servers["text"]["pangyo-b"] = "drain";  // a person did this one
    story.quiet_day();
    peer_says(story, true);
    peer_holds(story, "text", {"pangyo-a", "of-another-policy"}, Posture::drain);
    story.pass(5min);
    CHECK(story.take_done().empty());
    peer_says(story, false);
    story.pass(50s);
    CHECK(story.take_done().empty());  // it is calm for a while first
    story.pass(90s);
    CHECK(story.take_done() == Names{"text pangyo-a ready"});
    CHECK(story.servers["text"]["pangyo-b"] == "drain");
}

TEST_CASE("peers: what was put down and is in the policy no more is said aloud, once",
          "[host][peers]") {
    auto plan = story_policy();
    plan.peers = {{"busan", "busan-1"}};
    RoomStory story(plan, "life-2");
    const auto held_by = [&](const Origin& whom, const std::string& target, Names held) {
        PostureNotice notice;
        notice.target = target;
        notice.wanted = Posture::drain;
        notice.held = std::move(held);
        notice.stamp = {"life-1", ++story.seq, {}};
        story.arrives({whom, Kind::posture, target, ""}, to_json(notice));
    };
    const auto said = [&] {
        Names out;
        for (const auto& line : story.controller.take_log()) {
            if (line.fields.find("left-behind") == std::string::npos) continue;
            CHECK(line.level == LogLevel::warning);
            out.push_back(line.fields);
        }
        return out;
    };
    story.connect();
    held_by(story.self, "text", {"pangyo-a", "gone-1", "gone-2"});
    held_by(story.self, "photos", {"p1", "p2", "p3"});
    held_by(story.self, "photos", {"p1", "p2", "p3"});  // the broker says it again
    held_by(story.self, "login", {});                   // nothing of it was down
    auto lines = said();
    REQUIRE(lines.size() == 2);
    CHECK(says(lines[0], "gone-[1-2]"));
    CHECK(says(lines[0], "target=text"));
    CHECK(lines[0].find("pangyo-a") == std::string::npos);
    CHECK(says(lines[1], "p[1-3]"));
    CHECK(says(lines[1], "not in the policy any more"));
    const Origin busan{"busan", Role::host, "busan-1"};
    held_by(busan, "cards", {"c1"});
    CHECK(said().empty());  // while it lives it minds them itself
    Status gone;
    gone.stamp = {"life-1", ++story.seq, {}};
    story.arrives({busan, Kind::status, "", ""}, to_json(gone));
    story.pass(1s);
    lines = said();
    REQUIRE(lines.size() == 1);
    CHECK(says(lines[0], "c1"));
}

TEST_CASE("peers: a node that bears a dead one's mark is brought back, a living one's is left",
          "[host][peers]") {
    RoomStory story(nodes_with_a_peer());
    story.servers["text"] = {{"pangyo-a", "drain-peer"}, {"pangyo-b", "drain-other"}};
    story.quiet_day();
    peer_says(story, true);
    peer_holds(story, "text", {"pangyo-a", "pangyo-b"}, Posture::drain);
    story.pass(5min);
    CHECK(story.take_done().empty());
    peer_says(story, false);
    story.pass(150s);
    CHECK(story.take_done() == Names{"text pangyo-a ready"});
    CHECK(story.servers["text"]["pangyo-b"] == "drain-other");
}

TEST_CASE("peers: what a peer has put further down is still told as put down by this host",
          "[host][peers]") {
    RoomStory story(nodes_with_a_peer());
    story.quiet_day();
    story.alarm("gas", Phase::firing);
    CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
    // The peer sheds one, for a reason of its own, and is to know what is below.
    story.servers["text"]["pangyo-a"] = "maint-peer";
    story.pass(10s);
    CHECK(story.posture.at("text").held == Names{"pangyo-a", "pangyo-b"});
    CHECK(story.posture.at("text").reached == Posture::drain);
}

TEST_CASE("peers: a posture that claims a drain starts none", "[host][peers]") {
    auto plan = story_policy();
    plan.host = "seoul-2";
    plan.peers = {{"seoul", "seoul-1"}};
    RoomStory story(plan);
    story.quiet_day();
    peer_holds(story, "text", {"pangyo-a", "pangyo-b"}, Posture::cut);
    peer_says(story, false);
    story.pass(10min);
    CHECK(story.take_done().empty());
}

TEST_CASE("peers: who is no peer is not heard, and what is malformed is counted", "[host][peers]") {
    auto plan = at_pangyo();
    RoomStory story(plan);
    story.quiet_day();
    const Origin other{"busan", Role::host, "busan-1"};
    Status status;
    status.online = true;
    status.armed = true;
    status.stamp = {"x", 1, {}};
    story.arrives({other, Kind::status, "", ""}, to_json(status));
    story.arrives({peer, Kind::status, "", ""}, "garbage");
    story.arrives({peer, Kind::posture, "text", ""}, "garbage");
    story.alarm("gas", Phase::firing);
    CHECK(story.take_done() == all_drained);
    story.pass(10s);
    CHECK(story.status.counters.at("messages.dropped.unasked") == 1);
    CHECK(story.status.counters.at("messages.dropped.malformed") == 2);
}
