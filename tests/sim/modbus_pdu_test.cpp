#include "sim/modbus_pdu.hpp"

#include <random>

#include "tests/catch.hpp"
#include "tests/support/profile_of.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

/// Unit 1: ten writable coils from 0 and two writable words from 100. Unit 2: two devices that
/// share it, with inputs at 0 and at 1000.
Room room(Wire wire = Wire::tcp) {
    SitePlan site;
    site.buses.resize(1);
    site.buses[0].wire = wire;
    DevicePlan pdu;
    pdu.name = "pdu";
    std::vector<Register> registers;
    for (std::uint16_t i = 0; i < 10; ++i) {
        Register coil;
        coil.measure = "outlet." + std::to_string(i);
        coil.table = Table::coil;
        coil.address = i;
        coil.type = WordType::bit;
        coil.writable = true;
        registers.push_back(coil);
    }
    for (std::uint16_t i = 0; i < 2; ++i) {
        Register word;
        word.measure = "set." + std::to_string(i);
        word.table = Table::holding;
        word.address = static_cast<std::uint16_t>(100 + i);
        word.writable = true;
        registers.push_back(word);
    }
    pdu.profile = profile_of(std::move(registers), [](Profile& profile) {
        profile.name = "acme-pdu8";
        profile.title = "Acme PDU 8";
    });
    site.devices.push_back(pdu);
    for (const std::uint16_t base : {std::uint16_t{0}, std::uint16_t{1000}}) {
        DevicePlan bank;
        bank.name = "bank" + std::to_string(base);
        bank.unit = 2;
        bank.base = base;
        Register word;
        word.measure = "level";
        bank.profile = profile_of({word});
        site.devices.push_back(bank);
    }
    Scenario scenario;
    scenario.ends = 1h;
    scenario.starts = {{{"bank0", "level"}, 7, {}}, {{"bank1000", "level"}, 8, {}}};
    return {site, scenario};
}

Bytes ask(Room& room, const Bytes& request, std::uint8_t unit = 1, std::size_t bus = 0) {
    return answer_pdu(room, bus, unit, request).pdu;
}

}  // namespace

TEST_CASE("modbus pdu: coils are written, one and many, and read back packed", "[sim][modbus]") {
    auto r = room();
    CHECK(ask(r, {5, 0, 9, 0xFF, 0}) == Bytes{5, 0, 9, 0xFF, 0});
    // V1.1b3, 6.11: the first coil is the least significant bit of the first byte.
    CHECK(ask(r, {15, 0, 0, 0, 9, 2, 0xCD, 0x01}) == Bytes{15, 0, 0, 0, 9});
    CHECK(ask(r, {1, 0, 0, 0, 10}) == Bytes{1, 2, 0xCD, 0x03});
    CHECK(ask(r, {5, 0, 0, 0, 0}) == Bytes{5, 0, 0, 0, 0});
    CHECK(ask(r, {1, 0, 0, 0, 1}) == Bytes{1, 1, 0});
}

TEST_CASE("modbus pdu: words are written, one and many, and read back", "[sim][modbus]") {
    auto r = room();
    CHECK(ask(r, {6, 0, 100, 0x12, 0x34}) == Bytes{6, 0, 100, 0x12, 0x34});
    CHECK(ask(r, {3, 0, 100, 0, 2}) == Bytes{3, 4, 0x12, 0x34, 0, 0});
    CHECK(ask(r, {16, 0, 100, 0, 2, 4, 0, 1, 0, 2}) == Bytes{16, 0, 100, 0, 2});
    CHECK(ask(r, {3, 0, 100, 0, 2}) == Bytes{3, 4, 0, 1, 0, 2});
}

