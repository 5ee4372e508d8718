#include "sim/transmission.hpp"

#include <fmt/format.h>

#include <array>

#include "firmware/bus/frame.hpp"
#include "firmware/bus/rtu.hpp"

namespace firebreak {
namespace {

/// Noise as a line without bias shows it, and no beginning of a frame.
constexpr std::array<std::uint8_t, 3> noise{0xFF, 0x00, 0xFF};

/// One answer in the two framings; what differs between them is here and nowhere else.
struct Framing {
    bool is_rtu = false;
    std::uint16_t transaction = 0;
    std::uint8_t unit = 0;
    std::span<const std::uint8_t> pdu;

    [[nodiscard]] Bytes frame() const {
        return is_rtu ? wrap_rtu(unit, pdu) : wrap_tcp(transaction, unit, pdu);
    }

    [[nodiscard]] Framing of_another_transaction() const {
        auto other = *this;
        other.transaction = static_cast<std::uint16_t>(transaction + 1);
        return other;
    }

    [[nodiscard]] Framing of_another_unit() const {
        auto other = *this;
        other.unit = static_cast<std::uint8_t>(unit + 1);
        return other;
    }

    /// A CRC that does not fit; Modbus TCP has none, but a length, which no frame has.
    [[nodiscard]] Bytes damaged() const {
        auto bytes = frame();
        if (is_rtu) {
            bytes.back() = static_cast<std::uint8_t>(~bytes.back());
        } else {
            bytes[4] = bytes[5] = 0xFF;
        }
        return bytes;
    }
};

Transmission transmission(const Framing& framing, const std::optional<WireFault>& fault) {
    if (framing.pdu.empty()) return {};
    Transmission sent{.bytes = framing.frame(), .delay = {}, .each = {}, .hang_up = false};
    if (!fault) return sent;
    switch (fault->kind) {
        case FaultKind::slow:
            sent.delay = fault->delay;
            break;
        case FaultKind::dribble:
            sent.each = fault->delay;
            break;
        case FaultKind::wrong_transaction:
            sent.bytes = framing.of_another_transaction().frame();
            break;
        case FaultKind::wrong_unit:
            sent.bytes = framing.of_another_unit().frame();
            break;
        case FaultKind::crc:
            sent.bytes = framing.damaged();
            break;
        case FaultKind::truncated:
            sent.bytes.resize(sent.bytes.size() / 2);
            break;
        case FaultKind::garbage:
            sent.bytes.insert(sent.bytes.begin(), noise.begin(), noise.end());
            break;
        case FaultKind::reset:
            sent = {};
            sent.hang_up = true;
            break;
        case FaultKind::silent:
        case FaultKind::exception:
        case FaultKind::stuck:
        case FaultKind::busy:
            break;  // the room's: the answer says it already
    }
    return sent;
}

}  // namespace

Transmission tcp_transmission(std::uint16_t transaction, std::uint8_t unit, const Reply& reply) {
    return transmission({false, transaction, unit, reply.pdu}, reply.fault);
}

Transmission rtu_transmission(std::uint8_t unit, const Reply& reply) {
    return transmission({true, 0, unit, reply.pdu}, reply.fault);
}

std::optional<Error> lost_on_the_wire(const WireFault& fault, std::size_t words,
                                      const BusPlan& bus) {
    const auto unless_in_time = [&](Duration takes) {
        return takes < bus.timeout ? std::nullopt
                                   : std::optional(Error{Fault::timeout, "no answer in time", 0});
    };
    switch (fault.kind) {
        case FaultKind::slow:
            return unless_in_time(fault.delay);
        case FaultKind::dribble:
            return unless_in_time(fault.delay * static_cast<std::int64_t>(2 * words + 5));
        case FaultKind::wrong_transaction:
        case FaultKind::wrong_unit:
        case FaultKind::crc:
            return Error{Fault::corrupt, fmt::format("{} answer", to_string(fault.kind)), 0};
        case FaultKind::truncated:
            // A TCP header says how much is still to come, and a master waits for it.
            if (bus.wire == Wire::tcp) return Error{Fault::timeout, "no whole answer", 0};
            return Error{Fault::corrupt, "a truncated answer", 0};
        case FaultKind::garbage:
            // An RTU master looks for its answer behind what is nobody's; a TCP one cannot.
            if (bus.wire != Wire::tcp) return std::nullopt;
            return Error{Fault::corrupt, "garbage before the answer", 0};
        case FaultKind::reset:
            return Error{Fault::port_lost, "the connection went away", 0};
        case FaultKind::silent:
        case FaultKind::exception:
        case FaultKind::stuck:
        case FaultKind::busy:
            break;
    }
    return std::nullopt;
}

}  // namespace firebreak
