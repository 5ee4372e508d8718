// A host that has a key for its room's agent, the room, and one who would like to drain the site.
#include "host/lives.hpp"

#include <array>
#include <random>

#include "contract/signature.hpp"
#include "tests/host/room_story.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// The host's, the room's and a stranger's.
const SigningKey& key_of(std::size_t who) {
    static const std::array<SigningKey, 3> keys = {make_signing_key(), make_signing_key(),
                                                   make_signing_key()};
    return keys.at(who);
}

PolicyPlan wary_policy() {
    auto plan = story_policy();
    plan.trust.signing = key_of(0);
    plan.trust.keys.push_back({key_of(1).public_key(), {"pangyo", Role::agent, "battery-room"}});
    return plan;
}

struct WaryStory : RoomStory {
    explicit WaryStory(const std::string& boot = "life-1", PolicyPlan policy = wary_policy())
        : RoomStory(std::move(policy), boot) {
        alive = false;
    }

    Message status_of(const std::string& boot, std::uint64_t number,
                      const std::map<std::string, std::uint64_t>& heard) {
        Status says;
        says.online = true;
        says.heartbeat_s = 5;
        says.heard = heard;
        says.stamp = {boot, number, {}};
        return {to_string(Topic{room, Kind::status, "", ""}), to_json(says)};
    }
    Message alarm_of(const std::string& boot, std::uint64_t number, Phase phase = Phase::firing,
                     const std::string& name = "gas") {
        AlarmNotice notice;
        notice.alarm = name;
        notice.phase = phase;
        notice.stamp = {boot, number, {}};
        return {to_string(Topic{room, Kind::alarm, name, ""}), to_json(notice)};
    }
    void brings(const Message& message) {
        controller.handle(Arrived{message.topic, message.payload}, at());
        settle();
    }
    void says(const Message& message) { brings(signed_with(key_of(1), message)); }
    /// A status that has heard the host's newest one.
    void proves(const std::string& boot, std::uint64_t number) {
        says(status_of(boot, number, {{"life-1", status.stamp.seq}}));
    }
    std::map<std::string, std::uint64_t> counters() {
        pass(5s);
        return status.counters;
    }
};

std::uint64_t of(const std::map<std::string, std::uint64_t>& counters, const std::string& name) {
    const auto found = counters.find(name);
    return found == counters.end() ? 0 : found->second;
}

std::uint64_t sum_of_reasons(const std::map<std::string, std::uint64_t>& counters) {
    std::uint64_t sum = 0;
    for (const auto& [name, count] : counters) {
        if (name.starts_with("messages.dropped.")) sum += count;
    }
    return sum;
}

}  // namespace

TEST_CASE("lives: an alarm drains once its agent has proved to have heard this host",
          "[host][lives]") {
    WaryStory story;
    story.connect();
    story.says(story.status_of("room-1", 1, {}));
    story.says(story.alarm_of("room-1", 2));
    CHECK(story.take_done().empty());
    story.proves("room-1", 3);
    CHECK(story.take_done().size() == 4);  // the alarm that waited for the proof
}

TEST_CASE("lives: what an agent said before the host's time starts nothing however often it comes",
          "[host][lives]") {
    WaryStory story;
    story.connect();
    // Recorded a year ago, when the host's life was another.
    const auto said = story.status_of("room-0", 900, {{"life-0", story.status.stamp.seq}});
    for (int i = 0; i < 50; ++i) {
        story.says(said);
        story.says(story.alarm_of("room-0", 901));
        story.pass(1s);
    }
    CHECK(story.take_done().empty());
    CHECK(of(story.counters(), "alarms.active") == 0);
    story.proves("room-1", 1);
    story.says(story.alarm_of("room-1", 2, Phase::clear));
    story.says(story.alarm_of("room-0", 901));
    CHECK(story.take_done().empty());
}

TEST_CASE("lives: a status that heard this host long ago proves nothing", "[host][lives]") {
    WaryStory story;
    story.connect();
    const auto old = story.status.stamp.seq;
    story.pass(21s);
    story.says(story.status_of("room-1", 1, {{"life-1", old}}));
    story.says(story.alarm_of("room-1", 2));
    CHECK(story.take_done().empty());
    story.proves("room-1", 3);
    CHECK(story.take_done().size() == 4);
}

