#include "firmware/sparkplug/payload.hpp"

#include <bit>

#include "contract/payload.hpp"

namespace firebreak {

namespace {

// Protocol Buffers' wire types.
constexpr std::uint32_t varint = 0, eight_bytes = 1, counted = 2, four_bytes = 5;

class Writer {
public:
    void number(std::uint32_t field, std::uint64_t value) {
        raw(field << 3U | varint);
        raw(value);
    }
    void bytes(std::uint32_t field, std::string_view value) {
        raw(field << 3U | counted);
        raw(value.size());
        text_ += value;
    }
    void floating(std::uint32_t field, double value) {
        raw(field << 3U | eight_bytes);
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (unsigned i = 0; i < 64; i += 8) text_ += static_cast<char>(bits >> i & 0xFFU);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void raw(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) text_ += static_cast<char>((value & 0x7FU) | 0x80U);
        text_ += static_cast<char>(value);
    }
    std::string text_;
};

std::uint64_t milliseconds(WallTime at) {
    return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

std::string properties(const std::string& unit) {
    Writer value;
    value.number(1, static_cast<std::uint64_t>(SparkplugType::string));
    value.bytes(8, unit);
    Writer set;
    set.bytes(1, "engUnit");
    set.bytes(2, value.take());
    return set.take();
}

std::string encode(const SparkplugMetric& metric) {
    Writer out;
    if (!metric.name.empty()) out.bytes(1, metric.name);
    if (metric.alias) out.number(2, *metric.alias);
    out.number(3, milliseconds(metric.at));
    out.number(4, static_cast<std::uint64_t>(metric.type));
    if (std::holds_alternative<std::monostate>(metric.value)) out.number(7, 1);
    if (!metric.unit.empty()) out.bytes(9, properties(metric.unit));
    if (const auto* whole = std::get_if<std::int64_t>(&metric.value)) {
        out.number(11, static_cast<std::uint64_t>(*whole));
    } else if (const auto* number = std::get_if<double>(&metric.value)) {
        out.floating(13, *number);
    } else if (const auto* flag = std::get_if<bool>(&metric.value)) {
        out.number(14, *flag ? 1 : 0);
    } else if (const auto* text = std::get_if<std::string>(&metric.value)) {
        out.bytes(15, *text);
    }
    return out.take();
}

/// One field after the other of a message; what it points to is the message's own.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    struct Field {
        std::uint64_t number = 0;
        std::uint64_t value = 0;      ///< of a varint
        std::string_view bytes = {};  ///< of a counted one
    };

    /// Nothing at the end, or when is_broken().
    std::optional<Field> next() {
        if (rest_.empty() || broken_) return std::nullopt;
        const auto key = raw();
        Field field{key >> 3U, 0, {}};
        switch (key & 7U) {
            case varint:
                field.value = raw();
                break;
            case counted:
                field.bytes = cut(raw());
                break;
            case eight_bytes:
                cut(8);
                break;
            case four_bytes:
                cut(4);
                break;
            default:
                broken_ = true;
        }
        if (broken_ || field.number == 0) {
            broken_ = true;
            return std::nullopt;
        }
        return field;
    }
    [[nodiscard]] bool is_broken() const { return broken_; }

private:
    std::uint64_t raw() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) break;
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80) return value;
        }
        broken_ = true;
        return 0;
    }
    std::string_view cut(std::uint64_t count) {
        if (count > rest_.size()) {
            broken_ = true;
            return {};
        }
        const auto out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }

    std::string_view rest_;
    bool broken_ = false;
};

Result<bool> is_rebirth(std::string_view metric) {
    Reader in(metric);
    bool named = false;
    bool set = false;
    while (const auto field = in.next()) {
        if (field->number == 1) named = field->bytes == "Node Control/Rebirth";
        if (field->number == 14) set = field->value != 0;
    }
    if (in.is_broken()) return fail(Fault::wire, "a metric is no message of Sparkplug B");
    return named && set;
}

}  // namespace

std::string encode(const SparkplugPayload& payload) {
    Writer out;
    out.number(1, milliseconds(payload.at));
    for (const auto& metric : payload.metrics) out.bytes(2, encode(metric));
    if (payload.seq) out.number(3, *payload.seq);
    return out.take();
}

Result<bool> asks_rebirth(std::string_view payload) {
    if (payload.size() > max_payload_bytes) return fail(Fault::wire, "longer than it may be");
    Reader in(payload);
    bool asked = false;
    while (const auto field = in.next()) {
        if (field->number != 2) continue;
        const auto one = is_rebirth(field->bytes);
        if (!one) return one;
        asked = asked || *one;
    }
    if (in.is_broken()) return fail(Fault::wire, "no payload of Sparkplug B");
    return asked;
}

}  // namespace firebreak
