// Modbus requests as bytes and answers as words: the protocol data unit, and its TCP header.
// Pure; trusts no byte of an answer. Errors: corrupt (not an answer to this request), refused,
// busy and timeout (exceptions; a gateway's "no response from the target" is a timeout).
// Words of MODBUS Application Protocol V1.1b3 and Messaging on TCP/IP V1.0b.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "contract/support/result.hpp"
#include "firmware/bus/bus.hpp"

namespace firebreak {

inline constexpr std::uint16_t max_read_words = 125;
inline constexpr std::uint16_t max_read_bits = 2000;
inline constexpr std::size_t max_pdu = 253;
/// Units of a serial line (V1.02, 2.2); a socket's peer may have any.
inline constexpr std::uint8_t last_serial_unit = 247;

/// Fault::config when no such request can be made: too many words, a table that takes no writes.
[[nodiscard]] Result<Bytes> read_pdu(const ReadRequest& request);
[[nodiscard]] Result<Bytes> write_pdu(const WriteRequest& request);

[[nodiscard]] Result<Words> parse_read(const ReadRequest& request,
                                       std::span<const std::uint8_t> pdu);
[[nodiscard]] Result<void> parse_write(const WriteRequest& request,
                                       std::span<const std::uint8_t> pdu);
/// Of any function: the answer as it is, unless it is an exception or another function's.
[[nodiscard]] Result<Bytes> parse_any(std::uint8_t function, std::span<const std::uint8_t> pdu);

/// What the bytes that have come since a request amount to.
struct Assembly {
    enum class State : std::uint8_t {
        more,    ///< nothing yet, or an answer that has only begun
        answer,  ///< `pdu` is the answer
        bad,     ///< `why` they are none
    };
    State state = State::more;
    std::span<const std::uint8_t> pdu;
    Error why{Fault::timeout, "no answer", 0};  ///< also of `more`, should nothing follow
};

/// Puts the TCP header in front.
[[nodiscard]] Bytes wrap_tcp(std::uint16_t transaction, std::uint8_t unit,
                             std::span<const std::uint8_t> pdu);
/// The PDU within `adu` when it answers this transaction and unit.
[[nodiscard]] Result<std::span<const std::uint8_t>> unwrap_tcp(std::uint16_t transaction,
                                                               std::uint8_t unit,
                                                               std::span<const std::uint8_t> adu);
/// The same over a stream, of which only the beginning may have come.
[[nodiscard]] Assembly find_tcp_answer(std::uint16_t transaction, std::uint8_t unit,
                                       std::span<const std::uint8_t> bytes);

}  // namespace firebreak
