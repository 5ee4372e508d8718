#include "firmware/bus/frame.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace firebreak {
namespace {

// V1.1b3, 6: function codes.
constexpr std::uint8_t read_coils = 0x01;
constexpr std::uint8_t read_discrete_inputs = 0x02;
constexpr std::uint8_t read_holding = 0x03;
constexpr std::uint8_t read_input = 0x04;
constexpr std::uint8_t write_coil = 0x05;
constexpr std::uint8_t write_register = 0x06;
constexpr std::uint8_t write_coils = 0x0F;
constexpr std::uint8_t write_registers = 0x10;
constexpr std::uint8_t exception_bit = 0x80;

constexpr std::size_t tcp_header = 7;
constexpr std::size_t max_tcp_adu = 260;  // Messaging on TCP/IP V1.0b, 3.1.2
constexpr std::size_t max_write_words = 123;
constexpr std::size_t max_write_bits = 1968;

std::uint8_t high(std::size_t word) {
    return static_cast<std::uint8_t>((word >> 8) & 0xFFU);
}
std::uint8_t low(std::size_t word) {
    return static_cast<std::uint8_t>(word & 0xFFU);
}

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

std::uint8_t read_function(Table table) {
    switch (table) {
        case Table::coil:
            return read_coils;
        case Table::discrete_input:
            return read_discrete_inputs;
        case Table::holding:
            return read_holding;
        case Table::input:
            break;
    }
    return read_input;
}

std::uint8_t write_function(const WriteRequest& request) {
    const bool single = request.words.size() == 1;
    if (request.table == Table::coil) return single ? write_coil : write_coils;
    return single ? write_register : write_registers;
}

/// V1.1b3, 7: what an exception means for the caller.
Error exception_error(std::uint8_t code) {
    const auto error = [code](Fault fault, std::string_view meaning) {
        return Error{fault, fmt::format("exception {}, {}", code, meaning), code};
    };
    switch (code) {
        case 1:
            return error(Fault::refused, "illegal function");
        case 2:
            return error(Fault::refused, "illegal address");
        case 3:
            return error(Fault::refused, "illegal value");
        case 4:
            return error(Fault::refused, "device failure");
        case 5:
            return error(Fault::busy, "accepted but not finished");
        case 6:
            return error(Fault::busy, "device busy");
        case 7:
            return error(Fault::refused, "negative acknowledge");
        case 8:
            return error(Fault::refused, "memory parity error");
        case 10:
            return error(Fault::timeout, "the gateway has no path to the unit");
        case 11:
            return error(Fault::timeout, "the unit does not answer the gateway");
        default:
            return error(Fault::refused, "unknown to the standard");
    }
}

/// The answer must carry the request's function, or that function's exception.
Result<void> check_function(std::uint8_t function, std::span<const std::uint8_t> pdu) {
    if (pdu.empty()) return fail(Fault::corrupt, "empty answer");
    if (pdu[0] == function) return {};
    if (pdu[0] != (function | exception_bit)) {
        return fail(Fault::corrupt,
                    fmt::format("answer to function {}, not to {}", pdu[0], function));
    }
    if (pdu.size() != 2) return fail(Fault::corrupt, "exception of a wrong length");
    return tl::unexpected(exception_error(pdu[1]));
}

}  // namespace

Result<Bytes> read_pdu(const ReadRequest& request) {
    const auto most = is_bit_table(request.table) ? max_read_bits : max_read_words;
    if (request.count == 0 || request.count > most) {
        return fail(Fault::config, fmt::format("a read of {} is not 1 to {}", request.count, most));
    }
    if (request.address + std::uint32_t{request.count} > 65536U) {
        return fail(Fault::config, "a read beyond address 65535");
    }
    return Bytes{read_function(request.table), high(request.address), low(request.address),
                 high(request.count), low(request.count)};
}

Result<Bytes> write_pdu(const WriteRequest& request) {
    const auto& words = request.words;
    const bool bits = request.table == Table::coil;
    if (!bits && request.table != Table::holding) {
        return fail(Fault::config, fmt::format("{} is read-only", to_string(request.table)));
    }
    const auto most = bits ? max_write_bits : max_write_words;
    if (words.empty() || words.size() > most) {
        return fail(Fault::config, fmt::format("a write of {} is not 1 to {}", words.size(), most));
    }
    if (request.address + words.size() > 65536U) {
        return fail(Fault::config, "a write beyond address 65535");
    }
    Bytes pdu{write_function(request), high(request.address), low(request.address)};
    if (words.size() == 1) {
        // A coil is written as 0xFF00 or 0x0000 (V1.1b3, 6.5).
        const std::uint16_t on = 0xFF00;
        const std::uint16_t value = !bits ? words[0] : words[0] != 0 ? on : std::uint16_t{0};
        pdu.push_back(high(value));
        pdu.push_back(low(value));
        return pdu;
    }
    pdu.push_back(high(words.size()));
    pdu.push_back(low(words.size()));
    if (!bits) {
        pdu.push_back(low(words.size() * 2));
        for (const auto word : words) {
            pdu.push_back(high(word));
            pdu.push_back(low(word));
        }
        return pdu;
    }
    const auto bytes = (words.size() + 7) / 8;
    pdu.push_back(low(bytes));
    const auto first = pdu.size();
    pdu.resize(first + bytes);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == 0) continue;
        auto& byte = pdu[first + i / 8];
        byte = static_cast<std::uint8_t>(byte | (1U << (i % 8)));
    }
    return pdu;
}

