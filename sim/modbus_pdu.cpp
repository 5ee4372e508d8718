#include "sim/modbus_pdu.hpp"

#include <optional>

namespace firebreak {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t most_read_bits = 2000;   // V1.1b3, 6.1
constexpr std::size_t most_read_words = 125;   // 6.3
constexpr std::size_t most_write_bits = 1968;  // 6.11
constexpr std::size_t most_write_words = 123;  // 6.12

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
    return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

Bytes exception(std::uint8_t function, std::uint8_t code) {
    return {static_cast<std::uint8_t>(function | 0x80U), code};
}

Bytes exception(std::uint8_t function, Exception code) {
    return exception(function, static_cast<std::uint8_t>(code));
}

Bytes packed(const Words& bits) {
    Bytes bytes((bits.size() + 7) / 8, 0);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (bits[i] != 0) {
            bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (1U << (i % 8)));
        }
    }
    return bytes;
}

Bytes big_endian(const Words& words) {
    Bytes bytes;
    for (const auto word : words) {
        bytes.push_back(static_cast<std::uint8_t>(word >> 8));
        bytes.push_back(static_cast<std::uint8_t>(word & 0xFFU));
    }
    return bytes;
}

/// The table a function works on; of an unknown function, any.
Table table_of(std::uint8_t function) {
    switch (function) {
        case 2:
            return Table::discrete_input;
        case 3:
        case 6:
        case 16:
            return Table::holding;
        case 4:
            return Table::input;
        default:
            return Table::coil;
    }
}

struct Target {
    Room& room;
    std::size_t device;
    std::span<const std::uint8_t> request;

    [[nodiscard]] std::uint8_t function() const { return request[0]; }

    [[nodiscard]] Bytes read(Table table, bool bits) const {
        if (request.size() != 5) return exception(function(), Exception::illegal_value);
        const auto count = word_at(request, 3);
        if (count == 0 || count > (bits ? most_read_bits : most_read_words)) {
            return exception(function(), Exception::illegal_value);
        }
        const auto answer = room.read(device, table, word_at(request, 1), count);
        if (answer.silent) return {};
        if (answer.code != 0) return exception(function(), answer.code);
        const auto content = bits ? packed(answer.words) : big_endian(answer.words);
        Bytes reply = {function(), static_cast<std::uint8_t>(content.size())};
        reply.insert(reply.end(), content.begin(), content.end());
        return reply;
    }

    [[nodiscard]] Bytes write(Table table, const Words& words) const {
        const auto answer = room.write(device, table, word_at(request, 1), words);
        if (answer.silent) return {};
        if (answer.code != 0) return exception(function(), answer.code);
        return {request.begin(), request.begin() + 5};  // all four writes echo these
    }

    [[nodiscard]] Bytes write_coil() const {
        if (request.size() != 5) return exception(function(), Exception::illegal_value);
        const auto value = word_at(request, 3);
        if (value != 0 && value != 0xFF00) return exception(function(), Exception::illegal_value);
        return write(Table::coil, {static_cast<std::uint16_t>(value != 0)});
    }

    [[nodiscard]] Bytes write_register() const {
        if (request.size() != 5) return exception(function(), Exception::illegal_value);
        return write(Table::holding, {word_at(request, 3)});
    }

    [[nodiscard]] Bytes write_coils() const {
        const auto count = counted(most_write_bits, [](std::size_t n) { return (n + 7) / 8; });
        if (!count) return exception(function(), Exception::illegal_value);
        Words bits;
        for (std::size_t i = 0; i < *count; ++i) {
            bits.push_back(
                static_cast<std::uint16_t>((std::uint32_t{request[6 + i / 8]} >> (i % 8)) & 1U));
        }
        return write(Table::coil, bits);
    }

    [[nodiscard]] Bytes write_registers() const {
        const auto count = counted(most_write_words, [](std::size_t n) { return n * 2; });
        if (!count) return exception(function(), Exception::illegal_value);
        Words words;
        for (std::size_t i = 0; i < *count; ++i) words.push_back(word_at(request, 6 + 2 * i));
        return write(Table::holding, words);
    }

private:
    /// How many values a multiple write carries, if count, byte count and length agree.
    template <class BytesFor>
    [[nodiscard]] std::optional<std::size_t> counted(std::size_t most, BytesFor bytes_for) const {
        if (request.size() < 6) return std::nullopt;
        const std::size_t count = word_at(request, 3);
        const std::size_t bytes = bytes_for(count);
        if (count == 0 || count > most || request[5] != bytes || request.size() != 6 + bytes) {
            return std::nullopt;
        }
        return count;
    }
};

}  // namespace

std::vector<std::uint8_t> answer_pdu(Room& room, std::size_t bus, std::uint8_t unit,
                                     std::span<const std::uint8_t> request) {
    if (request.empty() || request.size() > max_pdu_bytes) return {};
    const auto table = table_of(request[0]);
    const auto address = request.size() < 3 ? std::uint16_t{0} : word_at(request, 1);
    const auto device = room.find(bus, unit, table, address);
    if (!device) return exception(request[0], Exception::no_target);
    const Target target{room, *device, request};
    switch (request[0]) {
        case 1:
        case 2:
            return target.read(table, true);
        case 3:
        case 4:
            return target.read(table, false);
        case 5:
            return target.write_coil();
        case 6:
            return target.write_register();
        case 15:
            return target.write_coils();
        case 16:
            return target.write_registers();
        default:
            break;
    }
    return exception(request[0], Exception::illegal_function);
}

}  // namespace firebreak
