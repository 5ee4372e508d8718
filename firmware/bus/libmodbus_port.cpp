#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <modbus.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "firmware/bus/port.hpp"

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

Modbus new_tcp(const BusPlan& plan) {
    if (is_ipv4(plan.host)) return Modbus(modbus_new_tcp(plan.host.c_str(), plan.port));
    return Modbus(modbus_new_tcp_pi(plan.host.c_str(), std::to_string(plan.port).c_str()));
}

Modbus new_rtu(const LinePlan& line) {
    const char parity = line.parity == Parity::none ? 'N' : line.parity == Parity::even ? 'E' : 'O';
    return Modbus(modbus_new_rtu(line.port.path.c_str(), line.baud, parity, 8, line.stop_bits));
}

/// Waits without a busy loop; false when nothing came until then.
bool readable(int fd, Instant until) {
    while (true) {
        const auto left = std::max(until - std::chrono::steady_clock::now(), Duration::zero());
        const auto whole = std::chrono::floor<std::chrono::seconds>(left);
        const timespec wait{.tv_sec = whole.count(), .tv_nsec = (left - whole).count()};
        pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
        const int ready = ::ppoll(&entry, 1, &wait, nullptr);
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

/// libmodbus connects and configures; what travels is read and checked by us. Its own checks
/// (3.1.6) do not look at the unit of a TCP answer (check_confirmation in modbus.c), and its
/// recovery sleeps and retries out of our sight.
class LibmodbusPort : public Port {
public:
    LibmodbusPort(Modbus modbus, std::string name, Duration timeout)
        : modbus_(std::move(modbus)), name_(std::move(name)) {
        if (!modbus_) return;
        using std::chrono::microseconds;
        const auto wait =
            std::max(std::chrono::duration_cast<microseconds>(timeout), microseconds(1000));
        modbus_set_response_timeout(modbus_.get(),
                                    static_cast<std::uint32_t>(wait.count() / 1'000'000),
                                    static_cast<std::uint32_t>(wait.count() % 1'000'000));
        modbus_set_error_recovery(modbus_.get(), MODBUS_ERROR_RECOVERY_NONE);
    }
    ~LibmodbusPort() override { disconnect(); }
    LibmodbusPort(const LibmodbusPort&) = delete;
    LibmodbusPort& operator=(const LibmodbusPort&) = delete;

    Result<std::size_t> receive(std::span<std::uint8_t> into, Instant until) override {
        if (!readable(fd(), until)) return fail(Fault::timeout, "no answer");
        const auto count = ::read(fd(), into.data(), into.size());
        if (count > 0) return static_cast<std::size_t>(count);
        if (count < 0 && (errno == EAGAIN || errno == EINTR))
            return fail(Fault::timeout, "no answer");
        return gone(count == 0 ? "it hung up" : std::strerror(errno));
    }

    void close() override { disconnect(); }

protected:
    Result<void> connect() {
        if (!modbus_) return fail(Fault::config, fmt::format("{} is no address", name_));
        // Waits for at most the response timeout (_connect in modbus-tcp.c).
        if (modbus_connect(modbus_.get()) != 0) {
            return fail(Fault::port_lost,
                        fmt::format("cannot open {}: {}", name_, modbus_strerror(errno)));
        }
        connected_ = true;
        return {};
    }

    void disconnect() {
        if (!connected_) return;
        modbus_close(modbus_.get());
        connected_ = false;
    }

    [[nodiscard]] tl::unexpected<Error> gone(std::string_view why) const {
        return fail(Fault::port_lost, fmt::format("{} is gone: {}", name_, why));
    }

    /// How many bytes came that nobody asked for; they are dropped.
    [[nodiscard]] int drop_unasked() { return modbus_flush(modbus_.get()); }

    [[nodiscard]] int fd() const { return modbus_get_socket(modbus_.get()); }
    [[nodiscard]] modbus_t* modbus() const { return modbus_.get(); }
    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    Modbus modbus_;
    std::string name_;
    bool connected_ = false;
};

class SocketPort final : public LibmodbusPort {
public:
    explicit SocketPort(const BusPlan& plan)
        : LibmodbusPort(new_tcp(plan), fmt::format("{}:{}", plan.host, plan.port), plan.timeout) {}

    Result<void> open() override {
        // A peer that answers twice would be one answer ahead of us: begin anew.
        if (connected() && drop_unasked() != 0) disconnect();
        return connected() ? Result<void>() : connect();
    }

    Result<void> send(std::span<const std::uint8_t> bytes) override {
        const auto sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent == static_cast<ssize_t>(bytes.size())) return {};
        // A request is far smaller than a socket's buffer: a short send means a stuck peer.
        return gone(sent < 0 ? std::strerror(errno) : "its buffer is full");
    }
};

/// Holds the port twice: once locked, once as libmodbus set it.
class SerialPort final : public LibmodbusPort {
public:
    explicit SerialPort(const BusPlan& plan)
        : LibmodbusPort(new_rtu(plan.line),
                        fmt::format("{} ({})", plan.line.port.name, plan.line.port.path),
                        plan.timeout),
          port_(plan.line.port) {}

    ~SerialPort() override { SerialPort::close(); }
    SerialPort(const SerialPort&) = delete;
    SerialPort& operator=(const SerialPort&) = delete;

    Result<void> open() override {
        if (connected()) {
            static_cast<void>(drop_unasked());
            return {};
        }
        auto ready = take();
        if (ready) ready = connect();
        if (ready) ready = turn_driver();
        if (!ready) close();
        // A timer rounded up by 50 us would cost a fast line a percent.
        ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
        return ready;
    }

    void close() override {
        disconnect();
        if (lock_ >= 0) ::close(lock_);
        lock_ = -1;
    }

    Result<void> send(std::span<const std::uint8_t> bytes) override {
        // libmodbus puts the CRC behind by itself, and turns RTS around the frame where asked to.
        const auto content = bytes.first(bytes.size() - 2);
        std::array<std::uint8_t, MODBUS_RTU_MAX_ADU_LENGTH> raw{};
        std::copy(content.begin(), content.end(), raw.begin());
        if (modbus_send_raw_request(modbus(), raw.data(), static_cast<int>(content.size())) < 0) {
            return gone(modbus_strerror(errno));
        }
        return {};
    }

private:
    /// Two masters on one line garble each other: a lock keeps a second one of ours out.
    Result<void> take() {
        lock_ = ::open(port_.path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (lock_ < 0) {
            return fail(Fault::port_lost,
                        fmt::format("cannot open {}: {}", name(), std::strerror(errno)));
        }
        if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
            return fail(Fault::port_lost,
                        fmt::format("{} is in use by another program: stop it first, a line has "
                                    "one master",
                                    name()));
        }
        // What a killed process left set must not look like what libmodbus is about to set: on a
        // pseudo-terminal, which has no parity, tcsetattr() fails when it changes nothing at all.
        termios plain{};
        if (::tcgetattr(lock_, &plain) != 0) {
            return fail(Fault::config, fmt::format("{} is no serial port", name()));
        }
        ::cfmakeraw(&plain);
        ::cfsetspeed(&plain, B50);
        static_cast<void>(::tcsetattr(lock_, TCSANOW, &plain));
        return {};
    }

    Result<void> turn_driver() {
        if (port_.direction == Direction::kernel &&
            modbus_rtu_set_serial_mode(modbus(), MODBUS_RTU_RS485) != 0) {
            return fail(Fault::config,
                        fmt::format("{}: its driver cannot switch RS-485 by itself "
                                    "({}): set direction to \"rts\" or \"automatic\"",
                                    name(), modbus_strerror(errno)));
        }
        if (port_.direction != Direction::rts) return {};
        const int level = port_.rts_high_to_send ? MODBUS_RTU_RTS_UP : MODBUS_RTU_RTS_DOWN;
        const auto delay = std::chrono::duration_cast<std::chrono::microseconds>(port_.rts_delay);
        if (modbus_rtu_set_rts(modbus(), level) != 0 ||
            modbus_rtu_set_rts_delay(modbus(), static_cast<int>(delay.count())) != 0) {
            return fail(Fault::config,
                        fmt::format("{}: cannot switch RTS: {}", name(), modbus_strerror(errno)));
        }
        return {};
    }

    PortPlan port_;
    int lock_ = -1;
};

}  // namespace

std::unique_ptr<Port> make_port(const BusPlan& plan) {
    if (plan.wire == Wire::serial) return std::make_unique<SerialPort>(plan);
    return std::make_unique<SocketPort>(plan);
}

}  // namespace firebreak
