#include "host/vote.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Origin room{"pangyo", Role::agent, "battery-room"};
const Instant t0 = Instant{} + 1h;
constexpr Duration max_age = 5s;
constexpr Duration calm = 10s;

TargetPlan haproxy(const std::string& name) {
    TargetPlan target;
    target.name = name;
    target.site = "pangyo";
    target.items = {"a", "b"};
    return target;
}

TargetPlan racks(const std::string& name, const std::string& after) {
    auto target = haproxy(name);
    target.kind = TargetKind::outlet;
    target.agent = "battery-room";
    target.after = {after};
    return target;
}

RulePlan rule(const std::string& alarm, const std::string& target, Posture at_least) {
    RulePlan out;
    out.site = "pangyo";
    out.alarm = alarm;
    out.targets = {target};
    out.at_least = at_least;
    return out;
}

RulePlan silence(const std::string& target, Posture at_least) {
    auto out = rule("", target, at_least);
    out.agent = "battery-room";
    out.silence = true;
    return out;
}

struct Room {
    Situation situation{10s};
    std::uint64_t seq = 0;

    Room() {
        situation.link_up(t0);
        heartbeat(t0);
    }
    void heartbeat(Instant at) {
        Status status;
        status.online = true;
        status.heartbeat_s = 1;
        status.stamp = {"b1", ++seq, {}};
        situation.status(room, status, at);
    }
    /// A will has no number; a farewell has.
    void goes(std::uint64_t number, Instant at) {
        Status status;
        status.stamp = {"b1", number, {}};
        situation.status(room, status, at);
    }
    void says(const std::string& alarm, Phase phase, Instant at = t0, bool shelved = false) {
        AlarmNotice notice;
        notice.alarm = alarm;
        notice.phase = phase;
        notice.shelved = shelved;
        notice.stamp = {"b1", ++seq, {}};
        situation.alarm(room, notice, at);
    }
    /// The first word of somebody who has never said that he lives.
    void stranger_says(const Origin& stranger, const std::string& alarm) {
        AlarmNotice notice;
        notice.alarm = alarm;
        notice.phase = Phase::firing;
        notice.stamp = {stranger.id, 1, {}};
        situation.alarm(stranger, notice, t0);
    }
};

const Origin roof{"pangyo", Role::agent, "roof"};

PolicyPlan policy(std::vector<TargetPlan> targets, std::vector<RulePlan> rules) {
    PolicyPlan plan;
    plan.targets = std::move(targets);
    plan.rules = std::move(rules);
    return plan;
}

VoteCount votes(const PolicyPlan& plan, const Room& here, std::size_t target = 0, Instant at = t0) {
    return tally(ballots_for(plan, plan.targets[target]), here.situation, max_age, at);
}

}  // namespace

TEST_CASE("votes: the highest wins and says because of whom", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("smoke", "text", Posture::watch),
                                                 rule("gas", "text", Posture::drain),
                                                 rule("hot", "text", Posture::drain)});
    Room here;
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.says("smoke", Phase::firing);
    CHECK(votes(plan, here).wanted() == Posture::watch);
    here.says("hot", Phase::firing);
    here.says("gas", Phase::fading);
    const auto result = votes(plan, here);
    CHECK(result.wanted() == Posture::drain);
    REQUIRE(result.votes.size() == 3);
    CHECK(result.votes[0].because == "pangyo/battery-room/gas");
    CHECK(result.votes[1].because == "pangyo/battery-room/hot");
}

TEST_CASE("votes: adding a rule never makes the answer less careful", "[host][votes]") {
    const std::vector<std::string> alarms = {"smoke", "gas", "hot"};
    const std::vector<Posture> rungs = {Posture::watch, Posture::drain, Posture::shed,
                                        Posture::cut};
    std::vector<RulePlan> rules;
    for (unsigned active = 0; active < 8; ++active) {
        Room here;
        for (unsigned i = 0; i < 3; ++i) {
            here.says(alarms[i], (active >> i & 1U) != 0 ? Phase::firing : Phase::clear);
        }
        rules.clear();
        auto before = Posture::normal;
        for (unsigned i = 0; i < 12; ++i) {
            rules.push_back(rule(alarms[i * 7 % 3], "text", rungs[i * 5 % 4]));
            const auto plan = policy({haproxy("text")}, rules);
            const auto after = votes(plan, here).wanted();
            CHECK(after >= before);
            before = after;
        }
    }
}