TEST_CASE(
    "lives: an agent that restarts in the fire is believed again at once, its last life is not",
    "[host][lives]") {
    WaryStory story;
    story.connect();
    story.proves("room-1", 1);
    story.says(story.alarm_of("room-1", 2, Phase::clear));
    story.proves("room-2", 1);
    story.says(story.alarm_of("room-1", 3));
    CHECK(story.take_done().empty());
    CHECK(of(story.counters(), "messages.dropped.replayed") == 1);
    story.proves("room-2", 2);
    story.says(story.alarm_of("room-2", 3));
    CHECK(story.take_done().size() == 4);
}

TEST_CASE("lives: a will of an earlier life does not make the agent absent", "[host][lives]") {
    WaryStory story;
    story.connect();
    story.proves("room-1", 1);
    story.proves("room-2", 1);
    auto will = story.status_of("room-1", 0, {});
    const std::string online = "\"online\":true";
    will.payload.replace(will.payload.find(online), online.size(), "\"online\":false");
    story.says(will);
    story.says(story.alarm_of("room-2", 2));
    CHECK(story.take_done().size() == 4);
}

TEST_CASE("lives: two agents with one id are told apart from a restart, and said",
          "[host][lives]") {
    WaryStory story;
    story.connect();
    story.proves("room-1", 1);
    story.proves("room-2", 1);
    CHECK(of(story.counters(), "agents.twice") == 0);
    story.proves("room-1", 2);
    story.proves("room-2", 2);
    CHECK(of(story.counters(), "agents.twice") == 2);
    CHECK(story.take_done().empty());
}

TEST_CASE("lives: without keys a life that another has followed is over while that one lives",
          "[host][lives]") {
    Lives lives("life-1", 5s);
    const Origin room{"pangyo", Role::agent, "battery-room"};
    HeardAgent known;
    known.presence = Presence::online;
    Status status;
    status.online = true;
    status.stamp = {"a", 1, {}};
    CHECK(lives.status(room, status, false, nullptr, Instant{}) == Life::present);
    status.stamp = {"b", 1, {}};
    CHECK(lives.status(room, status, false, &known, Instant{}) == Life::present);
    status.stamp = {"a", 2, {}};
    CHECK(lives.status(room, status, false, &known, Instant{}) == Life::past);
    CHECK(lives.of(room, status.stamp, false, &known) == Life::past);
    known.presence = Presence::silent;  // of two with one id, b has ended
    CHECK(lives.status(room, status, false, &known, Instant{}) == Life::present);
}

TEST_CASE("lives: what is held for a proof is bounded, by lives and by alarms", "[host][lives]") {
    Lives lives("life-1", 5s);
    const Origin room{"pangyo", Role::agent, "battery-room"};
    std::size_t held = 0;
    for (int boot = 0; boot < 20; ++boot) {
        for (std::size_t i = 0; i < Situation::max_alarms + 10; ++i) {
            AlarmNotice notice;
            notice.alarm = "a" + std::to_string(i);
            notice.stamp = {"boot-" + std::to_string(boot), 1, {}};
            if (lives.hold(room, notice)) ++held;
        }
    }
    CHECK(held == Lives::most_held_lives * Situation::max_alarms);
}

TEST_CASE("lives: a forged posture of the host's own drains nothing", "[host][lives]") {
    WaryStory story;
    PostureNotice notice;
    notice.target = "text";
    notice.wanted = Posture::drain;
    notice.stamp = {"life-0", 1, {}};
    const Message posture{to_string(Topic{story.self, Kind::posture, "text", ""}), to_json(notice)};
    story.connect();
    story.brings(posture);
    story.brings(signed_with(key_of(1), posture));  // a real key, but the room's
    story.pass(5s);
    CHECK(story.take_done().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);
    CHECK(of(story.status.counters, "messages.dropped.unsigned") == 1);
    CHECK(of(story.status.counters, "messages.dropped.unknown_key") == 1);
}

TEST_CASE("lives: commands to the agent say which of its statuses they answer", "[host][lives]") {
    WaryStory story;
    story.connect();
    story.proves("room-1", 7);
    story.says(story.alarm_of("room-1", 8, Phase::firing, "on-battery"));
    story.pass(1s);
    bool to_the_room = false;
    for (const auto& command : story.take_commands()) {
        if (command.target == "videos-racks") to_the_room = command.to == Echo{"room-1", 7};
    }
    CHECK(to_the_room);
}