Result<Words> parse_read(const ReadRequest& request, std::span<const std::uint8_t> pdu) {
    if (auto ours = check_function(read_function(request.table), pdu); !ours) {
        return tl::unexpected(ours.error());
    }
    const bool bits = is_bit_table(request.table);
    const std::size_t bytes =
        bits ? (request.count + std::size_t{7}) / 8 : std::size_t{request.count} * 2;
    if (pdu.size() != bytes + 2 || pdu[1] != bytes) {
        return fail(Fault::corrupt, fmt::format("{} bytes of data came, not {}",
                                                pdu.size() < 2 ? 0 : pdu.size() - 2, bytes));
    }
    const auto data = pdu.subspan(2);
    Words words(request.count);
    for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = bits ? static_cast<std::uint16_t>((unsigned{data[i / 8]} >> (i % 8)) & 1U)
                        : word_at(data, i * 2);
    }
    return words;
}

Result<void> parse_write(const WriteRequest& request, std::span<const std::uint8_t> pdu) {
    if (auto ours = check_function(write_function(request), pdu); !ours) return ours;
    // A device echoes address and value, or address and count (V1.1b3, 6.5, 6.6, 6.11, 6.12).
    const auto asked = write_pdu(request);
    if (!asked) return tl::unexpected(asked.error());
    if (pdu.size() != 5 || !std::equal(pdu.begin(), pdu.end(), asked->begin())) {
        return fail(Fault::corrupt, "the answer does not echo the write");
    }
    return {};
}

Result<Bytes> parse_any(std::uint8_t function, std::span<const std::uint8_t> pdu) {
    if (auto ours = check_function(function, pdu); !ours) return tl::unexpected(ours.error());
    return Bytes(pdu.begin(), pdu.end());
}

Bytes wrap_tcp(std::uint16_t transaction, std::uint8_t unit, std::span<const std::uint8_t> pdu) {
    const auto length = pdu.size() + 1;
    const Bytes header{high(transaction), low(transaction), 0, 0, high(length), low(length), unit};
    Bytes adu(header.size() + pdu.size());
    std::copy(pdu.begin(), pdu.end(), std::copy(header.begin(), header.end(), adu.begin()));
    return adu;
}

Result<std::span<const std::uint8_t>> unwrap_tcp(std::uint16_t transaction, std::uint8_t unit,
                                                 std::span<const std::uint8_t> adu) {
    if (adu.size() <= tcp_header) return fail(Fault::corrupt, "truncated answer");
    if (word_at(adu, 2) != 0) return fail(Fault::corrupt, "not the Modbus protocol");
    if (word_at(adu, 0) != transaction) {
        return fail(Fault::corrupt, fmt::format("answer to transaction {}, not to {}",
                                                word_at(adu, 0), transaction));
    }
    if (adu[6] != unit) {
        return fail(Fault::corrupt, fmt::format("answer of unit {}, not of {}", adu[6], unit));
    }
    if (std::size_t{word_at(adu, 4)} + 6 != adu.size()) {
        return fail(Fault::corrupt, fmt::format("length {} in the header, {} bytes came",
                                                word_at(adu, 4), adu.size() - 6));
    }
    return adu.subspan(tcp_header);
}

Assembly find_tcp_answer(std::uint16_t transaction, std::uint8_t unit,
                         std::span<const std::uint8_t> bytes) {
    if (bytes.size() <= tcp_header) return {};
    const std::size_t length = std::size_t{word_at(bytes, 4)} + 6;
    if (length > max_tcp_adu || length <= tcp_header) {
        return {
            Assembly::State::bad, {}, {Fault::corrupt, "a header with an impossible length", 0}};
    }
    if (bytes.size() < length) return {};
    const auto pdu = unwrap_tcp(transaction, unit, bytes.first(length));
    if (!pdu) return {Assembly::State::bad, {}, pdu.error()};
    return {Assembly::State::answer, *pdu, {}};
}

}  // namespace firebreak