TEST_CASE("votes: a shelved alarm does not vote, a pending one neither", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::drain)});
    Room here;
    here.says("gas", Phase::pending);
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.says("gas", Phase::firing, t0, true);
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.says("gas", Phase::firing);
    CHECK(votes(plan, here).wanted() == Posture::drain);
}

TEST_CASE("votes: another site, agent or alarm is not meant", "[host][votes]") {
    auto elsewhere = rule("gas", "text", Posture::drain);
    elsewhere.site = "anyang";
    auto other_agent = rule("gas", "text", Posture::drain);
    other_agent.agent = "roof";
    const auto plan = policy({haproxy("text"), haproxy("login")},
                             {elsewhere, other_agent, rule("hot", "text", Posture::drain),
                              rule("gas", "login", Posture::drain)});
    Room here;
    here.says("gas", Phase::firing);
    CHECK(votes(plan, here, 0).wanted() == Posture::normal);
    CHECK(votes(plan, here, 1).wanted() == Posture::drain);
}

TEST_CASE("votes: an agent that went silent keeps its alarms' votes, on stale evidence",
          "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::drain)});
    Room here;
    here.says("gas", Phase::firing);
    CHECK(votes(plan, here).votes.front().fresh);
    const auto later = t0 + 1h;
    here.situation.tick(later);
    REQUIRE(here.situation.find(room)->presence == Presence::silent);
    const auto result = votes(plan, here, 0, later);
    CHECK(result.wanted() == Posture::drain);
    CHECK_FALSE(result.votes.front().fresh);
}

TEST_CASE("votes: silence votes while it lasts", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {silence("text", Posture::watch)});
    Room here;
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.situation.tick(t0 + 3s);
    const auto result = votes(plan, here, 0, t0 + 3s);
    CHECK(result.wanted() == Posture::watch);
    CHECK(result.votes.front().because == "pangyo/battery-room/silent");
    CHECK(result.votes.front().fresh);
    here.heartbeat(t0 + 4s);
    CHECK(votes(plan, here, 0, t0 + 4s).wanted() == Posture::normal);
}

TEST_CASE("votes: a lost agent's silence counts at once, a farewell's once a restart would be over",
          "[host][votes]") {
    auto plan = policy({haproxy("text")}, {silence("text", Posture::drain)});
    const auto wanted = [&](const Room& here, Duration after) {
        return votes(plan, here, 0, t0 + after).wanted();
    };
    Room lost;
    lost.goes(0, t0);
    CHECK(wanted(lost, 0s) == Posture::drain);
    Room left;
    left.goes(9, t0);
    CHECK(wanted(left, 59s) == Posture::normal);
    CHECK(next_silence(plan.rules, left.situation, t0 + 59s) == t0 + 60s);
    CHECK(wanted(left, 60s) == Posture::drain);
    CHECK(next_silence(plan.rules, left.situation, t0 + 60s) == never);
    CHECK(next_silence(plan.rules, lost.situation, t0) == never);

    plan.rules[0].silent_for = 5s;  // then both
    for (const auto* here : {&lost, &left}) {
        CHECK(wanted(*here, 4s) == Posture::normal);
        CHECK(next_silence(plan.rules, here->situation, t0) == t0 + 5s);
        CHECK(wanted(*here, 5s) == Posture::drain);
    }
    plan.rules[0].silent_for = 0s;
    CHECK(wanted(left, 0s) == Posture::drain);
    plan.rules[0].agent = "roof";
    CHECK(next_silence(plan.rules, left.situation, t0 - 1s) == never);
}

