// Any bytes as what a wire gives after a request: in TCP, in RTU, and through the whole bus in
// pieces. No crash; what is taken for an answer has our transaction, unit, function, length and
// CRC, told by an oracle of its own; a good answer behind garbage is found; the next one is read.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>

#include "firmware/bus/modbus_bus.hpp"
#include "firmware/bus/rtu.hpp"

using namespace firebreak;

namespace {

using Span = std::span<const std::uint8_t>;
using State = Assembly::State;

void must(bool holds) {
    if (!holds) std::abort();
}

/// Takes bytes from the front; zeros when there are none left.
struct Feed {
    Span left;

    std::uint8_t byte() {
        if (left.empty()) return 0;
        const auto first = left.front();
        left = left.subspan(1);
        return first;
    }
    std::uint16_t word() {
        const unsigned high = byte();
        return static_cast<std::uint16_t>((high << 8U) | byte());
    }
    Span take(std::size_t count) {
        const auto taken = left.first(std::min(count, left.size()));
        left = left.subspan(taken.size());
        return taken;
    }
};

struct Asked {
    ReadRequest read;
    WriteRequest write;
    std::uint16_t transaction = 0;
    std::uint8_t function = 0;  ///< of any request
};

/// Requests of every kind, also such as cannot be made.
Asked asked(Feed& feed) {
    Asked asked;
    asked.read = {.unit = feed.byte(),
                  .table = static_cast<Table>(feed.byte() % 4),
                  .address = feed.word(),
                  .count = feed.byte()};
    if (is_bit_table(asked.read.table)) {
        asked.read.count = static_cast<std::uint16_t>(asked.read.count * 8 + feed.byte() % 8);
    }
    asked.write = {.unit = asked.read.unit,
                   .table = feed.byte() % 2 == 0 ? Table::coil : Table::holding,
                   .address = asked.read.address,
                   .words = Words(feed.byte() % 130, feed.word())};
    asked.transaction = feed.word();
    asked.function = feed.byte();
    return asked;
}

/// The CRC as appendix B of MODBUS over Serial Line V1.02 describes it, bit by bit.
std::uint16_t slow_crc(Span bytes) {
    unsigned crc = 0xFFFF;
    for (const auto byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? (crc >> 1U) ^ 0xA001U : crc >> 1U;
    }
    return static_cast<std::uint16_t>(crc);
}

bool within(Span part, Span whole) {
    return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void expect_error(const Error& error, Span pdu) {
    must(!error.what.empty());
    if (error.code == 0) return must(error.fault == Fault::corrupt || pdu.size() == 2);
    must(pdu.size() == 2 && (pdu[0] & 0x80U) != 0 && error.code == pdu[1]);
    must(error.fault == Fault::refused || error.fault == Fault::busy ||
         error.fault == Fault::timeout);
}

void fuzz_pdu(const Asked& asked, Span pdu) {
    const auto request = read_pdu(asked.read);
    must(!request || request->size() == 5);
    if (const auto words = request ? parse_read(asked.read, pdu) : fail(Fault::config, "none")) {
        must(pdu[0] == (*request)[0] && words->size() == asked.read.count);
        must(pdu.size() == std::size_t{2} + pdu[1]);
        for (std::size_t i = 0; i < words->size(); ++i) {
            const unsigned word = is_bit_table(asked.read.table)
                                      ? (pdu[2 + i / 8] >> (i % 8)) & 1U
                                      : pdu[2 + 2 * i] * 256U + pdu[3 + 2 * i];
            must((*words)[i] == word);
        }
    } else if (request) {
        expect_error(words.error(), pdu);
    }
    if (const auto write = write_pdu(asked.write)) {
        must(write->size() >= 5 && write->size() <= max_pdu);
        const auto written = parse_write(asked.write, pdu);
        if (!written) expect_error(written.error(), pdu);
        must(!written || (pdu.size() == 5 && std::equal(pdu.begin(), pdu.end(), write->begin())));
    }
    const auto any = parse_any(asked.function, pdu);
    if (!any) return expect_error(any.error(), pdu);
    must(pdu[0] == asked.function && std::equal(pdu.begin(), pdu.end(), any->begin(), any->end()));
}

void fuzz_tcp(const Asked& asked, Span bytes) {
    const auto unit = asked.read.unit;
    for (std::size_t count = 0; count <= bytes.size(); ++count) {
        const auto came = bytes.first(count);
        const auto found = find_tcp_answer(asked.transaction, unit, came);
        if (found.state == State::more) continue;
        if (found.state == State::bad) return must(found.why.fault == Fault::corrupt);
        must(came[0] == asked.transaction >> 8U && came[1] == (asked.transaction & 0xFFU));
        must(came[2] == 0 && came[3] == 0 && came[6] == unit);
        // Found as soon as it is whole, so these are all the bytes that came so far.
        must(came[4] * 256U + came[5] + 6U == count);
        must(found.pdu.data() == came.data() + 7 && found.pdu.size() + 7 == count);
        must(!found.pdu.empty() && found.pdu.size() <= max_pdu);
        return fuzz_pdu(asked, found.pdu);
    }
}

void expect_rtu(const Assembly& found, std::uint8_t unit, std::uint8_t function, Span bytes) {
    must(within(found.pdu, bytes) && !found.pdu.empty());
    const auto begin = static_cast<std::size_t>(found.pdu.data() - bytes.data());
    must(begin >= 1 && begin + found.pdu.size() + 2 <= bytes.size());
    must(bytes[begin - 1] == unit && (found.pdu[0] & 0x7FU) == (function & 0x7FU));
    const auto frame = bytes.subspan(begin - 1, found.pdu.size() + 1);
    const auto crc = slow_crc(frame);
    const auto* const tail = frame.data() + frame.size();
    must(tail[0] == (crc & 0xFFU) && tail[1] == crc >> 8U);
}

void fuzz_rtu(const Asked& asked, Span bytes) {
    const auto unit = asked.read.unit;
    const auto function = asked.function;
    const auto found = find_rtu_answer(unit, function, bytes);
    if (found.state == State::answer) {
        expect_rtu(found, unit, function, bytes);
        fuzz_pdu(asked, found.pdu);
    } else {
        must(found.why.fault == (bytes.empty() ? Fault::timeout : Fault::corrupt));
    }
    // Our exception behind all this: it is found, unless something before it already is an answer.
    const Bytes refusal{static_cast<std::uint8_t>(function | 0x80U), 2};
    Bytes whole(bytes.begin(), bytes.end());
    const auto frame = wrap_rtu(unit, refusal);
    whole.insert(whole.end(), frame.begin(), frame.end());
    const auto behind = find_rtu_answer(unit, function, whole);
    must(behind.state == State::answer);
    expect_rtu(behind, unit, function, whole);
}

/// A wire that gives the fuzzer's bytes in the fuzzer's pieces, and later a good answer.
class FedPort final : public Port {
public:
    FedPort(Feed& feed, const bool& honest, const BusPlan& plan)
        : feed_(feed), honest_(honest), plan_(plan) {}

    Result<void> open() override {
        answer_.clear();
        if (!honest_ && feed_.byte() == 0xFF) return fail(Fault::port_lost, "unplugged");
        return {};
    }
    Result<void> send(Span bytes) override {
        if (!honest_) return {};
        const bool tcp = plan_.wire == Wire::tcp;
        if (plan_.wire == Wire::serial && plan_.line.port.echo) {
            answer_.assign(bytes.begin(), bytes.end());
        }
        const Bytes pdu{3, 2, 0x12, 0x34};
        const auto answer =
            tcp ? wrap_tcp(static_cast<std::uint16_t>(bytes[0] * 256 + bytes[1]), bytes[6], pdu)
                : wrap_rtu(bytes[0], pdu);
        answer_.insert(answer_.end(), answer.begin(), answer.end());
        return {};
    }
    Result<std::size_t> receive(std::span<std::uint8_t> into, Instant) override {
        const std::size_t piece = honest_ ? answer_.size() : feed_.byte();
        if (piece == 0xFF) return fail(Fault::port_lost, "unplugged");
        const auto most = std::min(piece, into.size());
        const auto got = honest_ ? Span(answer_).first(most) : feed_.take(most);
        if (got.empty()) return fail(Fault::timeout, "no answer");
        std::copy(got.begin(), got.end(), into.begin());
        if (honest_) answer_.clear();
        return got.size();
    }
    void close() override { answer_.clear(); }

private:
    Feed& feed_;
    const bool& honest_;
    BusPlan plan_;
    Bytes answer_;
};

void fuzz_bus(const Asked& asked, Feed& feed) {
    BusPlan plan;
    plan.wire = static_cast<Wire>(feed.byte() % 3);
    plan.line.port.echo = feed.byte() % 2 != 0;
    plan.gap = Duration::zero();
    bool honest = false;
    const auto bus = make_modbus_bus(plan, std::make_unique<FedPort>(feed, honest, plan));
    for (int i = 0; i < 4 && !feed.left.empty(); ++i) {
        const auto words = bus->read(asked.read);
        must(!words || words->size() == asked.read.count);
        static_cast<void>(bus->write(asked.write));
        const auto any = bus->ask(asked.read.unit, Bytes{asked.function});
        must(!any || any->front() == asked.function);
    }
    // Whatever came before, the next good answer is read.
    honest = true;
    const auto words = bus->read({.unit = 7, .table = Table::holding, .address = 0, .count = 1});
    must(words.has_value() && *words == Words{0x1234});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Feed feed{{data, size}};
    const auto way = feed.byte() % 6;
    const auto request = asked(feed);
    switch (way) {
        case 0:
            fuzz_pdu(request, feed.left);
            break;
        case 1:
            fuzz_tcp(request, feed.left);
            break;
        case 2:
            fuzz_rtu(request, feed.left);
            break;
        case 3:  // framed well, so that what is inside is reached
            fuzz_tcp(request, wrap_tcp(request.transaction, request.read.unit, feed.take(300)));
            break;
        case 4: {
            const auto garbage = feed.take(feed.byte());
            Bytes bytes(garbage.begin(), garbage.end());
            const auto frame = wrap_rtu(request.read.unit, feed.take(300));
            bytes.insert(bytes.end(), frame.begin(), frame.end());
            fuzz_rtu(request, bytes);
            break;
        }
        default:
            fuzz_bus(request, feed);
    }
    return 0;
}
