#include "firmware/bus/frame.hpp"

#include <random>

#include "tests/catch.hpp"

using namespace firebreak;

namespace {

ReadRequest read_of(Table table, std::uint16_t address, std::uint16_t count) {
    return {.unit = 1, .table = table, .address = address, .count = count};
}

WriteRequest write_of(Table table, std::uint16_t address, Words words) {
    return {.unit = 1, .table = table, .address = address, .words = std::move(words)};
}

Fault fault_of(const ReadRequest& request, const Bytes& pdu) {
    const auto words = parse_read(request, pdu);
    REQUIRE_FALSE(words);
    return words.error().fault;
}

}  // namespace

// The worked examples of MODBUS Application Protocol Specification V1.1b3, chapter 6.

TEST_CASE("frame: reads are framed and answered as the specification's examples",
          "[firmware][frame]") {
    const auto coils = read_of(Table::coil, 19, 19);
    CHECK(*read_pdu(coils) == Bytes{0x01, 0x00, 0x13, 0x00, 0x13});
    const auto states = parse_read(coils, Bytes{0x01, 0x03, 0xCD, 0x6B, 0x05});
    REQUIRE(states);
    CHECK(*states == Words{1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1});

    const auto inputs = read_of(Table::discrete_input, 196, 22);
    CHECK(*read_pdu(inputs) == Bytes{0x02, 0x00, 0xC4, 0x00, 0x16});

    const auto holding = read_of(Table::holding, 107, 3);
    CHECK(*read_pdu(holding) == Bytes{0x03, 0x00, 0x6B, 0x00, 0x03});
    const auto words = parse_read(holding, Bytes{0x03, 0x06, 0x02, 0x2B, 0x00, 0x00, 0x00, 0x64});
    REQUIRE(words);
    CHECK(*words == Words{0x022B, 0, 0x0064});

    const auto input = read_of(Table::input, 8, 1);
    CHECK(*read_pdu(input) == Bytes{0x04, 0x00, 0x08, 0x00, 0x01});
    CHECK(*parse_read(input, Bytes{0x04, 0x02, 0x00, 0x0A}) == Words{10});
}

TEST_CASE("frame: writes are framed and answered as the specification's examples",
          "[firmware][frame]") {
    const auto coil = write_of(Table::coil, 172, {1});
    CHECK(*write_pdu(coil) == Bytes{0x05, 0x00, 0xAC, 0xFF, 0x00});
    CHECK(parse_write(coil, Bytes{0x05, 0x00, 0xAC, 0xFF, 0x00}));
    CHECK(*write_pdu(write_of(Table::coil, 172, {0})) == Bytes{0x05, 0x00, 0xAC, 0x00, 0x00});

    const auto word = write_of(Table::holding, 1, {3});
    CHECK(*write_pdu(word) == Bytes{0x06, 0x00, 0x01, 0x00, 0x03});
    CHECK(parse_write(word, Bytes{0x06, 0x00, 0x01, 0x00, 0x03}));

    const auto coils = write_of(Table::coil, 19, {1, 0, 1, 1, 0, 0, 1, 1, 1, 0});
    CHECK(*write_pdu(coils) == Bytes{0x0F, 0x00, 0x13, 0x00, 0x0A, 0x02, 0xCD, 0x01});
    CHECK(parse_write(coils, Bytes{0x0F, 0x00, 0x13, 0x00, 0x0A}));

    const auto words = write_of(Table::holding, 1, {0x000A, 0x0102});
    CHECK(*write_pdu(words) == Bytes{0x10, 0x00, 0x01, 0x00, 0x02, 0x04, 0x00, 0x0A, 0x01, 0x02});
    CHECK(parse_write(words, Bytes{0x10, 0x00, 0x01, 0x00, 0x02}));
}

TEST_CASE("frame: requests beyond the protocol's limits are never made", "[firmware][frame]") {
    CHECK(read_pdu(read_of(Table::input, 0, 125)));
    CHECK(read_pdu(read_of(Table::input, 0, 126)).error().fault == Fault::config);
    CHECK(read_pdu(read_of(Table::input, 0, 0)).error().fault == Fault::config);
    CHECK(read_pdu(read_of(Table::coil, 0, 2000)));
    CHECK_FALSE(read_pdu(read_of(Table::coil, 0, 2001)));
    CHECK(read_pdu(read_of(Table::input, 65535, 1)));
    CHECK_FALSE(read_pdu(read_of(Table::input, 65535, 2)));
    CHECK_FALSE(write_pdu(write_of(Table::input, 0, {1})));
    CHECK_FALSE(write_pdu(write_of(Table::discrete_input, 0, {1})));
    CHECK_FALSE(write_pdu(write_of(Table::holding, 0, {})));
    CHECK(write_pdu(write_of(Table::holding, 0, Words(123))));
    CHECK_FALSE(write_pdu(write_of(Table::holding, 0, Words(124))));
    CHECK(write_pdu(write_of(Table::coil, 0, Words(1968))));
    CHECK_FALSE(write_pdu(write_of(Table::coil, 0, Words(1969))));
    CHECK_FALSE(write_pdu(write_of(Table::holding, 65535, Words(2))));
}

