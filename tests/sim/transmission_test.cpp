#include "sim/transmission.hpp"

#include <optional>

#include "firmware/bus/frame.hpp"
#include "firmware/bus/rtu.hpp"
#include "tests/catch.hpp"

using namespace firebreak;
using namespace std::chrono_literals;

namespace {

const Bytes pdu{3, 2, 0, 7};

Reply spoilt(FaultKind kind, Duration delay = {}) {
    return {pdu, WireFault{kind, delay}};
}

/// What a master that asked unit 5 in transaction 9 makes of it.
Assembly tcp(FaultKind kind) {
    static Bytes sent;
    sent = tcp_transmission(9, 5, spoilt(kind)).bytes;
    return find_tcp_answer(9, 5, sent);
}
Assembly rtu(FaultKind kind) {
    static Bytes sent;
    sent = rtu_transmission(5, spoilt(kind)).bytes;
    return find_rtu_answer(5, 3, sent);
}

}  // namespace

TEST_CASE("transmission: an answer without a fault is whole, at once", "[sim][fault]") {
    const auto sent = tcp_transmission(9, 5, {pdu, {}});
    CHECK(sent.bytes == Bytes{0, 9, 0, 0, 0, 5, 5, 3, 2, 0, 7});
    CHECK(sent.delay == 0s);
    CHECK(rtu_transmission(5, {pdu, {}}).bytes == wrap_rtu(5, pdu));
    CHECK(tcp_transmission(9, 5, {}).bytes.empty());
}

TEST_CASE("transmission: what is spoilt on the wire is no answer to any master", "[sim][fault]") {
    using State = Assembly::State;
    CHECK(tcp(FaultKind::wrong_transaction).state == State::bad);
    CHECK(tcp(FaultKind::wrong_unit).state == State::bad);
    CHECK(tcp(FaultKind::crc).state == State::bad);
    CHECK(tcp(FaultKind::truncated).state == State::more);
    CHECK(tcp(FaultKind::garbage).state == State::bad);
    CHECK(rtu(FaultKind::wrong_unit).state == State::bad);
    CHECK(rtu(FaultKind::crc).state == State::bad);
    CHECK(rtu(FaultKind::truncated).state == State::more);
    CHECK(rtu(FaultKind::garbage).state == State::answer);  // behind what is nobody's
}

TEST_CASE("transmission: slow and dribble change when, not what", "[sim][fault]") {
    const auto slow = rtu_transmission(5, spoilt(FaultKind::slow, 2s));
    CHECK(slow.delay == 2s);
    CHECK(slow.bytes == wrap_rtu(5, pdu));
    const auto dribble = rtu_transmission(5, spoilt(FaultKind::dribble, 20ms));
    CHECK(dribble.each == 20ms);
    CHECK(dribble.bytes == wrap_rtu(5, pdu));
}

TEST_CASE("transmission: a reset sends nothing and hangs up", "[sim][fault]") {
    const auto reset = tcp_transmission(9, 5, spoilt(FaultKind::reset));
    CHECK(reset.bytes.empty());
    CHECK(reset.hang_up);
}

TEST_CASE("transmission: where no wire is played, a master is told what it would have met",
          "[sim][fault]") {
    BusPlan tcp;
    tcp.timeout = 500ms;
    auto line = tcp;
    line.wire = Wire::serial;
    const auto met = [](const BusPlan& bus, FaultKind kind, Duration delay = {}) {
        const auto error = lost_on_the_wire({kind, delay}, 10, bus);
        return error ? std::optional(error->fault) : std::nullopt;
    };
    CHECK(met(tcp, FaultKind::slow, 1s) == Fault::timeout);
    CHECK(met(tcp, FaultKind::slow, 100ms) == std::nullopt);
    CHECK(met(line, FaultKind::dribble, 100ms) == Fault::timeout);
    CHECK(met(line, FaultKind::dribble, 1ms) == std::nullopt);
    CHECK(met(tcp, FaultKind::truncated) == Fault::timeout);
    CHECK(met(line, FaultKind::truncated) == Fault::corrupt);
    CHECK(met(tcp, FaultKind::garbage) == Fault::corrupt);
    CHECK(met(line, FaultKind::garbage) == std::nullopt);
    CHECK(met(line, FaultKind::crc) == Fault::corrupt);
    CHECK(met(tcp, FaultKind::reset) == Fault::port_lost);
}
