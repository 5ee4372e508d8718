#include "sim/modbus_pdu.hpp"

#include <optional>

#include "sim/identity.hpp"

namespace firebreak {
namespace {

constexpr std::size_t most_read_bits = 2000;        // V1.1b3, 6.1
constexpr std::size_t most_read_words = 125;        // 6.3
constexpr std::size_t most_write_bits = 1968;       // 6.11
constexpr std::size_t most_write_words = 123;       // 6.12
constexpr std::size_t most_written_and_read = 121;  // 6.17
constexpr std::uint8_t broadcast = 0;

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
        case 23:
            return Table::holding;
        case 4:
            return Table::input;
        default:
            return Table::coil;
    }
}

/// One request to one device.
class Target {
public:
    Target(Room& room, std::size_t device, std::span<const std::uint8_t> request)
        : room_(room), device_(device), request_(request) {}

    [[nodiscard]] Reply reply() const {
        switch (function()) {
            case 1:
            case 2:
                return read(true);
            case 3:
            case 4:
                return read(false);
            case 5:
                return write_coil();
            case 6:
                return write_register();
            case 15:
                return write_coils();
            case 16:
                return write_registers();
            case 17:
                return said(server_id(room_.plan(device_)));
            case 23:
                return write_and_read();
            case 43:
                return said(device_identification(room_.plan(device_), request_));
            default:
                break;
        }
        return refusal(Exception::illegal_function);
    }

private:
    [[nodiscard]] std::uint8_t function() const { return request_[0]; }
    [[nodiscard]] Table table() const { return table_of(function()); }

    [[nodiscard]] Reply refusal(Exception code) const { return {exception(function(), code), {}}; }

    /// What every answer has in common; `pdu` makes the rest of a good one.
    template <class Pdu>
    [[nodiscard]] Reply reply_to(const DeviceAnswer& answer, Pdu pdu) const {
        if (answer.silent) return {};
        if (answer.code != 0) return {exception(function(), answer.code), answer.fault};
        return {pdu(answer.words), answer.fault};
    }

    [[nodiscard]] Reply said(const Bytes& pdu) const {
        return reply_to(room_.ask(device_), [&](const Words&) { return pdu; });
    }

    [[nodiscard]] Bytes content(const Bytes& content) const {
        Bytes pdu = {function(), static_cast<std::uint8_t>(content.size())};
        pdu.insert(pdu.end(), content.begin(), content.end());
        return pdu;
    }

    [[nodiscard]] Reply read(bool bits) const {
        if (request_.size() != 5) return refusal(Exception::illegal_value);
        const auto count = word_at(request_, 3);
        if (count == 0 || count > (bits ? most_read_bits : most_read_words)) {
            return refusal(Exception::illegal_value);
        }
        return reply_to(
            room_.read(device_, table(), word_at(request_, 1), count),
            [&](const Words& words) { return content(bits ? packed(words) : big_endian(words)); });
    }

    [[nodiscard]] Reply write(const Words& words) const {
        return reply_to(room_.write(device_, table(), word_at(request_, 1), words),
                        [&](const Words&) {
                            return Bytes(request_.begin(), request_.begin() + 5);  // all four echo
                        });
    }

    [[nodiscard]] Reply write_coil() const {
        if (request_.size() != 5) return refusal(Exception::illegal_value);
        const auto value = word_at(request_, 3);
        if (value != 0 && value != 0xFF00) return refusal(Exception::illegal_value);
        return write({static_cast<std::uint16_t>(value != 0)});
    }

    [[nodiscard]] Reply write_register() const {
        if (request_.size() != 5) return refusal(Exception::illegal_value);
        return write({word_at(request_, 3)});
    }

    [[nodiscard]] Reply write_coils() const {
        const auto count = counted(3, most_write_bits, [](std::size_t n) { return (n + 7) / 8; });
        if (!count) return refusal(Exception::illegal_value);
        Words bits;
        for (std::size_t i = 0; i < *count; ++i) {
            bits.push_back(
                static_cast<std::uint16_t>((std::uint32_t{request_[6 + i / 8]} >> (i % 8)) & 1U));
        }
        return write(bits);
    }

    [[nodiscard]] Reply write_registers() const {
        const auto count = counted(3, most_write_words, [](std::size_t n) { return n * 2; });
        if (!count) return refusal(Exception::illegal_value);
        Words words;
        for (std::size_t i = 0; i < *count; ++i) words.push_back(word_at(request_, 6 + 2 * i));
        return write(words);
    }

    /// Written first, then read (6.17).
    [[nodiscard]] Reply write_and_read() const {
        const auto count = counted(7, most_written_and_read, [](std::size_t n) { return n * 2; });
        const auto wanted = request_.size() < 5 ? std::uint16_t{0} : word_at(request_, 3);
        if (!count || wanted == 0 || wanted > most_read_words) {
            return refusal(Exception::illegal_value);
        }
        Words words;
        for (std::size_t i = 0; i < *count; ++i) words.push_back(word_at(request_, 10 + 2 * i));
        const auto written = room_.write(device_, table(), word_at(request_, 5), words);
        if (written.silent || written.code != 0) {
            return reply_to(written, [](const Words&) { return Bytes(); });
        }
        return reply_to(room_.read(device_, table(), word_at(request_, 1), wanted),
                        [&](const Words& read) { return content(big_endian(read)); });
    }

    /// How many values a multiple write carries, if the count at `at`, the byte count after it
    /// and the length agree.
    template <class BytesFor>
    [[nodiscard]] std::optional<std::size_t> counted(std::size_t at, std::size_t most,
                                                     BytesFor bytes_for) const {
        if (request_.size() < at + 3) return std::nullopt;
        const std::size_t count = word_at(request_, at);
        const std::size_t bytes = bytes_for(count);
        if (count == 0 || count > most || request_[at + 2] != bytes ||
            request_.size() != at + 3 + bytes) {
            return std::nullopt;
        }
        return count;
    }

    Room& room_;
    std::size_t device_;
    std::span<const std::uint8_t> request_;
};

}  // namespace

Reply answer_pdu(Room& room, std::size_t bus, std::uint8_t unit,
                 std::span<const std::uint8_t> request) {
    if (request.empty() || request.size() > max_pdu_bytes) return {};
    if (room.is_rtu(bus) && unit == broadcast) {
        for (const auto device : room.devices_on(bus)) {
            static_cast<void>(Target(room, device, request).reply());
        }
        return {};
    }
    const auto address = request.size() < 3 ? std::uint16_t{0} : word_at(request, 1);
    const auto device = room.find(bus, unit, table_of(request[0]), address);
    if (device) return Target(room, *device, request).reply();
    return room.is_rtu(bus) ? Reply{} : Reply{exception(request[0], Exception::no_target), {}};
}

}  // namespace firebreak
