#include "firmware/bus/modbus_bus.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <modbus.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "firmware/bus/frame.hpp"

namespace firebreak {
namespace {

struct Free {
    void operator()(modbus_t* modbus) const { modbus_free(modbus); }
};
using Modbus = std::unique_ptr<modbus_t, Free>;

bool is_ipv4(const std::string& host) {
    in_addr ignored{};
    return inet_pton(AF_INET, host.c_str(), &ignored) == 1;
}

/// libmodbus connects, frames what it receives and keeps the time. Requests and checks are ours:
/// its own (3.1.6) do not look at the unit of a TCP answer (check_confirmation in modbus.c),
/// so that behind a gateway another unit's words could be taken for those asked for.
class ModbusTcp final : public Bus {
public:
    explicit ModbusTcp(const BusPlan& plan)
        : peer_(fmt::format("{}:{}", plan.host, plan.port)),
          modbus_(is_ipv4(plan.host)
                      ? modbus_new_tcp(plan.host.c_str(), plan.port)
                      : modbus_new_tcp_pi(plan.host.c_str(), std::to_string(plan.port).c_str())) {
        if (!modbus_) return;
        using std::chrono::microseconds;
        const auto timeout =
            std::max(std::chrono::duration_cast<microseconds>(plan.timeout), microseconds(1000));
        const auto whole = static_cast<std::uint32_t>(timeout.count() / 1'000'000);
        const auto rest = static_cast<std::uint32_t>(timeout.count() % 1'000'000);
        modbus_set_response_timeout(modbus_.get(), whole, rest);
        // Without a byte timeout the response timeout bounds the whole answer, however it dribbles.
        modbus_set_byte_timeout(modbus_.get(), 0, 0);
        // Its recovery sleeps and retries out of our sight; ours is to reconnect.
        modbus_set_error_recovery(modbus_.get(), MODBUS_ERROR_RECOVERY_NONE);
    }

    ~ModbusTcp() override { disconnect(); }
    ModbusTcp(const ModbusTcp&) = delete;
    ModbusTcp& operator=(const ModbusTcp&) = delete;

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

private:
    /// One request out, one answer in; any doubt about the stream costs the connection.
    Result<std::span<const std::uint8_t>> exchange(std::uint8_t unit, const Bytes& pdu) {
        if (auto open = connect(); !open) return tl::unexpected(open.error());
        const auto transaction = ++transaction_;
        if (auto sent = send(wrap_tcp(transaction, unit, pdu)); !sent) {
            disconnect();
            return tl::unexpected(sent.error());
        }
        const int count = modbus_receive_confirmation(modbus_.get(), answer_.data());
        if (count < 0) {
            const int error = errno;
            disconnect();
            return tl::unexpected(receive_error(error));
        }
        return kept(unwrap_tcp(transaction, unit,
                               std::span(answer_).first(static_cast<std::size_t>(count))));
    }

    /// Passes a result on; a corrupt one means that we no longer know where in the stream we are.
    template <class T>
    T kept(T result) {
        if (!result && result.error().fault == Fault::corrupt) disconnect();
        return result;
    }

    Result<void> connect() {
        if (!modbus_) return fail(Fault::config, fmt::format("{} is no address", peer_));
        // Bytes that nobody asked for: a peer that answers twice would be one answer ahead of us.
        if (connected_ && modbus_flush(modbus_.get()) > 0) disconnect();
        if (connected_) return {};
        // Waits for at most the response timeout (_connect in modbus-tcp.c).
        if (modbus_connect(modbus_.get()) != 0) {
            return fail(Fault::port_lost,
                        fmt::format("cannot connect to {}: {}", peer_, modbus_strerror(errno)));
        }
        connected_ = true;
        return {};
    }

    Result<void> send(const Bytes& adu) {
        const auto sent =
            ::send(modbus_get_socket(modbus_.get()), adu.data(), adu.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(adu.size())) return {};
        // A request is far smaller than a socket's buffer: a short send means a stuck peer.
        return fail(Fault::port_lost,
                    fmt::format("{} is gone: {}", peer_,
                                sent < 0 ? modbus_strerror(errno) : "its buffer is full"));
    }

    [[nodiscard]] Error receive_error(int error) const {
        switch (error) {
            case ETIMEDOUT:
                return {Fault::timeout, "no answer"};
            case EMBBADDATA:
            case EMBBADCRC:
            case EMBBADEXC:
            case EMBMDATA:
            case EMBBADSLAVE:
                return {Fault::corrupt, modbus_strerror(error)};
            default:
                return {Fault::port_lost,
                        fmt::format("{} is gone: {}", peer_, modbus_strerror(error))};
        }
    }

    void disconnect() {
        if (!connected_) return;
        modbus_close(modbus_.get());
        connected_ = false;
    }

    std::string peer_;
    Modbus modbus_;
    bool connected_ = false;
    std::uint16_t transaction_ = 0;
    std::array<std::uint8_t, MODBUS_TCP_MAX_ADU_LENGTH> answer_{};
};

}  // namespace

std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan) {
    return std::make_unique<ModbusTcp>(plan);
}

}  // namespace firebreak
