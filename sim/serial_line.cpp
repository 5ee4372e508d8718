#include "sim/serial_line.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "firmware/bus/rtu.hpp"
#include "sim/byte_queue.hpp"
#include "sim/rtu_requests.hpp"
#include "sim/socket.hpp"

namespace firebreak {
namespace {

namespace fs = std::filesystem;

/// What a driver's buffer takes before a writer has to wait for the line.
constexpr std::size_t most_characters_ahead = 256;

/// A pseudo-terminal in raw mode. Our own hold on its near end keeps it alive between masters:
/// without one the far end reads as hung up and poll() would never rest.
struct Terminal {
    Descriptor far, near;
    std::string path;
};

Result<Terminal> open_terminal() {
    Terminal made;
    made.far = Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    char name[64];
    if (!made.far || ::grantpt(made.far.get()) != 0 || ::unlockpt(made.far.get()) != 0 ||
        ::ptsname_r(made.far.get(), name, sizeof name) != 0) {
        return fail(Fault::config,
                    fmt::format("cannot have a pseudo-terminal: {}", std::strerror(errno)));
    }
    made.path = name;
    made.near = Descriptor(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios raw{};
    if (!made.near || ::tcgetattr(made.near.get(), &raw) != 0) {
        return fail(Fault::config, fmt::format("cannot open {}: {}", name, std::strerror(errno)));
    }
    ::cfmakeraw(&raw);
    ::tcsetattr(made.near.get(), TCSANOW, &raw);
    return made;
}

/// A link from where the board has its port to a terminal; gone with its owner.
class Link {
public:
    explicit Link(std::string path) : path_(std::move(path)) {}
    ~Link() {
        std::error_code ignored;
        // Somebody else may have put theirs in its place by now.
        if (!target_.empty() && fs::read_symlink(path_, ignored) == target_) {
            fs::remove(path_, ignored);
        }
    }
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    Result<void> point_to(const std::string& target) {
        std::error_code error;
        const auto there = fs::symlink_status(path_, error);
        if (fs::exists(there) && !fs::is_symlink(there)) {
            return fail(Fault::config,
                        fmt::format("{} is there and no link: a line needs its place", path_));
        }
        // Beside it first and then renamed, so that no master ever finds nothing there.
        const auto beside = path_ + ".new";
        fs::remove(beside, error);
        fs::create_symlink(target, beside, error);
        if (!error) fs::rename(beside, path_, error);
        if (error) {
            return fail(Fault::config, fmt::format("cannot link {}: {}", path_, error.message()));
        }
        target_ = target;
        return {};
    }

private:
    std::string path_;
    std::string target_;
};

class SerialLine final : public Endpoint {
public:
    SerialLine(const BusPlan& plan, std::size_t bus, const ModbusAnswer& answer)
        : bus_(bus),
          answer_(answer),
          character_(time_on_line(plan.line, 1)),
          gap_(plan.gap.value_or(standard_gap(plan.line))),
          silence_(standard_gap(plan.line)),
          requests_(character_, silence_),
          link_(plan.line.port.path) {}

    Result<void> open() {
        auto terminal = open_terminal();
        if (!terminal) return tl::unexpected(terminal.error());
        if (auto linked = link_.point_to(terminal->path); !linked) return linked;
        terminal_ = *std::move(terminal);
        requests_ = RtuRequests(character_, silence_);
        outgoing_ = {};
        return {};
    }

    [[nodiscard]] int fd() const override { return terminal_.far.get(); }

    [[nodiscard]] short interest(Instant now) const override {
        return now < full_until() ? short{0} : short{POLLIN};
    }

    [[nodiscard]] Instant deadline() const override {
        const auto wakes = std::min(outgoing_.next(), requests_.deadline());
        return is_full_ ? std::min(wakes, full_until()) : wakes;
    }

    [[nodiscard]] bool serve(Instant now) override {
        receive(now);
        while (const auto request = requests_.next(now)) {
            const auto reply = answer_(bus_, request->unit, request->pdu);
            outgoing_.add(rtu_transmission(request->unit, reply), request->end + gap_, character_);
        }
        Bytes due;
        if (outgoing_.take_due(now, due)) return open().has_value();
        // A line does not wait for who does not read: what the terminal cannot take is lost.
        if (!due.empty()) static_cast<void>(::write(fd(), due.data(), due.size()) < 0);
        return true;
    }

private:
    /// Until then enough has come for the line to be busy with.
    [[nodiscard]] Instant full_until() const {
        return requests_.heard_until() - most_characters_ahead * character_;
    }

    void receive(Instant now) {
        is_full_ = now < full_until();
        if (is_full_) return;
        std::array<std::uint8_t, most_characters_ahead> buffer{};
        const auto got = ::read(fd(), buffer.data(), buffer.size());
        if (got <= 0) return;  // nothing there
        requests_.add(std::span(buffer).first(static_cast<std::size_t>(got)), now);
        is_full_ = now < full_until();
    }

    std::size_t bus_;
    const ModbusAnswer& answer_;
    Duration character_, gap_, silence_;
    RtuRequests requests_;
    ByteQueue outgoing_;
    bool is_full_ = false;
    Link link_;
    Terminal terminal_;
};

}  // namespace

Result<std::unique_ptr<Endpoint>> make_serial_line(const BusPlan& plan, std::size_t bus,
                                                   const ModbusAnswer& answer) {
    auto line = std::make_unique<SerialLine>(plan, bus, answer);
    if (auto opened = line->open(); !opened) return tl::unexpected(opened.error());
    return std::unique_ptr<Endpoint>(std::move(line));
}

}  // namespace firebreak
