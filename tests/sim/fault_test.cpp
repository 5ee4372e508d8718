#include "sim/fault.hpp"

#include <algorithm>

#include "sim/room.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

FaultPlan fault(Duration at, Duration until, FaultKind kind, std::uint8_t code = 0) {
    FaultPlan made;
    made.at = at;
    made.until = until;
    made.device = "sensor";
    made.kind = kind;
    made.code = code;
    return made;
}

/// One device whose only register, writable, ramps from 0 to 1000 in 1000 s.
struct Bench {
    SitePlan site;
    Scenario scenario;

    explicit Bench(std::vector<FaultPlan> faults) {
        DevicePlan device;
        device.name = "sensor";
        Register reg;
        reg.measure = "level";
        reg.table = Table::holding;
        reg.writable = true;
        device.profile = profile_of({reg});
        site.devices = {device};
        scenario.ends = 1h;
        scenario.starts = {{{"sensor", "level"}, 0, {}}};
        scenario.changes = {{0s, 1000s, {"sensor", "level"}, std::nullopt, 1000, {}}};
        scenario.faults = std::move(faults);
    }
};

}  // namespace

TEST_CASE("fault: a fault holds from its beginning up to, not including, its end", "[sim][fault]") {
    FaultTable table({fault(10s, 20s, FaultKind::silent)});
    CHECK(table.strike("sensor", 9s, {}) == nullptr);
    CHECK(table.strike("sensor", 10s, {}) != nullptr);
    CHECK(table.strike("sensor", 20s - 1ns, {}) != nullptr);
    CHECK(table.strike("sensor", 20s, {}) == nullptr);
    CHECK(table.strike("other", 15s, {}) == nullptr);
}

TEST_CASE("fault: of two at once the later one counts", "[sim][fault]") {
    FaultTable table(
        {fault(10s, Duration::max(), FaultKind::silent), fault(20s, 30s, FaultKind::exception, 4)});
    CHECK(table.strike("sensor", 25s, {})->kind == FaultKind::exception);
    CHECK(table.strike("sensor", 30s, {})->kind == FaultKind::silent);
}

TEST_CASE("fault: edges are beginnings and ends; for ever has none", "[sim][fault]") {
    FaultTable table(
        {fault(10s, 20s, FaultKind::silent), fault(30s, Duration::max(), FaultKind::stuck)});
    CHECK(table.next_edge(0s) == 10s);
    CHECK(table.next_edge(10s) == 20s);
    CHECK(table.next_edge(20s) == 30s);
    CHECK_FALSE(table.next_edge(30s));
}

TEST_CASE("fault: aimed at addresses, it hits what touches them and nothing else", "[sim][fault]") {
    auto aimed = fault(0s, 1h, FaultKind::silent);
    aimed.aim.table = Table::input;
    aimed.aim.address = 10;
    aimed.aim.count = 2;
    FaultTable table({aimed});
    CHECK(table.strike("sensor", 1s, {Table::input, 8, 2}) == nullptr);
    CHECK(table.strike("sensor", 1s, {Table::input, 8, 3}) != nullptr);
    CHECK(table.strike("sensor", 1s, {Table::input, 11, 1}) != nullptr);
    CHECK(table.strike("sensor", 1s, {Table::input, 12, 1}) == nullptr);
    CHECK(table.strike("sensor", 1s, {Table::holding, 10, 2}) == nullptr);
    CHECK(table.strike("sensor", 1s, {}) == nullptr);  // a question for its name
}

TEST_CASE("fault: every third of the requests it is aimed at, counted each for itself",
          "[sim][fault]") {
    auto third = fault(0s, 1h, FaultKind::busy);
    third.aim.table = Table::input;
    third.aim.count = 1;
    third.aim.every = 3;
    FaultTable table({third});
    int hits = 0;
    for (int i = 1; i <= 9; ++i) {
        const bool hit = table.strike("sensor", 1s, {Table::input, 0, 1}) != nullptr;
        CHECK(hit == (i % 3 == 0));
        hits += hit ? 1 : 0;
        CHECK(table.strike("sensor", 1s, {Table::holding, 0, 1}) == nullptr);
    }
    CHECK(hits == 3);
}

TEST_CASE("fault: by chance, it hits about so many, and the same ones in every run",
          "[sim][fault]") {
    auto chancy = fault(0s, 1h, FaultKind::silent);
    chancy.aim.chance = 0.25;
    const auto played = [&] {
        FaultTable table({chancy});
        std::vector<bool> hits;
        for (int i = 0; i < 4000; ++i) hits.push_back(table.strike("sensor", 1s, {}) != nullptr);
        return hits;
    };
    const auto hits = played();
    CHECK(hits == played());
    const auto count = std::count(hits.begin(), hits.end(), true);
    CHECK(count > 900);
    CHECK(count < 1100);
}

TEST_CASE("fault: a silent device neither answers nor obeys", "[sim][fault]") {
    const Bench bench({fault(10s, 20s, FaultKind::silent)});
    Room room(bench.site, bench.scenario);
    room.advance(15s);
    CHECK(room.read(0, Table::holding, 0, 1).silent);
    CHECK(room.write(0, Table::holding, 0, {7}).silent);
    room.advance(20s);
    const auto answer = room.read(0, Table::holding, 0, 1);
    CHECK_FALSE(answer.silent);
    CHECK(answer.words == Words{20});
}

TEST_CASE("fault: an exception fault answers with its code", "[sim][fault]") {
    const Bench bench({fault(10s, Duration::max(), FaultKind::exception, 6)});
    Room room(bench.site, bench.scenario);
    room.advance(10s);
    CHECK(room.read(0, Table::holding, 0, 1).code == 6);
}

TEST_CASE("fault: a stuck device shows what it showed when it got stuck, and ignores writes",
          "[sim][fault]") {
    const Bench bench({fault(100s, 300s, FaultKind::stuck)});
    Room room(bench.site, bench.scenario);
    room.advance(200s);  // nobody read it in between
    CHECK(room.read(0, Table::holding, 0, 1).words == Words{100});
    CHECK(room.write(0, Table::holding, 0, {7}).code == 0);
    CHECK(room.read(0, Table::holding, 0, 1).words == Words{100});
    room.advance(300s);
    CHECK(room.read(0, Table::holding, 0, 1).words == Words{300});
}

TEST_CASE("fault: a device stuck at some addresses lives on at the others", "[sim][fault]") {
    auto half = fault(100s, 300s, FaultKind::stuck);
    half.aim.table = Table::holding;
    half.aim.address = 1;
    half.aim.count = 1;
    const Bench bench({half});
    Room room(bench.site, bench.scenario);
    room.advance(200s);
    CHECK(room.read(0, Table::holding, 0, 1).words == Words{200});
}

TEST_CASE("fault: a stuck device's answers can be spoilt on the wire as well", "[sim][fault]") {
    const Bench bench({fault(100s, 300s, FaultKind::stuck), fault(150s, 300s, FaultKind::crc)});
    Room room(bench.site, bench.scenario);
    room.advance(200s);
    const auto answer = room.read(0, Table::holding, 0, 1);
    CHECK(answer.words == Words{100});
    REQUIRE(answer.fault);
    CHECK(answer.fault->kind == FaultKind::crc);
}
