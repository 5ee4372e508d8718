#include "sim/connection.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "firmware/bus/frame.hpp"
#include "sim/byte_queue.hpp"
#include "sim/rtu_requests.hpp"

namespace firebreak {
namespace {

// MODBUS Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol and length, then the unit id.
constexpr std::size_t mbap_bytes = 7;
/// Answers a client may leave unread before it is shown out.
constexpr std::size_t most_unread_bytes = 16 * 1024;
/// A frame's bytes come together; who takes longer over one has hung.
constexpr Duration frame_patience = std::chrono::seconds(5);
/// A network tears frames apart, so silence means less than on a line.
constexpr Duration network_silence = std::chrono::milliseconds(100);

class Connection : public Endpoint {
public:
    Connection(Descriptor fd, std::size_t bus, const ModbusAnswer& answer)
        : fd_(std::move(fd)), bus_(bus), answer_(answer) {}

    [[nodiscard]] int fd() const final { return fd_.get(); }

    [[nodiscard]] short interest(Instant) const final {
        return static_cast<short>(sending_.empty() ? POLLIN : POLLIN | POLLOUT);
    }

    [[nodiscard]] Instant deadline() const final {
        return std::min(outgoing_.next(), frame_deadline());
    }

    [[nodiscard]] bool serve(Instant now) final {
        if (!receive(now) || !take_requests(now)) return false;
        if (outgoing_.take_due(now, sending_)) {
            reset_on_close(fd_);
            return false;
        }
        if (!send()) return false;
        return sending_.size() + outgoing_.bytes() <= most_unread_bytes;
    }

protected:
    /// False when what came is not Modbus, or hangs in the middle of a frame.
    [[nodiscard]] virtual bool take_requests(Instant now) = 0;
    virtual void heard(std::span<const std::uint8_t> bytes, Instant now) = 0;
    [[nodiscard]] virtual Instant frame_deadline() const = 0;

    [[nodiscard]] Reply ask(std::uint8_t unit, std::span<const std::uint8_t> pdu) const {
        return answer_(bus_, unit, pdu);
    }
    void say(const Transmission& sent, Instant now) { outgoing_.add(sent, now, {}); }

private:
    /// False when the connection is over.
    [[nodiscard]] bool receive(Instant now) {
        std::uint8_t buffer[4096];
        const auto got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        heard({buffer, static_cast<std::size_t>(got)}, now);
        return true;
    }

    [[nodiscard]] bool send() {
        if (sending_.empty()) return true;
        const auto sent = ::send(fd_.get(), sending_.data(), sending_.size(), MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        sending_.erase(sending_.begin(), sending_.begin() + sent);
        return true;
    }

    Descriptor fd_;
    std::size_t bus_;
    const ModbusAnswer& answer_;
    ByteQueue outgoing_;
    Bytes sending_;
};

class TcpConnection final : public Connection {
public:
    using Connection::Connection;

private:
    void heard(std::span<const std::uint8_t> bytes, Instant now) override {
        heard_ = now;
        incoming_.insert(incoming_.end(), bytes.begin(), bytes.end());
    }

    [[nodiscard]] Instant frame_deadline() const override {
        return incoming_.empty() ? never : heard_ + frame_patience;
    }

    [[nodiscard]] bool take_requests(Instant now) override {
        std::size_t begin = 0;
        while (incoming_.size() - begin >= mbap_bytes) {
            const auto* head = incoming_.data() + begin;
            const auto word = [head](std::size_t at) {
                return static_cast<std::uint16_t>((head[at] << 8) | head[at + 1]);
            };
            const std::size_t length = word(4);
            // After such a head nobody can tell where the next frame begins.
            if (word(2) != 0 || length < 2 || length > max_pdu + 1) return false;
            if (incoming_.size() - begin < 6 + length) break;
            const auto unit = head[6];
            say(tcp_transmission(word(0), unit, ask(unit, {head + mbap_bytes, length - 1})), now);
            begin += 6 + length;
        }
        incoming_.erase(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(begin));
        return now < frame_deadline();
    }

    Bytes incoming_;  ///< less than a frame, once served
    Instant heard_{};
};

class RtuConnection final : public Connection {
public:
    using Connection::Connection;

private:
    void heard(std::span<const std::uint8_t> bytes, Instant now) override {
        requests_.add(bytes, now);
    }

    [[nodiscard]] Instant frame_deadline() const override { return requests_.deadline(); }

    [[nodiscard]] bool take_requests(Instant now) override {
        while (const auto request = requests_.next(now)) {
            say(rtu_transmission(request->unit, ask(request->unit, request->pdu)), now);
        }
        return true;
    }

    RtuRequests requests_{Duration::zero(), network_silence};
};

}  // namespace

std::unique_ptr<Endpoint> make_connection(Descriptor fd, std::size_t bus, Wire framing,
                                          const ModbusAnswer& answer) {
    if (framing == Wire::tcp) return std::make_unique<TcpConnection>(std::move(fd), bus, answer);
    return std::make_unique<RtuConnection>(std::move(fd), bus, answer);
}

}  // namespace firebreak
