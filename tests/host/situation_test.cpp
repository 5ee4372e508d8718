#include "host/situation.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Origin room{"pangyo", Role::agent, "battery-room"};
const Instant t0 = Instant{} + 1h;

AlarmNotice notice(Phase phase, std::uint64_t seq, const std::string& boot = "b1",
                   const std::string& alarm = "gas") {
    AlarmNotice out;
    out.alarm = alarm;
    out.phase = phase;
    out.stamp = {boot, seq, {}};
    return out;
}

Status status(bool online, std::uint64_t seq, const std::string& boot = "b1",
              double heartbeat_s = 1) {
    Status out;
    out.online = online;
    out.heartbeat_s = heartbeat_s;
    out.stamp = {boot, seq, {}};
    return out;
}

bool is_active(const Situation& situation, const std::string& alarm = "gas") {
    return situation.find(room)->alarms.at(alarm).active;
}

Presence presence(const Situation& situation) {
    return situation.find(room)->presence;
}

}  // namespace

TEST_CASE("situation: fading counts as active, clear ends it", "[host][situation]") {
    Situation situation(10s);
    situation.alarm(room, notice(Phase::firing, 1), t0);
    CHECK(is_active(situation));
    situation.alarm(room, notice(Phase::fading, 2), t0);
    CHECK(is_active(situation));
    situation.alarm(room, notice(Phase::clear, 3), t0);
    CHECK_FALSE(is_active(situation));
}

TEST_CASE("situation: missing evidence neither starts nor ends an alarm", "[host][situation]") {
    Situation situation(10s);
    for (const auto phase : {Phase::unknown, Phase::pending}) {
        situation.alarm(room, notice(phase, 1, "first"), t0);
        CHECK_FALSE(is_active(situation));
        situation.alarm(room, notice(Phase::firing, 2, "first"), t0);
        // The agent restarts in the fire and has no evidence yet.
        situation.alarm(room, notice(phase, 1, "second"), t0);
        CHECK(is_active(situation));
        situation.alarm(room, notice(Phase::clear, 2, "second"), t0);
        CHECK_FALSE(is_active(situation));
    }
}

TEST_CASE("situation: an older message of the same life is ignored", "[host][situation]") {
    Situation situation(10s);
    CHECK(situation.alarm(room, notice(Phase::firing, 7), t0) == Heard::news);
    CHECK(situation.alarm(room, notice(Phase::clear, 6), t0) == Heard::old);
    CHECK(situation.alarm(room, notice(Phase::clear, 7), t0) == Heard::old);
    CHECK(is_active(situation));
    CHECK(situation.alarm(room, notice(Phase::clear, 1, "b2"), t0) == Heard::news);
    CHECK_FALSE(is_active(situation));
}

TEST_CASE("situation: an alarm is known by the notice that made it active", "[host][situation]") {
    Situation situation(10s);
    situation.alarm(room, notice(Phase::firing, 3), t0);
    situation.alarm(room, notice(Phase::fading, 4), t0);
    situation.alarm(room, notice(Phase::firing, 5), t0);
    CHECK(situation.find(room)->alarms.at("gas").began.seq == 3);
    situation.alarm(room, notice(Phase::clear, 6), t0);
    situation.alarm(room, notice(Phase::firing, 7), t0);
    CHECK(situation.find(room)->alarms.at("gas").began.seq == 7);
}

TEST_CASE("situation: no status for three heartbeats is silence", "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 1), t0);
    situation.tick(t0 + 2999ms);
    CHECK(presence(situation) == Presence::online);
    CHECK(situation.next_deadline() == t0 + 3s);
    situation.tick(t0 + 3s);
    CHECK(presence(situation) == Presence::silent);
    CHECK(situation.next_deadline() == never);
    situation.status(room, status(true, 2), t0 + 4s);
    CHECK(presence(situation) == Presence::online);
}

TEST_CASE("situation: a will means offline at once, and a new birth ends it", "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 5), t0);
    situation.status(room, status(false, 0), t0 + 1s);  // written before the life counted far
    CHECK(presence(situation) == Presence::offline);
    situation.status(room, status(true, 6), t0 + 2s);
    CHECK(presence(situation) == Presence::online);
}

