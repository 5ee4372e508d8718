#include "firmware/bus/line_load.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

Block block_of(Table table, std::uint16_t count, Duration period) {
    return {.table = table, .address = 0, .count = count, .registers = {}, .period = period};
}

BusPlan serial(int baud) {
    BusPlan bus;
    bus.wire = Wire::serial;
    bus.line.baud = baud;  // 8E1: 11 bits a character
    return bus;
}

DevicePlan device_with(std::vector<Block> blocks) {
    DevicePlan device;
    device.blocks = std::move(blocks);
    return device;
}

}  // namespace

TEST_CASE("line load: characters and silences of every read count", "[firmware][bus]") {
    // 8 characters out, 5 + 20 back, twice 3.5 of silence: 40 characters of 11 bits at 9600 baud.
    const auto load = line_load(serial(9600), 0, {device_with({block_of(Table::holding, 10, 1s)})});
    CHECK(load.reads_per_s == Approx(1));
    CHECK(load.busy == Approx(40 * 11 / 9600.0));
    // 16 coils travel in two bytes.
    const auto bits = line_load(serial(9600), 0, {device_with({block_of(Table::coil, 16, 500ms)})});
    CHECK(bits.reads_per_s == Approx(2));
    CHECK(bits.busy == Approx(2 * 22 * 11 / 9600.0));
}

TEST_CASE("line load: a gap of the site's replaces the standard's", "[firmware][bus]") {
    auto bus = serial(19200);
    bus.gap = 10ms;
    const auto load = line_load(bus, 0, {device_with({block_of(Table::holding, 1, 1s)})});
    CHECK(load.busy == Approx(15 * 11 / 19200.0 + 0.020));
}

TEST_CASE("line load: only the bus's own devices count, and a socket has no line",
          "[firmware][bus]") {
    auto elsewhere = device_with({block_of(Table::holding, 1, 1s)});
    elsewhere.bus = 1;
    CHECK(line_load(serial(9600), 0, {elsewhere}).reads_per_s == 0);
    CHECK(line_load(serial(9600), 0, {elsewhere}).busy == 0);
    const auto load = line_load(BusPlan{}, 1, {elsewhere});
    CHECK(load.reads_per_s == Approx(1));
    CHECK(load.busy == 0);
}