TEST_CASE(
    "lives: of 10,000 forged, replayed, mutated or oversized messages none acts and each is "
    "counted by its reason",
    "[host][lives]") {
    WaryStory story;
    story.connect();
    story.proves("room-1", 1000);
    story.says(story.alarm_of("room-1", 1001, Phase::clear));
    const auto before = story.counters();
    std::minstd_rand random(20221015);
    const auto status_before = story.status_of("room-0", 5, {{"life-0", 3}});
    for (int i = 0; i < 10'000; ++i) {
        const auto number = static_cast<std::uint64_t>(2000 + i);
        auto message = story.alarm_of("room-1", number);
        switch (i % 8) {
            case 0:
                story.brings(message);
                break;
            case 1:
                story.brings(signed_with(key_of(2), message));
                break;
            case 2:
                story.says(story.alarm_of("room-0", number));
                break;
            case 3:
                story.says(status_before);
                break;
            case 4:
                story.says(story.alarm_of("room-1", 1 + number % 1000));
                break;
            case 5:
                message.payload.resize(max_payload_bytes + 1, ' ');
                story.brings(message);
                break;
            case 6:
                message = signed_with(key_of(1), message);
                message.payload[random() % message.payload.size()] ^= 0x11;
                story.brings(message);
                break;
            default:
                message.topic[random() % message.topic.size()] = '#';
                story.brings(message);
        }
    }
    const auto after = story.counters();
    CHECK(story.take_done().empty());
    CHECK(story.take_commands().empty());
    CHECK(story.posture.at("text").wanted == Posture::normal);
    CHECK(of(after, "alarms.active") == 0);
    const auto rise = [&](const std::string& name) { return of(after, name) - of(before, name); };
    CHECK(rise("messages.received") == 10'000);
    CHECK(rise("messages.dropped") + rise("messages.repeated") + rise("messages.unproved") ==
          10'000);
    CHECK(sum_of_reasons(after) == of(after, "messages.dropped"));
    CHECK(rise("messages.dropped.oversized") == 1250);
    CHECK(rise("messages.dropped.malformed") == 1250);
    CHECK(rise("messages.repeated") == 1250);
    CHECK(rise("messages.dropped.unsigned") >= 1250);
    CHECK(rise("messages.dropped.unknown_key") >= 1250);
    CHECK(rise("messages.dropped.forged") > 0);
    CHECK(rise("messages.unproved") + rise("messages.dropped.replayed") == 2500);
}

TEST_CASE("lives: what a dead agent said last is not clear because another says it is",
          "[host][lives]") {
    auto policy = wary_policy();
    policy.trust.keys.push_back({key_of(2).public_key(), {"pangyo", Role::agent, "room-b"}});
    for (auto& rule : policy.rules) rule.agent.clear();
    WaryStory story("life-1", policy);
    story.connect();
    PostureNotice before;  // of an earlier life of this host
    before.target = "text";
    before.wanted = before.reached = Posture::drain;
    before.held = {"pangyo-a", "pangyo-b"};
    before.stamp = {"life-0", 9, {}};
    story.servers["text"]["pangyo-a"] = story.servers["text"]["pangyo-b"] = "drain";
    const Origin self{"seoul", Role::host, "seoul-1"};
    story.brings(signed_with(
        key_of(0), Message{to_string(Topic{self, Kind::posture, "text", ""}), to_json(before)}));
    story.says(story.alarm_of("room-1", 2));  // retained; its agent has burnt
    const Origin other{"pangyo", Role::agent, "room-b"};
    const auto other_says = [&](std::uint64_t number) {
        Status says;
        says.online = true;
        says.heartbeat_s = 5;
        says.heard = {{"life-1", story.status.stamp.seq}};
        says.stamp = {"b-1", number, {}};
        story.brings(signed_with(
            key_of(2), Message{to_string(Topic{other, Kind::status, "", ""}), to_json(says)}));
    };
    other_says(1);
    AlarmNotice clear;
    clear.alarm = "gas";
    clear.phase = Phase::clear;
    clear.stamp = {"b-1", 2, {}};
    story.brings(signed_with(
        key_of(2), Message{to_string(Topic{other, Kind::alarm, "gas", ""}), to_json(clear)}));
    for (std::uint64_t i = 0; i < 300; ++i) {
        story.pass(5s);
        other_says(3 + i);
    }
    CHECK(story.servers["text"]["pangyo-a"] == "drain");
    CHECK(story.posture.at("text").blocked.find("battery-room") != std::string::npos);
}