TEST_CASE("modbus pdu: what cannot be answered gets the exception the protocol names",
          "[sim][modbus]") {
    auto r = room();
    CHECK(ask(r, {0x14, 7, 6, 0, 4, 0, 1, 0, 2}) == Bytes{0x94, 1});  // no such function
    CHECK(ask(r, {3, 0, 200, 0, 1}) == Bytes{0x83, 2});               // no such address
    CHECK(ask(r, {3, 0, 100, 0, 0}) == Bytes{0x83, 3});               // nothing asked
    CHECK(ask(r, {3, 0, 100, 0, 126}) == Bytes{0x83, 3});             // too much
    CHECK(ask(r, {3, 0, 100}) == Bytes{0x83, 3});                     // cut off
    CHECK(ask(r, {5, 0, 0, 0x12, 0x34}) == Bytes{0x85, 3});           // neither on nor off
    CHECK(ask(r, {15, 0, 0, 0, 9, 1, 0xFF}) == Bytes{0x8F, 3});       // byte count is wrong
    CHECK(ask(r, {16, 0, 100, 0, 2, 4, 0, 1}) == Bytes{0x90, 3});     // words are missing
    CHECK(ask(r, {16, 0, 100, 0xFF, 0xFF, 0xFE}) == Bytes{0x90, 3});  // count beyond all
    CHECK(ask(r, {3, 0, 0, 0, 1}, 99) == Bytes{0x83, 11});            // nobody there
    CHECK(ask(r, {3, 0, 100, 0, 1}, 1, 7) == Bytes{0x83, 11});        // no such bus
    CHECK(ask(r, {}).empty());
}

TEST_CASE("modbus pdu: two devices that share a unit each answer for their own addresses",
          "[sim][modbus]") {
    auto r = room();
    CHECK(ask(r, {4, 0, 0, 0, 1}, 2) == Bytes{4, 2, 0, 7});
    CHECK(ask(r, {4, 0x03, 0xE8, 0, 1}, 2) == Bytes{4, 2, 0, 8});
    CHECK(ask(r, {4, 0x01, 0, 0, 1}, 2) == Bytes{0x84, 2});
}

TEST_CASE("modbus pdu: any bytes at all are answered shortly or not at all", "[sim][modbus]") {
    auto r = room();
    std::mt19937 random(20221015);
    for (int i = 0; i < 20'000; ++i) {
        Bytes request(random() % 260);
        for (auto& byte : request) byte = static_cast<std::uint8_t>(random());
        if (!request.empty()) request[0] = static_cast<std::uint8_t>(random() % 24);
        const auto answer = ask(r, request);
        CHECK(answer.size() <= max_pdu_bytes);
        if (!answer.empty()) CHECK((answer[0] & 0x7FU) == (request[0] & 0x7FU));
    }
}

TEST_CASE("modbus pdu: one request writes words and then reads them", "[sim][modbus]") {
    auto r = room();
    // V1.1b3, 6.17: read address and count, write address, count, byte count, values.
    CHECK(ask(r, {23, 0, 100, 0, 2, 0, 101, 0, 1, 2, 0, 9}) == Bytes{23, 4, 0, 0, 0, 9});
    CHECK(ask(r, {23, 0, 100, 0, 0, 0, 101, 0, 1, 2, 0, 8}) == Bytes{0x97, 3});
    CHECK(ask(r, {23, 0, 100, 0, 2, 0, 101, 0, 1, 3, 0, 8}) == Bytes{0x97, 3});
    CHECK(ask(r, {23, 0, 100, 0, 2, 0, 200, 0, 1, 2, 0, 8}) == Bytes{0x97, 2});
    CHECK(ask(r, {3, 0, 101, 0, 1}) == Bytes{3, 2, 0, 9});
}

TEST_CASE("modbus pdu: a device says who it is", "[sim][modbus]") {
    auto r = room();
    const auto basic = ask(r, {0x2B, 14, 1, 0});
    const Bytes begin{0x2B, 14, 1, 3, 0, 0, 3, 0, 4, 'A', 'c', 'm', 'e', 1, 4, 'P', 'D', 'U', '8'};
    REQUIRE(basic.size() > begin.size());
    CHECK(Bytes(basic.begin(), basic.begin() + static_cast<std::ptrdiff_t>(begin.size())) == begin);
    CHECK(ask(r, {0x11}) ==
          Bytes{0x11, 12, 1, 0xFF, 'A', 'c', 'm', 'e', ' ', 'P', 'D', 'U', ' ', '8'});
    CHECK(ask(r, {0x2B, 13, 0, 0}) == Bytes{0xAB, 3});  // CANopen, which nobody here speaks
}

TEST_CASE("modbus pdu: on a serial line a broadcast is obeyed by all and answered by none",
          "[sim][modbus]") {
    auto r = room(Wire::serial);
    CHECK(ask(r, {6, 0, 100, 0, 7}, 0).empty());
    CHECK(ask(r, {3, 0, 100, 0, 1}) == Bytes{3, 2, 0, 7});
    CHECK(ask(r, {3, 0, 100, 0, 1}, 77).empty());  // and an absent unit is silent
}