TEST_CASE("frame: an answer to something else is corrupt", "[firmware][frame]") {
    const auto request = read_of(Table::holding, 0, 2);
    CHECK(fault_of(request, {}) == Fault::corrupt);
    CHECK(fault_of(request, {0x04, 0x04, 0, 1, 0, 2}) == Fault::corrupt);  // function
    CHECK(fault_of(request, {0x03, 0x04, 0, 1}) == Fault::corrupt);        // truncated
    CHECK(fault_of(request, {0x03}) == Fault::corrupt);
    CHECK(fault_of(request, {0x03, 0x02, 0, 1}) == Fault::corrupt);              // too few words
    CHECK(fault_of(request, {0x03, 0x06, 0, 1, 0, 2, 0, 3}) == Fault::corrupt);  // too many
    CHECK(fault_of(request, {0x03, 0x06, 0, 1, 0, 2}) == Fault::corrupt);        // count lies
    CHECK(fault_of(request, {0x84, 0x02}) == Fault::corrupt);  // not our exception
    CHECK(fault_of(request, {0x83}) == Fault::corrupt);
    CHECK(fault_of(request, {0x83, 0x02, 0x00}) == Fault::corrupt);
    const auto write = write_of(Table::holding, 7, {5});
    for (const Bytes& pdu : {Bytes{0x06, 0, 7, 0, 6}, Bytes{0x06, 0, 8, 0, 5}, Bytes{0x06, 0, 7},
                             Bytes{0x10, 0, 7, 0, 1}, Bytes{0x06, 0, 7, 0, 5, 0}}) {
        CHECK(parse_write(write, pdu).error().fault == Fault::corrupt);
    }
}

TEST_CASE("frame: exceptions say what to do next", "[firmware][frame]") {
    const auto request = read_of(Table::input, 0, 1);
    for (const std::uint8_t code : Bytes{1, 2, 3, 4, 8, 99}) {
        CHECK(fault_of(request, {0x84, code}) == Fault::refused);
    }
    CHECK(fault_of(request, {0x84, 5}) == Fault::busy);
    CHECK(fault_of(request, {0x84, 6}) == Fault::busy);
    CHECK(fault_of(request, {0x84, 10}) == Fault::timeout);  // a dead unit behind a gateway
    CHECK(fault_of(request, {0x84, 11}) == Fault::timeout);
    CHECK(parse_write(write_of(Table::coil, 0, {1}), Bytes{0x85, 2}).error().fault ==
          Fault::refused);
}

TEST_CASE("frame: the TCP header ties an answer to its transaction and unit", "[firmware][frame]") {
    const Bytes pdu{0x04, 0x02, 0x00, 0x0A};
    const auto adu = wrap_tcp(0x1501, 17, pdu);
    CHECK(adu == Bytes{0x15, 0x01, 0, 0, 0, 5, 17, 0x04, 0x02, 0x00, 0x0A});
    const auto inner = unwrap_tcp(0x1501, 17, adu);
    REQUIRE(inner);
    CHECK(Bytes(inner->begin(), inner->end()) == pdu);

    CHECK(unwrap_tcp(0x1502, 17, adu).error().fault == Fault::corrupt);
    CHECK(unwrap_tcp(0x1501, 18, adu).error().fault == Fault::corrupt);
    for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U, 6U}) {
        auto bent = adu;
        bent[at] = static_cast<std::uint8_t>(bent[at] + 1);
        CHECK(unwrap_tcp(0x1501, 17, bent).error().fault == Fault::corrupt);
    }
    for (std::size_t length = 0; length < adu.size(); ++length) {
        CHECK_FALSE(unwrap_tcp(0x1501, 17, std::span(adu).first(length)));
    }
}

TEST_CASE("frame: no bytes make an answer of the wrong size", "[firmware][frame]") {
    std::mt19937 random(502);
    const ReadRequest requests[] = {read_of(Table::coil, 3, 9), read_of(Table::input, 0, 2)};
    for (int i = 0; i < 20000; ++i) {
        Bytes pdu(random() % 8);
        for (auto& byte : pdu) byte = static_cast<std::uint8_t>(random());
        if (!pdu.empty() && i % 2 == 0) pdu[0] = i % 4 == 0 ? 0x01 : 0x04;
        if (pdu.size() > 1 && i % 3 == 0) pdu[1] = static_cast<std::uint8_t>(pdu.size() - 2);
        for (const auto& request : requests) {
            const auto words = parse_read(request, pdu);
            if (words) REQUIRE(words->size() == request.count);
        }
    }
}
