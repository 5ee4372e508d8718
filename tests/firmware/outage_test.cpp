// A broker that is away for a day of simulated time: the agent's core, its journal and a disk.
#include <map>

#include "tests/catch.hpp"
#include "tests/support/agent_life.hpp"
#include "tests/support/heap.hpp"

using namespace firebreak;
using namespace firebreak::life;

namespace {

/// Flag after flag changes, one every `each`, from `from` to `until`.
void change(Life& life, Duration from, Duration until, Duration each) {
    std::size_t number = 0;
    for (auto now = from; now < until; now += each, ++number) {
        const auto flag = number % flags;
        life.flag(flag, life.words[flag] == 0, now);
        life.disk.ever.clear();  // the test's own memory
    }
}

}  // namespace

TEST_CASE("outage: of a day without a broker every transition arrives, in order an alarm",
          "[firmware][outage]") {
    Disk disk;
    Life life(disk);
    change(life, 0s, 24h, 5s);
    REQUIRE(life.sent.empty());
    life.handle(LinkUp{}, 24h);
    life.tick(24h + 11s);

    // Each flag changes 1,080 times; all but the first flag are first seen clear.
    std::map<std::string, std::vector<AlarmEvent>> arrived;
    for (const auto& event : life.events()) arrived[event.alarm].push_back(event);
    REQUIRE(arrived.size() == flags);
    for (const auto& [alarm, told] : arrived) {
        INFO(alarm);
        CHECK(told.size() == (alarm == "a0" ? 1080 : 1081));
        CHECK(told.front().from == Phase::unknown);
        bool in_order = true;
        for (std::size_t i = 1; i < told.size(); ++i) {
            in_order = in_order && told[i].from == told[i - 1].to &&
                       told[i].stamp.seq > told[i - 1].stamp.seq;
        }
        CHECK(in_order);
        CHECK(told.back().to == life.notice(alarm).phase);
    }
    CHECK(disk.records.empty());
}

TEST_CASE("outage: memory and disk are bounded however long it lasts, and what went is said",
          "[firmware][outage]") {
    Disk disk;
    Life life(disk);
    change(life, 0s, 12h, 2s);  // more than the journal holds
    const auto heap = live_heap_bytes();
    const auto on_disk = disk.records.size();
    change(life, 12h, 24h, 2s);
    CHECK(live_heap_bytes() <= heap + heap / 50);
    CHECK(disk.records.size() <= on_disk + 1);
    life.handle(LinkUp{}, 24h);
    const auto status = parse_status(life.retained[to_string(Topic{me, Kind::status, "", ""})]);
    REQUIRE(status);
    CHECK(life.events().size() + status->counters.at("messages.unsent") >= 43'200);
    CHECK(status->counters.at("messages.unsent") > 0);
}
