#include "firmware/bus/rtu.hpp"

#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

using State = Assembly::State;

Bytes answer_of(std::uint8_t unit, const Bytes& pdu) {
    return wrap_rtu(unit, pdu);
}

const Bytes ten_words_asked{0x03, 0x00, 0x00, 0x00, 0x0A};
const Bytes one_word_pdu{0x03, 0x02, 0x12, 0x34};

Bytes joined(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Bytes pdu_of(const Assembly& assembly) {
    return {assembly.pdu.begin(), assembly.pdu.end()};
}

}  // namespace

TEST_CASE("rtu: the CRC is the standard's, low byte first", "[firmware][rtu]") {
    // Appendix B of V1.02: unit 2, function 7 gives 0x1241, sent as 41 12.
    CHECK(crc16(Bytes{0x02, 0x07}) == 0x1241);
    CHECK(wrap_rtu(0x02, Bytes{0x07}) == Bytes{0x02, 0x07, 0x41, 0x12});
    CHECK(wrap_rtu(0x01, ten_words_asked) == Bytes{0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD});
    CHECK(crc16(Bytes{}) == 0xFFFF);
}

TEST_CASE("rtu: an answer is found byte for byte as it comes", "[firmware][rtu]") {
    const auto frame = answer_of(7, one_word_pdu);
    for (std::size_t count = 0; count < frame.size(); ++count) {
        INFO(count << " bytes");
        CHECK(find_rtu_answer(7, 3, std::span(frame).first(count)).state == State::more);
    }
    const auto found = find_rtu_answer(7, 3, frame);
    REQUIRE(found.state == State::answer);
    CHECK(pdu_of(found) == one_word_pdu);
}

TEST_CASE("rtu: an answer is found behind bytes that belong to nobody", "[firmware][rtu]") {
    const auto frame = answer_of(7, one_word_pdu);
    for (const Bytes& garbage :
         {Bytes{0x00}, Bytes{0xFF, 0x00, 0x55}, Bytes{7}, Bytes{7, 3}, Bytes{7, 3, 2, 1},
          Bytes{7, 7, 7, 7, 7, 7}, answer_of(9, one_word_pdu)}) {
        INFO(garbage.size() << " bytes of garbage");
        const auto bytes = joined(garbage, frame);
        const auto found = find_rtu_answer(7, 3, bytes);
        REQUIRE(found.state == State::answer);
        CHECK(pdu_of(found) == one_word_pdu);
    }
}

TEST_CASE("rtu: a frame of another unit, of another function or with a wrong CRC is never ours",
          "[firmware][rtu]") {
    auto wrong_crc = answer_of(7, one_word_pdu);
    wrong_crc.back() = static_cast<std::uint8_t>(wrong_crc.back() ^ 1U);
    const auto crc = find_rtu_answer(7, 3, wrong_crc);
    CHECK(crc.state == State::bad);
    CHECK(crc.why == Error{Fault::corrupt, "CRC error", 0});
    const auto other_unit = find_rtu_answer(7, 3, answer_of(8, one_word_pdu));
    CHECK(other_unit.state == State::bad);
    CHECK(other_unit.why.what == "answer of unit 8, not of 7");
    const auto other_function = find_rtu_answer(7, 3, answer_of(7, {0x04, 0x02, 0x12, 0x34}));
    CHECK(other_function.state == State::bad);
    CHECK(other_function.why.what == "answer to function 4");
}

TEST_CASE("rtu: an exception to our function is our answer, to another's it is not",
          "[firmware][rtu]") {
    CHECK(find_rtu_answer(7, 3, answer_of(7, {0x83, 0x02})).state == State::answer);
    CHECK(find_rtu_answer(7, 3, answer_of(7, {0x84, 0x02})).state == State::bad);
    CHECK(find_rtu_answer(7, 3, answer_of(8, {0x83, 0x02})).state == State::bad);
}

TEST_CASE("rtu: answers with lengths of their own are taken whole", "[firmware][rtu]") {
    const Bytes server_id{0x11, 0x04, 'U', 'P', 'S', 0xFF};
    CHECK(pdu_of(find_rtu_answer(1, 0x11, answer_of(1, server_id))) == server_id);
    // V1.1b3, 6.21: two objects, "ACME" and "1".
    const Bytes identification{0x2B, 0x0E, 0x01, 0x01, 0x00, 0x00, 0x02, 0x00,
                               0x04, 'A',  'C',  'M',  'E',  0x01, 0x01, '1'};
    const auto frame = answer_of(1, identification);
    for (std::size_t count = 1; count < frame.size(); ++count) {
        INFO(count << " bytes");
        CHECK(find_rtu_answer(1, 0x2B, std::span(frame).first(count)).state == State::more);
    }
    CHECK(pdu_of(find_rtu_answer(1, 0x2B, frame)) == identification);
}

TEST_CASE("rtu: characters and gaps last as long as the standard says", "[firmware][rtu]") {
    LinePlan line;  // 19200 baud, even parity, one stop bit: 11 bits
    CHECK(bits_per_character(line) == 11);
    CHECK(time_on_line(line, 19200) == 11s);
    CHECK(standard_gap(line) == time_on_line(line, 7) / 2);
    line.parity = Parity::none;
    CHECK(bits_per_character(line) == 10);
    line.stop_bits = 2;
    CHECK(bits_per_character(line) == 11);
    line.baud = 115200;
    CHECK(standard_gap(line) == 1750us);
}
