#include "firmware/host_acks.hpp"

#include "tests/catch.hpp"
#include "tests/support/agent_life.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using life::t0;

const Origin host{"seoul", Role::host, "seoul-1"};

/// The room of life::Life whose alarm a0 a host should acknowledge within ten seconds.
SitePlan asking() {
    auto plan = life::room();
    plan.alarms[0].ack_within = 10s;
    AlarmPlan alarm;
    alarm.name = host_silent;
    alarm.severity = Severity::high;
    ConditionPlan silent;
    silent.point.device = a_host;
    silent.compare = Compare::silent;
    alarm.conditions = {silent};
    plan.alarms.push_back(alarm);
    return plan;
}

struct Asking : life::Life {
    explicit Asking(life::Disk& its_disk, Duration born = 0s, const std::string& boot = "boot1")
        : Life(its_disk, asking(), born, boot) {
        handle(LinkUp{}, born);
    }
    void acks(const Stamp& about, Duration after, const std::string& alarm = "a0") {
        Ack ack;
        ack.about = alarm;
        ack.boot = about.boot;
        ack.seq = about.seq;
        ack.outcome = Outcome::done;
        ack.stamp = {"hostboot", ++seq, life::wall0};
        handle(Arrived{to_string(Topic{host, Kind::ack, alarm, ""}), to_json(ack)}, after);
    }
    Phase silent() { return notice(host_silent).phase; }
    std::uint64_t seq = 0;
};

}  // namespace

TEST_CASE("host acks: the first to be overdue is told of once when it changes and once when it is",
          "[firmware][host_acks]") {
    HostAcks acks;
    CHECK(acks.take_due(t0));  // nobody is owed anything: that is news at the start
    CHECK_FALSE(acks.take_due(t0));
    acks.asks(1, {7, t0, 10s});
    acks.asks(1, {9, t0 + 1s, 10s});  // it is asked already
    acks.asks(2, {8, t0, 5s});
    CHECK(acks.take_due(t0));
    CHECK(acks.next_deadline() == t0 + 5s);
    CHECK_FALSE(acks.take_due(t0 + 4s));
    CHECK(acks.take_due(t0 + 5s));
    CHECK_FALSE(acks.take_due(t0 + 6s));
    CHECK(acks.next_deadline() == never);
    acks.acked(2, 7);  // of an earlier notice
    CHECK_FALSE(acks.take_due(t0 + 6s));
    acks.acked(2, 8);
    CHECK(acks.take_due(t0 + 6s));
    CHECK(acks.first()->seq == 7);
    acks.ends(1);
    CHECK(acks.take_due(t0 + 6s));
    CHECK_FALSE(acks.first());
}

TEST_CASE("host acks: an alarm that no host acknowledges in time raises host-silent, an ack ends it",
          "[firmware][host_acks]") {
    life::Disk disk;
    Asking agent(disk);
    agent.tick(1s);
    CHECK(agent.silent() == Phase::clear);
    agent.flag(0, true, 2s);
    const auto asked = agent.notice("a0").stamp;
    agent.tick(11s);
    CHECK(agent.silent() == Phase::clear);
    CHECK(agent.agent.next_deadline() <= t0 + 12s);
    agent.tick(12s);
    CHECK(agent.silent() == Phase::firing);
    agent.acks(asked, 20s, "a1");  // of another alarm
    CHECK(agent.silent() == Phase::firing);
    agent.acks({"boot0", asked.seq, {}}, 20s);  // of an earlier life
    CHECK(agent.silent() == Phase::firing);
    agent.acks(asked, 21s);
    CHECK(agent.silent() == Phase::clear);
    agent.tick(1h);
    CHECK(agent.silent() == Phase::clear);
}

TEST_CASE("host acks: an ack in time, an alarm that ends or is shelved, and one nobody is asked "
          "about raise nothing",
          "[firmware][host_acks]") {
    life::Disk disk;
    Asking agent(disk);
    agent.flag(1, true, 1s);
    agent.tick(1min);
    CHECK(agent.silent() == Phase::clear);

    agent.flag(0, true, 2min);
    agent.acks(agent.notice("a0").stamp, 2min + 3s);
    agent.tick(3min);
    CHECK(agent.silent() == Phase::clear);
    agent.flag(0, false, 4min);

    agent.flag(0, true, 5min);
    agent.flag(0, false, 5min + 5s);
    agent.tick(6min);
    CHECK(agent.silent() == Phase::clear);

    agent.flag(0, true, 7min);
    agent.operates("a0", OperatorAction::shelve, 7min + 5s, 60);
    agent.tick(7min + 30s);
    CHECK(agent.silent() == Phase::clear);
    agent.tick(8min + 6s);  // it asks again
    agent.tick(8min + 16s);
    CHECK(agent.silent() == Phase::firing);
}

TEST_CASE("host acks: what an earlier life had asked is not asked anew",
          "[firmware][host_acks]") {
    life::Disk disk;
    {
        Asking agent(disk);
        agent.flag(0, true, 1s);
        agent.acks(agent.notice("a0").stamp, 2s);
    }
    Asking again(disk, 10s, "boot2");
    again.flag(0, true, 11s);
    again.tick(1min);
    CHECK(again.notice("a0").phase == Phase::firing);
    CHECK(again.silent() == Phase::clear);
}
