#include "sim/fault.hpp"

#include "sim/room.hpp"
#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

FaultPlan fault(Duration at, Duration until, FaultKind kind, std::uint8_t code = 0) {
    return {at, until, "sensor", kind, code, {}};
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
    const FaultTable table({fault(10s, 20s, FaultKind::silent)});
    CHECK(table.active("sensor", 9s) == nullptr);
    CHECK(table.active("sensor", 10s) != nullptr);
    CHECK(table.active("sensor", 20s - 1ns) != nullptr);
    CHECK(table.active("sensor", 20s) == nullptr);
    CHECK(table.active("other", 15s) == nullptr);
}

TEST_CASE("fault: of two at once the later one counts", "[sim][fault]") {
    const FaultTable table(
        {fault(10s, Duration::max(), FaultKind::silent), fault(20s, 30s, FaultKind::exception, 4)});
    CHECK(table.active("sensor", 25s)->kind == FaultKind::exception);
    CHECK(table.active("sensor", 30s)->kind == FaultKind::silent);
}

TEST_CASE("fault: edges are beginnings and ends; for ever has none", "[sim][fault]") {
    const FaultTable table(
        {fault(10s, 20s, FaultKind::silent), fault(30s, Duration::max(), FaultKind::stuck)});
    CHECK(table.next_edge(0s) == 10s);
    CHECK(table.next_edge(10s) == 20s);
    CHECK(table.next_edge(20s) == 30s);
    CHECK_FALSE(table.next_edge(30s));
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
