#include "firmware/bus/read_only_bus.hpp"

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

struct Calls {
    int reads = 0, writes = 0, asks = 0;
};

struct CountingBus final : Bus {
    explicit CountingBus(Calls& calls) : calls_(calls) {}
    Result<Words> read(const ReadRequest&) override {
        ++calls_.reads;
        return Words{1};
    }
    Result<void> write(const WriteRequest&) override {
        ++calls_.writes;
        return {};
    }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override {
        ++calls_.asks;
        return Bytes{};
    }
    Calls& calls_;
};

}  // namespace

TEST_CASE("read-only bus: no write and no function that may change something reaches the wire",
          "[firmware][bus]") {
    Calls calls;
    const auto bus = make_read_only(std::make_unique<CountingBus>(calls));
    CHECK(bus->read({}).has_value());
    const auto written = bus->write({.unit = 1, .table = Table::coil, .address = 0, .words = {1}});
    REQUIRE_FALSE(written);
    CHECK(written.error().fault == Fault::refused);
    int passed = 0;
    for (int function = 0; function < 256; ++function) {
        passed += bus->ask(1, Bytes{static_cast<std::uint8_t>(function), 0x0E}) ? 1 : 0;
    }
    CHECK(passed == 6);                                 // 1 to 4, 17 and 43/14
    CHECK_FALSE(bus->ask(1, Bytes{0x2B, 0x0D, 0, 0}));  // CANopen, which writes too
    CHECK_FALSE(bus->ask(1, Bytes{}));
    CHECK(calls.writes == 0);
    CHECK(calls.asks == 6);
    CHECK(calls.reads == 1);
}
