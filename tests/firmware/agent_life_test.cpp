// The life of alarms across restarts and operators: the agent's core with a disk and a broker that
// remember, both played here.
#include "tests/support/agent_life.hpp"

#include <random>
#include <set>

#include "tests/catch.hpp"

using namespace firebreak;
using namespace firebreak::life;

namespace {

using Moves = std::vector<std::string>;

}  // namespace

TEST_CASE("life: a transition waits for the disk, the alarm's state does not",
          "[firmware][agent]") {
    Disk disk;
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    life.flag(0, false, 1s);
    life.sent.clear();
    life.disk_answers = false;
    life.flag(0, true, 2s);
    CHECK(life.notice("a0").phase == Phase::firing);
    CHECK(life.events().empty());
    life.disk_answers = true;
    life.tick(3s);
    CHECK(life.moves() == Moves{"a0 firing"});
    CHECK(disk.kept.count("a0") == 1);
}

TEST_CASE("life: a quiet hour writes nothing, however often the sensors speak",
          "[firmware][agent]") {
    Disk disk;
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    life.flag(0, false, 1s);
    for (const auto after : {20s, 40s}) life.tick(after);  // all are clear now, and had
    REQUIRE(disk.records.empty());
    const int before = disk.writes;
    for (int s = 61; s < 3661; ++s) life.flag(0, false, std::chrono::seconds(s));
    CHECK(disk.writes == before);
    CHECK(disk.records.empty());
}

TEST_CASE("life: what a person did to an alarm is there after a power cut", "[firmware][agent]") {
    Disk disk;
    auto plan = room();
    plan.alarms[0].latch = true;
    for (const std::size_t i : {0U, 1U}) plan.alarms[i].annunciation.group = "fire";
    {
        Life life(disk, plan);
        life.handle(LinkUp{}, 0s);
        life.flag(0, true, 1s);
        life.flag(1, true, 2s);
        life.flag(2, true, 2s);
        life.operates("a0", OperatorAction::acknowledge, 3s);
        life.operates("a2", OperatorAction::shelve, 4s, 3600);
        life.operates("a3", OperatorAction::out_of_service, 5s);
        life.operates("a4", OperatorAction::suppress, 6s);
        CHECK(life.notice("a0").first_out);
    }
    Life next(disk, plan, 1000s, "boot2");  // no farewell: the power was cut
    next.handle(LinkUp{}, 1000s);
    const auto latched = next.notice("a0");
    CHECK(latched.phase == Phase::firing);
    CHECK(latched.latched);
    CHECK(latched.acknowledged);
    CHECK(latched.acknowledge == Deed{"kim", wall0 + 3s});
    CHECK(latched.first_out);
    CHECK(latched.group == "fire");
    CHECK_FALSE(next.notice("a1").first_out);
    CHECK(next.notice("a2").shelved);
    CHECK(next.notice("a2").shelve == Deed{"kim", wall0 + 4s});
    CHECK(next.notice("a2").shelved_until == wall0 + 3604s);
    CHECK(next.notice("a3").out_of_service == Deed{"kim", wall0 + 5s});
    CHECK(next.notice("a3").silenced);
    CHECK(next.notice("a4").suppress == Deed{"kim", wall0 + 6s});
    next.flag(9, false, 1001s);
    CHECK(next.notice("a0").phase == Phase::firing);  // a latch opens on no evidence of this life
    CHECK(next.notice("a1").phase == Phase::clear);
    next.tick(3603s);
    CHECK(next.notice("a2").shelved);
    next.tick(3604s);
    CHECK_FALSE(next.notice("a2").shelved);
    CHECK(next.notice("a3").silenced);

    next.operates("a0", OperatorAction::reset, 3700s);
    next.operates("a3", OperatorAction::in_service, 3700s);
    Life third(disk, plan, 4000s, "boot3");
    third.handle(LinkUp{}, 4000s);
    CHECK_FALSE(third.notice("a0").latched);
    CHECK_FALSE(is_active(third.notice("a0").phase));
    CHECK_FALSE(third.notice("a3").silenced);
    CHECK(third.notice("a4").silenced);
}

TEST_CASE("life: transitions that nobody had are said again, in order and before newer ones",
          "[firmware][agent]") {
    Disk disk;
    {
        Life life(disk);
        life.acks = false;
        life.flag(0, true, 1s);  // no link yet
        life.flag(0, false, 2s);
        life.handle(LinkUp{}, 3s);
        life.flag(0, true, 4s);
        CHECK(life.moves() == Moves{"a0 firing", "a1 clear", "a0 clear", "a0 firing"});
        // given to the link, had by nobody; then the power is cut
    }
    Life next(disk, room(), 10s, "boot2");
    next.handle(LinkUp{}, 11s);
    next.flag(0, false, 12s);
    // The taken-up alarm is a new life's: it begins as unknown and goes on firing.
    CHECK(next.moves() == Moves{"a0 firing", "a1 clear", "a0 clear", "a0 firing", "a0 firing",
                                "a0 clear", "a1 clear"});
    for (const auto after : {13s, 30s}) next.tick(after);
    CHECK(disk.records.empty());  // had, and gone from the disk ten seconds later
}