TEST_CASE("votes: silence is a sign where a rule counts it, and makes the last word count",
          "[host][votes]") {
    auto two = silence("text", Posture::drain);
    two.alarms = {"smoke", "gas"};
    two.signs = 2;
    const auto plan = policy({haproxy("text")}, {two});
    const auto ballots = ballots_for(plan, plan.targets[0]);
    Room here;
    here.says("smoke", Phase::firing);
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.goes(0, t0 + 1s);
    auto poll = votes(plan, here, 0, t0 + 1h);
    REQUIRE(poll.votes.size() == 2);
    CHECK(poll.votes[0].because == "pangyo/battery-room/silent");
    CHECK(poll.votes[1].because == "pangyo/battery-room/smoke");
    CHECK((poll.votes[0].fresh && poll.votes[1].fresh));
    CHECK_FALSE(doubt(ballots, Posture::drain, here.situation, max_age, t0 + 1h).empty());
    here.says("smoke", Phase::clear, t0 + 1h);
    CHECK(votes(plan, here, 0, t0 + 1h).wanted() == Posture::normal);
    here.heartbeat(t0 + 1h);
    CHECK(doubt(ballots, Posture::drain, here.situation, max_age, t0 + 1h) ==
          "no word yet of pangyo/battery-room/gas");
    here.says("gas", Phase::clear, t0 + 1h);
    CHECK(doubt(ballots, Posture::drain, here.situation, max_age, t0 + 1h).empty());
}

TEST_CASE("votes: two sites do not confirm each other", "[host][votes]") {
    auto anywhere = rule("", "text", Posture::drain);
    anywhere.site.clear();
    anywhere.alarms = {"smoke", "gas"};
    anywhere.signs = 2;
    const auto plan = policy({haproxy("text")}, {anywhere});
    Room here;
    here.says("smoke", Phase::firing);
    here.stranger_says({"anyang", Role::agent, "battery-room"}, "gas");
    CHECK(votes(plan, here).wanted() == Posture::normal);
    here.stranger_says(roof, "gas");
    const auto poll = votes(plan, here);
    CHECK(poll.wanted() == Posture::drain);
    CHECK(poll.votes.size() == 2);  // what the other site says is no reason here
}

TEST_CASE("votes: to shed an outlet is to drain what it comes after", "[host][votes]") {
    const auto plan = policy({haproxy("videos"), racks("videos-racks", "videos")},
                             {rule("on-battery", "videos-racks", Posture::shed),
                              rule("smoke", "videos-racks", Posture::watch)});
    Room here;
    here.says("smoke", Phase::firing);
    CHECK(votes(plan, here, 0).wanted() == Posture::normal);
    here.says("on-battery", Phase::firing);
    CHECK(votes(plan, here, 0).wanted() == Posture::drain);
    CHECK(votes(plan, here, 1).wanted() == Posture::shed);
}

TEST_CASE("votes: a rung goes up at once and down one at a time, each after calm_for",
          "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::cut)});
    Room here;
    here.says("gas", Phase::firing);
    Rung rung;
    rung.calm_since = t0;
    rung = next_rung(rung, votes(plan, here), false, t0, calm);
    CHECK(rung.wanted == Posture::cut);
    CHECK(rung.admitted == Posture::cut);
    CHECK(rung.cause == "pangyo/battery-room/gas");

    // The vote stands for a while: calm counts from the last of it.
    rung = next_rung(rung, votes(plan, here), false, t0 + 60s, calm);
    here.says("gas", Phase::clear);
    const auto quiet = votes(plan, here);
    rung = next_rung(rung, quiet, false, t0 + 69999ms, calm);
    CHECK(rung.wanted == Posture::cut);
    rung = next_rung(rung, quiet, false, t0 + 70s, calm);
    CHECK(rung.wanted == Posture::shed);
    CHECK(rung.because == std::vector<std::string>{"calm"});
    CHECK(rung.admitted == Posture::shed);
    rung = next_rung(rung, quiet, false, t0 + 79s, calm);
    CHECK(rung.wanted == Posture::shed);
    rung = next_rung(rung, quiet, false, t0 + 80s, calm);
    CHECK(rung.wanted == Posture::drain);
    rung = next_rung(rung, quiet, false, t0 + 90s, calm);
    CHECK(rung.wanted == Posture::watch);
    rung = next_rung(rung, quiet, false, t0 + 100s, calm);
    CHECK(rung.wanted == Posture::normal);
    CHECK(rung.because.empty());
    rung = next_rung(rung, quiet, false, t0 + 200s, calm);
    CHECK(rung.wanted == Posture::normal);
}

