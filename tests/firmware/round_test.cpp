#include "firmware/round.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

/// Every address reads as itself, but `holes` are refused; silent from the given read on.
struct FakeBus final : Bus {
    std::set<std::uint16_t> holes;
    int silent_from = 1000;
    int reads = 0;

    Result<Words> read(const ReadRequest& request) override {
        if (++reads > silent_from) return fail(Fault::timeout, "no answer");
        Words words;
        for (std::uint32_t i = request.address; i < request.address + std::uint32_t{request.count};
             ++i) {
            const auto address = static_cast<std::uint16_t>(i);
            if (holes.count(address) == 1) {
                return tl::unexpected(Error{Fault::refused, "exception 2, illegal address", 2});
            }
            words.push_back(address);
        }
        return words;
    }
    Result<void> write(const WriteRequest&) override { return fail(Fault::refused, "no"); }
    Result<Bytes> ask(std::uint8_t, std::span<const std::uint8_t>) override {
        return fail(Fault::refused, "no");
    }
};

DevicePlan device_of(std::uint16_t registers) {
    Profile profile;
    for (std::uint16_t i = 0; i < registers; ++i) {
        Register reg;
        reg.measure = "m" + std::to_string(i);
        reg.table = Table::holding;
        reg.address = i;
        profile.registers.push_back(reg);
    }
    DevicePlan device;
    device.name = "ups1";
    device.profile = std::make_shared<const Profile>(profile);
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < registers; ++i) all.push_back(i);
    device.blocks = plan_blocks(*device.profile, all, 0);
    return device;
}

}  // namespace

TEST_CASE("round: every register of a device is read once", "[firmware][round]") {
    FakeBus bus;
    auto device = device_of(4);
    const auto round = read_round(bus, device, Instant{});
    CHECK_FALSE(round.trouble);
    REQUIRE(round.readings.size() == 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(round.readings[i].point.measure == "m" + std::to_string(i));
        CHECK(round.readings[i].value == static_cast<double>(i));
    }
    CHECK(bus.reads == 1);
}

TEST_CASE("round: a register that the device refuses costs only itself, and is learnt",
          "[firmware][round]") {
    FakeBus bus;
    bus.holes = {2};
    auto device = device_of(8);
    const auto round = read_round(bus, device, Instant{});
    REQUIRE(round.readings.size() == 8);
    for (const auto& reading : round.readings) {
        CHECK(reading.value.has_value() == (reading.point.measure != "m2"));
    }
    REQUIRE(round.trouble);
    CHECK(round.trouble->code == 2);
    const auto first = bus.reads;
    static_cast<void>(read_round(bus, device, Instant{}));
    CHECK(bus.reads - first < first);
    CHECK(bus.reads - first == static_cast<int>(device.blocks.size()));
}

TEST_CASE("round: a silent device costs one timeout, and all of it is missing",
          "[firmware][round]") {
    FakeBus bus;
    bus.silent_from = 0;
    auto device = device_of(4);
    device.blocks = {device.blocks[0], device.blocks[0], device.blocks[0]};
    const auto round = read_round(bus, device, Instant{});
    CHECK(bus.reads == 1);
    CHECK(round.readings.size() == 12);
    for (const auto& reading : round.readings) CHECK_FALSE(reading.value);
    REQUIRE(round.trouble);
    CHECK(round.trouble->fault == Fault::timeout);
}