TEST_CASE("life: with a failing disk everything is still said, and the disk is told all later",
          "[firmware][agent]") {
    Disk disk;
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    life.disk_fault = Fault::busy;
    life.flag(0, true, 1s);
    life.flag(1, true, 2s);
    CHECK(life.moves() == Moves{"a0 firing", "a1 clear", "a1 firing"});
    CHECK(disk.kept.empty());
    life.acks = false;
    life.flag(0, false, 3s);
    const auto notes = life.agent.take_notes();
    CHECK(std::count_if(notes.begin(), notes.end(),
                        [](const Note& note) { return note.event == "store_failed"; }) == 1);
    life.disk_fault.reset();
    life.tick(32s);
    CHECK(disk.kept.count("a0") == 1);
    CHECK(disk.kept.count("a1") == 1);
    CHECK(disk.records.size() == 1);
}

TEST_CASE("life: every request is answered and recorded with its name", "[firmware][agent]") {
    Disk disk;
    auto plan = room();
    plan.alarms[0].latch = true;
    Life life(disk, plan);
    life.handle(LinkUp{}, 0s);
    life.flag(0, true, 1s);
    life.sent.clear();
    life.operates("a0", OperatorAction::acknowledge, 2s);
    life.operates("a0", OperatorAction::acknowledge, 3s);
    life.operates("a0", OperatorAction::reset, 4s);
    life.operates("a1", OperatorAction::acknowledge, 5s);
    life.operates("nobody", OperatorAction::acknowledge, 6s);
    std::vector<Outcome> outcomes;
    for (const auto& event : life.events()) {
        REQUIRE(event.action);
        CHECK(event.by == "kim");
        CHECK_FALSE(event.cause.empty());
        outcomes.push_back(event.outcome.value());
    }
    CHECK(outcomes == std::vector<Outcome>{Outcome::done, Outcome::already, Outcome::refused,
                                           Outcome::refused});
    CHECK(life.notice("a0").acknowledge == Deed{"kim", wall0 + 2s});
}

TEST_CASE("life: an acknowledged alarm that stays asks again", "[firmware][agent]") {
    Disk disk;
    auto plan = room();
    plan.alarms[0].annunciation.re_alarm = 10min;
    Life life(disk, plan);
    life.handle(LinkUp{}, 0s);
    life.flag(0, true, 1s);
    life.operates("a0", OperatorAction::acknowledge, 2s);
    CHECK(life.agent.next_deadline() <= t0 + 602s);
    life.tick(601s);
    CHECK(life.notice("a0").acknowledged);
    life.tick(602s);
    CHECK_FALSE(life.notice("a0").acknowledged);
    CHECK_FALSE(life.notice("a0").acknowledge);
    CHECK(life.notice("a0").asked_again == 1);
    CHECK(life.notice("a0").phase == Phase::firing);
}

TEST_CASE("life: an alarm is silent by design while another holds, and is itself again after",
          "[firmware][agent]") {
    Disk disk;
    auto plan = room();
    plan.alarms[0].annunciation.suppressed_by = {"a1"};
    Life life(disk, plan);
    life.handle(LinkUp{}, 0s);
    life.flag(0, true, 1s);
    CHECK_FALSE(life.notice("a0").silenced);
    life.flag(1, true, 2s);
    CHECK(life.notice("a0").silenced);
    CHECK(life.notice("a0").suppressed_by == "a1");
    CHECK(life.notice("a0").phase == Phase::firing);  // it is not hidden
    // An alarm that tells nobody anything suppresses nothing.
    life.operates("a1", OperatorAction::shelve, 3s, 60);
    CHECK_FALSE(life.notice("a0").silenced);
    life.tick(63s);
    CHECK(life.notice("a0").silenced);
    life.flag(1, false, 64s);
    CHECK_FALSE(life.notice("a0").silenced);
    CHECK(life.notice("a0").suppressed_by.empty());
}