TEST_CASE("votes: a late host does not fall several rungs at once", "[host][votes]") {
    Rung rung;
    rung.wanted = Posture::cut;
    rung.calm_since = t0;
    rung = next_rung(rung, VoteCount{}, false, t0 + 1h, calm);
    CHECK(rung.wanted == Posture::shed);
    rung = next_rung(rung, VoteCount{}, false, t0 + 1h, calm);
    CHECK(rung.wanted == Posture::shed);
}

TEST_CASE("votes: a new vote on the way down goes up again at once", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::drain)});
    Room here;
    Rung rung;
    rung.wanted = Posture::watch;
    rung.calm_since = t0;
    here.says("gas", Phase::firing);
    rung = next_rung(rung, votes(plan, here), false, t0 + 1s, calm);
    CHECK(rung.wanted == Posture::drain);
}

TEST_CASE("votes: doubt starts the wait for calm anew, whatever calm_for is", "[host][votes]") {
    Rung rung;
    rung.wanted = Posture::drain;
    rung.calm_since = t0;
    rung = next_rung(rung, VoteCount{}, true, t0 + 20s, calm);
    CHECK(rung.wanted == Posture::drain);
    rung = next_rung(rung, VoteCount{}, false, t0 + 29s, calm);
    CHECK(rung.wanted == Posture::drain);
    rung = next_rung(rung, VoteCount{}, false, t0 + 30s, calm);
    CHECK(rung.wanted == Posture::watch);
    CHECK(next_rung(rung, VoteCount{}, true, t0 + 90s, 0s).wanted == Posture::watch);
}

TEST_CASE("votes: only fresh evidence admits a rung, and it stays admitted", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::drain)});
    Room here;
    here.says("gas", Phase::firing);
    const auto stale = t0 + 1h;
    auto rung = next_rung(Rung{}, votes(plan, here, 0, stale), false, stale, calm);
    CHECK(rung.wanted == Posture::drain);
    CHECK(rung.admitted == Posture::normal);
    rung = next_rung(Rung{}, votes(plan, here), false, t0, calm);
    rung = next_rung(rung, votes(plan, here, 0, stale), false, stale, calm);
    CHECK(rung.admitted == Posture::drain);
}

TEST_CASE("votes: the lead stays while it votes, so that step ids stay", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("gas", "text", Posture::drain),
                                                 rule("hot", "text", Posture::drain)});
    Room here;
    here.says("hot", Phase::firing);
    auto rung = next_rung(Rung{}, votes(plan, here), false, t0, calm);
    const auto first = rung.cause_began;
    here.says("gas", Phase::firing);
    rung = next_rung(rung, votes(plan, here), false, t0 + 1s, calm);
    CHECK(rung.cause == "pangyo/battery-room/hot");
    CHECK(rung.cause_began == first);
    CHECK(rung.because.size() == 2);
    here.says("hot", Phase::clear);
    rung = next_rung(rung, votes(plan, here), false, t0 + 2s, calm);
    CHECK(rung.cause == "pangyo/battery-room/gas");
}

TEST_CASE("votes: an all-clear needs every voter online, fresh and clear", "[host][votes]") {
    const auto plan = policy(
        {haproxy("text")}, {rule("smoke", "text", Posture::watch),
                            rule("gas", "text", Posture::drain), silence("text", Posture::watch)});
    const auto ballots = ballots_for(plan, plan.targets[0]);
    Room here;
    const auto why = [&](Instant at) {
        return doubt(ballots, Posture::drain, here.situation, max_age, at);
    };
    CHECK(why(t0) == "no word yet of pangyo/any/gas");
    here.says("gas", Phase::unknown);
    CHECK(why(t0) == "pangyo/battery-room/gas is unknown");
    here.says("gas", Phase::clear);
    CHECK(why(t0).empty());
    here.says("smoke", Phase::firing);  // may keep "watch", but is no doubt about "drain"
    CHECK(why(t0).empty());
    CHECK_FALSE(why(t0 + 6s).empty());
    here.situation.tick(t0 + 6s);
    CHECK(why(t0 + 6s) == "no fresh word of pangyo/battery-room/silent");
    here.heartbeat(t0 + 7s);
    CHECK(why(t0 + 7s).empty());
    here.says("gas", Phase::firing, t0 + 7s, true);  // shelved: an operator took it on himself
    CHECK(why(t0 + 7s).empty());
}