TEST_CASE(
    "situation: a farewell is a leave, a will is not, and repeating either begins nothing anew",
    "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 5), t0);
    situation.status(room, status(false, 6), t0 + 1s);
    CHECK(situation.find(room)->took_leave);
    situation.status(room, status(false, 6), t0 + 9s);
    CHECK(situation.find(room)->gone_at == t0 + 1s);
    CHECK(situation.gone_for_at(*situation.find(room), 30s) == t0 + 31s);
    situation.status(room, status(false, 0, "b2"), t0 + 10s);  // its next life died at once
    CHECK_FALSE(situation.find(room)->took_leave);
    CHECK(situation.find(room)->gone_at == t0 + 1s);
    situation.status(room, status(true, 1, "b3"), t0 + 20s);
    CHECK(situation.gone_for_at(*situation.find(room), 30s) == never);
    CHECK_FALSE(situation.gone_for(*situation.find(room), 0s, t0 + 20s));
    situation.tick(t0 + 23s);
    CHECK(situation.gone_for_at(*situation.find(room), 30s) == t0 + 53s);
    CHECK_FALSE(situation.find(room)->took_leave);
}

TEST_CASE("situation: while this host is deaf nobody's silence grows longer, nor is it forgotten",
          "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 5), t0);
    situation.status(room, status(false, 6), t0 + 1s);
    situation.link_down(t0 + 11s);
    const auto& agent = *situation.find(room);
    CHECK(situation.gone_for(agent, 10s, t0 + 1h));
    CHECK_FALSE(situation.gone_for(agent, 11s, t0 + 1h));
    CHECK(situation.gone_for_at(agent, 11s) == never);
    situation.link_up(t0 + 1h);
    CHECK(situation.gone_for(agent, 10s, t0 + 1h));
    CHECK(situation.gone_for_at(agent, 11s) == t0 + 1h + 1s);
}

TEST_CASE("situation: what a silence is known by is alike on hosts that heard the same",
          "[host][situation]") {
    Situation one(10s), other(10s), late(10s);
    for (auto* each : {&one, &other}) {
        each->status(room, status(true, 5), t0);
        each->status(room, status(true, 8), t0 + 1s);
        each->status(room, status(false, 0), t0 + 2s);
    }
    CHECK(one.find(room)->status.seq == 8);
    CHECK(one.find(room)->status == other.find(room)->status);
    late.status(room, status(false, 0), t0 + 3s);  // it began after that
    CHECK(late.find(room)->status.boot == "b1");
}

TEST_CASE("situation: a late will of an earlier life does not bury the living",
          "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 9, "b1"), t0);
    situation.status(room, status(true, 1, "b2"), t0 + 1s);
    CHECK(situation.status(room, status(false, 0, "b1"), t0 + 2s) == Heard::old);
    CHECK(presence(situation) == Presence::online);
}

TEST_CASE("situation: a deaf host does not take its deafness for silence", "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 1), t0);
    situation.link_down(t0);
    situation.tick(t0 + 1h);
    CHECK(presence(situation) == Presence::online);
    situation.link_up(t0 + 1h);
    situation.tick(t0 + 1h + 2s);
    CHECK(presence(situation) == Presence::online);
    situation.tick(t0 + 1h + 3s);
    CHECK(presence(situation) == Presence::silent);
}

TEST_CASE("situation: an expected agent that never speaks is silent after a while",
          "[host][situation]") {
    Situation situation(10s);
    situation.expect(room, t0);
    situation.tick(t0 + 1h);
    CHECK(presence(situation) == Presence::unheard);  // no link yet: nothing can be heard
    situation.link_up(t0 + 1h);
    situation.tick(t0 + 1h + 9s);
    CHECK(presence(situation) == Presence::unheard);
    situation.tick(t0 + 1h + 10s);
    CHECK(presence(situation) == Presence::silent);
}