TEST_CASE("life: the first of a group is marked until the whole group is over",
          "[firmware][agent]") {
    Disk disk;
    auto plan = room();
    for (const std::size_t i : {0U, 1U, 2U}) plan.alarms[i].annunciation.group = "fire";
    Life life(disk, plan);
    life.handle(LinkUp{}, 0s);
    life.operates("a2", OperatorAction::out_of_service, 0s);
    life.flag(2, true, 1s);  // silenced: it is nobody's first
    life.flag(1, true, 2s);
    life.flag(0, true, 3s);
    CHECK(life.notice("a1").first_out);
    CHECK_FALSE(life.notice("a0").first_out);
    life.flag(1, false, 4s);
    CHECK(life.notice("a1").first_out);
    life.flag(0, false, 5s);
    life.flag(2, false, 6s);
    CHECK_FALSE(life.notice("a1").first_out);
    life.flag(0, true, 7s);
    CHECK(life.notice("a0").first_out);
}

TEST_CASE("life: an alarm that comes and goes is said to chatter, and is one trouble of a flood",
          "[firmware][agent]") {
    Disk disk;
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    for (int i = 0; i < 40; ++i) {
        life.flag(0, i % 2 == 0, std::chrono::seconds(1 + i));
        if (i == 2) CHECK_FALSE(life.notice("a0").chattering);
    }
    CHECK(life.notice("a0").chattering);
    CHECK_FALSE(life.flood().active);
    life.tick(2min);
    CHECK_FALSE(life.notice("a0").chattering);
}

TEST_CASE("life: eleven alarms are a flood with the first cause on top, and it ends by itself",
          "[firmware][agent]") {
    Disk disk;
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    CHECK_FALSE(life.flood().active);
    for (std::size_t i = 0; i < 10; ++i) life.flag(10 - i, true, 1s * (i + 1));
    CHECK_FALSE(life.flood().active);
    life.flag(0, true, 11s);
    REQUIRE(life.flood().active);
    CHECK(life.flood().alarms.front() == "a10");
    CHECK(life.flood().alarms.back() == "a0");
    life.flag(12, true, 12s);
    CHECK(life.flood().alarms.front() == "a10");
    CHECK(life.flood().alarms.size() == 12);
    life.tick(10min);
    CHECK(life.flood().active);
    life.tick(10min + 12s);
    CHECK_FALSE(life.flood().active);
    CHECK(life.flood().alarms.empty());
}

TEST_CASE("life: kept texts that are garbage, or of other alarms, are passed over",
          "[firmware][agent]") {
    Disk disk;
    disk.kept = {{"a0", "{not json"}, {"a1", ""}, {"gone", to_json(AlarmNotice{})}};
    disk.records[7] = {"some/topic", "any text", false};
    Life life(disk);
    life.handle(LinkUp{}, 0s);
    CHECK(life.notice("a0").phase == Phase::unknown);
    CHECK(std::any_of(life.sent.begin(), life.sent.end(),
                      [](const Message& message) { return message.topic == "some/topic"; }));
}

TEST_CASE("life: over 200 power cuts every record that reached the disk arrives, in order an alarm",
          "[firmware][agent]") {
    std::minstd_rand random(20221015);
    const auto chance = [&random](unsigned percent) { return random() % 100 < percent; };
    Disk disk;
    std::vector<Message> had;  // by the broker
    Duration now{};
    std::size_t transitions = 0;
    for (int number = 0; number <= 200; ++number) {
        const bool last = number == 200;
        Life one(disk, room(), now, "boot" + std::to_string(number));
        one.acks = false;
        std::size_t given = 0;
        if (last || chance(70)) one.handle(LinkUp{}, now);
        for (int i = 0; i < 100; ++i) {
            now += 250ms;
            one.disk_answers = last || chance(60);
            one.flag(random() % 4, chance(50), now);
            ++transitions;
            // The broker takes some of what the link has; its word for that may come too late.
            for (; given < one.sent.size() && (last || chance(80)); ++given) {
                const auto& message = one.sent[given];
                if (message.ticket == 0) continue;
                had.push_back(message);
                if (last || chance(80)) one.agent.handle(Delivered{message.ticket}, one.at(now));
            }
        }
        for (int i = 0; last && i < 2; ++i) one.tick(now += 11s);
    }
    CHECK(transitions == 20'100);
    CHECK(disk.records.empty());
    CHECK(disk.ever.size() > 5000);

    const auto alarm_of = [](const Message& message) {
        return parse_event(message.payload).value().alarm;
    };
    std::map<std::string, std::vector<std::string>> wanted;
    std::map<std::string, std::vector<std::string>> arrived;
    std::set<std::string> on_disk;
    for (const auto& message : disk.ever) {
        if (on_disk.insert(message.payload).second) {
            wanted[alarm_of(message)].push_back(message.payload);
        }
    }
    std::set<std::string> seen;
    for (const auto& message : had) {
        if (seen.insert(message.payload).second && on_disk.count(message.payload) == 1) {
            arrived[alarm_of(message)].push_back(message.payload);
        }
    }
    CHECK(arrived == wanted);
    CHECK(seen.size() == on_disk.size());  // and nothing was said that was not on the disk first
}
