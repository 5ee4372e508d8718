#include "firmware/bus/modbus_bus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "firmware/bus/frame.hpp"
#include "firmware/bus/rtu.hpp"

namespace firebreak {
namespace {

using namespace std::chrono_literals;

/// A frame that has begun and stops this long will not go on. The standard allows 1.5 characters;
/// USB adapters hand over what they have every 16 ms, and some devices think between bytes.
constexpr Duration patience_within_frame = 100ms;
/// What has turned out not to be ours may be followed by ours: a late neighbour comes first.
constexpr Duration patience_after_bad = 20ms;

class ModbusBus final : public Bus {
public:
    ModbusBus(const BusPlan& plan, std::unique_ptr<Port> port)
        : plan_(plan),
          port_(std::move(port)),
          gap_(plan.gap.value_or(plan.wire == Wire::serial ? standard_gap(plan.line)
                                                           : Duration::zero())) {}

    Result<Words> read(const ReadRequest& request) override {
        const auto pdu = read_pdu(request);
        if (!pdu) return tl::unexpected(pdu.error());
        const auto answer = exchange(request.unit, *pdu);
        if (!answer) return tl::unexpected(answer.error());
        return kept(parse_read(request, *answer));
    }

    Result<void> write(const WriteRequest& request) override {
        const auto pdu = write_pdu(request);
        if (!pdu) return tl::unexpected(pdu.error());
        const auto answer = exchange(request.unit, *pdu);
        if (!answer) return tl::unexpected(answer.error());
        return kept(parse_write(request, *answer));
    }

    Result<Bytes> ask(std::uint8_t unit, std::span<const std::uint8_t> pdu) override {
        if (pdu.empty() || pdu.size() > max_pdu) {
            return fail(Fault::config, fmt::format("a request of {} bytes", pdu.size()));
        }
        const auto answer = exchange(unit, pdu);
        if (!answer) return tl::unexpected(answer.error());
        return kept(parse_any(pdu[0], *answer));
    }

private:
    using Answer = Result<std::span<const std::uint8_t>>;

    /// One request out, one answer in.
    Answer exchange(std::uint8_t unit, std::span<const std::uint8_t> pdu) {
        const bool rtu = plan_.wire != Wire::tcp;
        if (rtu && (unit == 0 || unit > last_serial_unit)) {
            return fail(Fault::config, fmt::format("unit {} is none of 1 to 247", unit));
        }
        if (auto open = port_->open(); !open) return tl::unexpected(open.error());
        if (!rtu) ++transaction_;
        const auto request = rtu ? wrap_rtu(unit, pdu) : wrap_tcp(transaction_, unit, pdu);
        if (rtu) std::this_thread::sleep_until(quiet_since_ + gap_);
        if (auto sent = port_->send(request); !sent) {
            port_->close();
            return tl::unexpected(sent.error());
        }
        auto leaves = std::chrono::steady_clock::now();
        if (plan_.wire == Wire::serial) leaves += time_on_line(plan_.line, request.size());
        quiet_since_ = leaves;
        const auto answer = assemble(unit, pdu[0], request, leaves + plan_.timeout);
        if (!answer) give_up(answer.error().fault);
        return answer;
    }

    Answer assemble(std::uint8_t unit, std::uint8_t function, const Bytes& request, Instant until) {
        std::size_t count = 0;
        auto wait = until;
        while (true) {
            const auto got = port_->receive(std::span(came_).subspan(count), wait);
            if (!got) {
                const bool silence = got.error().fault == Fault::timeout;
                if (!silence || count == 0) return tl::unexpected(got.error());
                return tl::unexpected(look(unit, function, request, count).why);
            }
            count += *got;
            quiet_since_ = std::chrono::steady_clock::now();
            const auto assembly = look(unit, function, request, count);
            if (assembly.state == Assembly::State::answer) return assembly.pdu;
            const bool bad = assembly.state == Assembly::State::bad;
            if (count == came_.size() || (bad && plan_.wire == Wire::tcp)) {
                return tl::unexpected(assembly.why);
            }
            if (plan_.wire == Wire::tcp) continue;
            wait =
                std::min(until, quiet_since_ + (bad ? patience_after_bad : patience_within_frame));
        }
    }

    [[nodiscard]] Assembly look(std::uint8_t unit, std::uint8_t function, const Bytes& request,
                                std::size_t count) const {
        auto bytes = std::span(came_).first(count);
        if (plan_.wire == Wire::tcp) return find_tcp_answer(transaction_, unit, bytes);
        if (plan_.wire == Wire::serial && plan_.line.port.echo) {
            const auto echo = bytes.first(std::min(request.size(), bytes.size()));
            if (!std::equal(echo.begin(), echo.end(), request.begin())) {
                return {Assembly::State::bad,
                        {},
                        {Fault::corrupt, "the echo is not what was sent: a collision", 0}};
            }
            bytes = bytes.subspan(echo.size());
            if (bytes.empty()) return {};
        }
        return find_rtu_answer(unit, function, bytes);
    }

    /// After any doubt about a stream nobody knows where in it we are. A line knows by its silence.
    void give_up(Fault fault) {
        if (plan_.wire != Wire::serial || fault == Fault::port_lost) port_->close();
    }

    /// Passes a result on; a corrupt one leaves the stream in doubt.
    template <class T>
    T kept(T result) {
        if (!result && result.error().fault == Fault::corrupt) give_up(Fault::corrupt);
        return result;
    }

    BusPlan plan_;
    std::unique_ptr<Port> port_;
    Duration gap_;
    Instant quiet_since_{};
    std::uint16_t transaction_ = 0;
    /// Garbage, an echo and an answer; who says more is babbling.
    std::array<std::uint8_t, 2 * max_rtu_frame + 64> came_{};
};

}  // namespace

std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan) {
    return make_modbus_bus(plan, make_port(plan));
}

std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan, std::unique_ptr<Port> port) {
    return std::make_unique<ModbusBus>(plan, std::move(port));
}

}  // namespace firebreak