TEST_CASE("situation: an absurd heartbeat is bounded both ways", "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.status(room, status(true, 1, "b1", 1e300), t0);
    situation.tick(t0 + 3h);
    CHECK(presence(situation) == Presence::silent);
    situation.status(room, status(true, 2, "b1", -5), t0);
    situation.tick(t0 + 299ms);
    CHECK(presence(situation) == Presence::online);
}

TEST_CASE("situation: evidence is fresh while its agent is online and was heard lately",
          "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.alarm(room, notice(Phase::firing, 1), t0);
    CHECK_FALSE(Situation::fresh(*situation.find(room), t0, 5s));  // retained, of a dead agent?
    situation.status(room, status(true, 1), t0);
    CHECK(Situation::fresh(*situation.find(room), t0 + 5s, 5s));
    CHECK_FALSE(Situation::fresh(*situation.find(room), t0 + 5001ms, 5s));
}

TEST_CASE("situation: a flood of agents and alarms is bounded", "[host][situation]") {
    Situation situation(10s);
    std::size_t refused = 0;
    constexpr std::size_t most = Situation::max_agents + 1000;
    for (std::size_t i = 0; i < most; ++i) {
        const Origin stranger{"pangyo", Role::agent, "a" + std::to_string(i)};
        if (situation.alarm(stranger, notice(Phase::firing, 1), t0) == Heard::no_room) ++refused;
    }
    CHECK(situation.agents().size() == Situation::max_agents);
    CHECK(refused == most - Situation::max_agents);
    const Origin known{"pangyo", Role::agent, "a0"};
    for (std::size_t i = 0; i < Situation::max_alarms + 10; ++i) {
        situation.alarm(known, notice(Phase::firing, 1, "b1", "x" + std::to_string(i)), t0);
    }
    CHECK(situation.find(known)->alarms.size() == Situation::max_alarms);
    CHECK(situation.alarm(known, notice(Phase::clear, 2), t0) ==
          Heard::news);  // known ones live on
}

TEST_CASE("situation: there is always room for what the policy names", "[host][situation]") {
    Situation situation(10s);
    situation.listen_for({"gas"});
    const Origin named{"pangyo", Role::agent, "room"};
    for (std::size_t i = 0; i < Situation::max_agents + 10; ++i) {
        const Origin stranger{"pangyo", Role::agent, "a" + std::to_string(i)};
        situation.alarm(stranger, notice(Phase::firing, 1), t0);
    }
    CHECK(situation.alarm(named, notice(Phase::firing, 1), t0) == Heard::no_room);
    situation.expect(named, t0);
    for (std::size_t i = 0; i < Situation::max_alarms + 10; ++i) {
        situation.alarm(named, notice(Phase::clear, 1, "b1", "x" + std::to_string(i)), t0);
    }
    CHECK(situation.alarm(named, notice(Phase::firing, 2, "b1", "y"), t0) == Heard::no_room);
    CHECK(situation.alarm(named, notice(Phase::firing, 3, "b1", "gas"), t0) == Heard::news);
    CHECK(situation.find(named)->alarms.at("gas").active);
}

TEST_CASE("situation: what an unproved life said is neither active nor clear",
          "[host][situation]") {
    Situation situation(10s);
    situation.link_up(t0);
    situation.suspect(room, notice(Phase::firing, 7, "old"));
    REQUIRE(situation.find(room) != nullptr);
    CHECK_FALSE(situation.find(room)->alarms.at("gas").active);
    CHECK(situation.find(room)->alarms.at("gas").notice.phase == Phase::unknown);
    situation.tick(t0 + 1h);
    CHECK(situation.find(room)->presence == Presence::unheard);
    CHECK(situation.next_deadline() == never);
    SECTION("it is proved, and says nothing of it") {
        situation.proved(room);
        CHECK(situation.find(room)->alarms.empty());
    }
    SECTION("it is proved, and says it again") {
        CHECK(situation.alarm(room, notice(Phase::firing, 1, "old"), t0) == Heard::news);
        situation.proved(room);
        CHECK(is_active(situation));
    }
}