TEST_CASE("votes: a thousand votes stay bounded, the highest kept", "[host][votes]") {
    auto any = rule("", "text", Posture::watch);
    const auto plan = policy({haproxy("text")}, {any, rule("x999", "text", Posture::cut)});
    Room here;
    for (int i = 0; i < 1000; ++i) here.says("x" + std::to_string(i), Phase::firing);
    const auto result = votes(plan, here);
    CHECK(result.votes.size() == VoteCount::max_votes);
    CHECK(result.wanted() == Posture::cut);
}

TEST_CASE("votes: of more than are kept the fresh one stays", "[host][votes]") {
    const auto plan = policy({haproxy("text")}, {rule("", "text", Posture::drain)});
    Room here;
    AlarmNotice notice;
    notice.phase = Phase::firing;
    notice.stamp = {"dead", 1, {}};
    for (int i = 0; i < 2 * static_cast<int>(VoteCount::max_votes); ++i) {
        notice.alarm = "x" + std::to_string(i);
        here.situation.alarm({"pangyo", Role::agent, "another"}, notice, t0);
    }
    here.says("smoke", Phase::firing);
    const auto result = votes(plan, here);
    CHECK(result.votes.size() == VoteCount::max_votes);
    CHECK(next_rung({}, result, false, t0, 1min).admitted == Posture::drain);
}

TEST_CASE("votes: what is asked for whole is not taken for what is shed by power",
          "[host][votes]") {
    auto by_power = rule("gas", "text", Posture::shed);
    by_power.by_power = true;
    const auto whole = rule("gas", "text", Posture::shed);
    for (const auto& rules : {std::vector{by_power, whole}, std::vector{whole, by_power}}) {
        const auto plan = policy({haproxy("text")}, rules);
        Room here;
        here.says("gas", Phase::firing);
        const auto result = votes(plan, here);
        REQUIRE(result.votes.size() == 2);
        CHECK_FALSE(result.votes.front().by_power);
        CHECK(next_rung({}, result, false, t0, 1min).because.size() == 1);
    }
}

TEST_CASE("votes: so many signs are needed, by name, for every choice of those that are active",
          "[host][votes]") {
    const std::vector<std::string> names = {"smoke", "gas", "hot"};
    for (int signs = 1; signs <= 3; ++signs) {
        auto two = rule("", "text", Posture::drain);
        two.alarms = names;
        two.signs = signs;
        const auto plan = policy({haproxy("text")}, {two});
        for (unsigned active = 0; active < 8; ++active) {
            Room here;
            int count = 0;
            for (unsigned i = 0; i < 3; ++i) {
                const bool on = (active >> i & 1U) != 0;
                here.says(names[i], on ? Phase::firing : Phase::clear);
                count += on ? 1 : 0;
            }
            INFO(signs << " signs, active " << active);
            const auto result = votes(plan, here);
            CHECK((result.wanted() == Posture::drain) == (count >= signs));
            const auto why = doubt(ballots_for(plan, plan.targets[0]), Posture::drain,
                                   here.situation, max_age, t0);
            CHECK(why.empty() == (count == 0));  // one sign left is no all-clear
        }
    }
}

TEST_CASE("votes: two agents that say the same are one sign; shelved, none", "[host][votes]") {
    auto two = rule("", "text", Posture::drain);
    two.alarms = {"smoke", "gas"};
    two.signs = 2;
    const auto plan = policy({haproxy("text")}, {two});
    Room here;
    here.says("smoke", Phase::firing);
    here.stranger_says(roof, "smoke");
    CHECK(votes(plan, here).votes.empty());
    here.says("gas", Phase::firing, t0, true);
    CHECK(votes(plan, here).votes.empty());
    here.says("gas", Phase::firing);
    CHECK(votes(plan, here).votes.size() == 3);
}

TEST_CASE("votes: a second sign that is old starts nothing, but votes", "[host][votes]") {
    auto two = rule("", "text", Posture::drain);
    two.alarms = {"smoke", "gas"};
    two.signs = 2;
    const auto plan = policy({haproxy("text")}, {two});
    Room here;
    here.says("smoke", Phase::firing);
    here.stranger_says(roof, "gas");
    const auto result = votes(plan, here);
    CHECK(result.wanted() == Posture::drain);
    for (const auto& vote : result.votes) CHECK_FALSE(vote.fresh);
}
