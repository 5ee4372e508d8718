// The life of alarms across restarts and operators: the agent's core with a disk and a broker that
// remember, both played here.
#include <algorithm>
#include <map>
#include <vector>

#include "contract/payload.hpp"
#include "contract/topic.hpp"
#include "firmware/agent.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Instant t0{1000h};
const WallTime wall0{std::chrono::milliseconds(1'665'814'740'000)};
const Origin me{"pangyo", Role::agent, "battery-room"};
constexpr std::size_t flags = 16;

/// One device with sixteen flags; alarm "a0" looks at the first of them, and so on.
SitePlan room() {
    SitePlan plan;
    plan.site = me.site;
    plan.agent = me.id;
    plan.heartbeat = 1h;
    plan.publish_every = 24h;
    plan.trusted_hosts = {"seoul-1"};
    DevicePlan device;
    device.name = "io1";
    device.silent_after = 24h;
    std::vector<Register> registers;
    Block block{Table::input, 0, flags, {}};
    for (std::size_t i = 0; i < flags; ++i) {
        Register reg;
        reg.measure = "flag." + std::to_string(i);
        reg.table = Table::input;
        reg.address = static_cast<std::uint16_t>(i);
        reg.type = WordType::u16;
        registers.push_back(reg);
        block.registers.push_back(i);
        AlarmPlan alarm;
        alarm.name = "a" + std::to_string(i);
        alarm.severity = Severity::high;
        alarm.conditions = {{{"io1", reg.measure}, Compare::equals, 1, 0}};
        plan.alarms.push_back(alarm);
    }
    device.profile = profile_of(registers);
    device.blocks = {block};
    plan.devices = {device};
    return plan;
}

/// What a disk holds, made by orders as a store makes it.
struct Disk {
    std::map<std::string, std::string> kept;
    std::map<std::uint64_t, Message> records;
    int writes = 0;

    void take(const StoreOrder& order) {
        ++writes;
        if (order.whole) {
            kept.clear();
            records.clear();
        }
        for (const auto& [name, text] : order.keep) kept[name] = text;
        for (const auto& [id, message] : order.append) records[id] = message;
        for (const auto id : order.drop) records.erase(id);
    }
    [[nodiscard]] Remembered remembered() const {
        Remembered out;
        out.kept.assign(kept.begin(), kept.end());
        for (const auto& [id, message] : records) out.records.push_back({id, message});
        return out;
    }
};

struct Life {
    explicit Life(Disk& its_disk, SitePlan plan = room(), Duration born = 0s,
                  const std::string& boot = "boot1")
        : disk(its_disk), agent(std::move(plan), boot, at(born), its_disk.remembered()) {}

    static Now at(Duration after) {
        return {t0 + after, wall0 + std::chrono::floor<std::chrono::milliseconds>(after)};
    }
    void handle(const AgentInput& input, Duration after) {
        agent.handle(input, at(after));
        turn(after);
    }
    void tick(Duration after) {
        agent.tick(at(after));
        turn(after);
    }
    /// As the shell's loop: the disk first, if it answers, then the broker.
    void turn(Duration after) {
        while (auto order = disk_answers ? agent.take_store_order(at(after)) : std::nullopt) {
            if (disk_fault) {
                agent.handle(StoreReport{fail(*disk_fault, "the disk is full")}, at(after));
                continue;
            }
            disk.take(*order);
            agent.handle(StoreReport{}, at(after));
        }
        while (const Message* message = agent.next_message()) {
            sent.push_back(*message);
            if (message->retained) retained[message->topic] = message->payload;
            agent.message_sent();
        }
        if (!acks) return;
        for (const auto& message : sent) {
            if (message.ticket != 0) agent.handle(Delivered{message.ticket}, at(after));
        }
    }
    void flag(std::size_t number, bool on, Duration after) {
        words[number] = on ? 1 : 0;
        handle(BusReport{0, 0, words, t0 + after}, after);
    }
    void operates(const std::string& alarm, OperatorAction action, Duration after,
                  double for_s = 0) {
        const Topic topic{me, Kind::operator_request, alarm, ""};
        handle(Arrived{to_string(topic), to_json(OperatorRequest{alarm, action, for_s, "kim"})},
               after);
    }
    AlarmNotice notice(const std::string& alarm) {
        return parse_alarm(retained[to_string(Topic{me, Kind::alarm, alarm, ""})]).value();
    }
    FloodNotice flood() {
        return parse_flood(retained[to_string(Topic{me, Kind::flood, "", ""})]).value();
    }
    std::vector<AlarmEvent> events() const {
        std::vector<AlarmEvent> out;
        for (const auto& message : sent) {
            const auto topic = parse_topic(message.topic);
            if (topic && topic->kind == Kind::event) {
                out.push_back(parse_event(message.payload).value());
            }
        }
        return out;
    }
    /// Of the first two alarms: the others only become clear.
    std::vector<std::string> moves() const {
        std::vector<std::string> out;
        for (const auto& event : events()) {
            if (event.alarm != "a0" && event.alarm != "a1") continue;
            if (!event.action) out.push_back(event.alarm + " " + std::string(to_string(event.to)));
        }
        return out;
    }

    Disk& disk;
    bool disk_answers = true;
    std::optional<Fault> disk_fault;
    bool acks = true;
    Agent agent;
    Words words = Words(flags, 0);
    std::vector<Message> sent;
    std::map<std::string, std::string> retained;
};

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
