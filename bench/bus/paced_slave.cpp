#include "bench/bus/paced_slave.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "firmware/bus/rtu.hpp"

namespace firebreak {
namespace {

constexpr std::size_t read_request = 8;  // unit, function, address, count, CRC

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(1);
}

}  // namespace

PacedSlave::PacedSlave(LinePlan line, Duration gap) : line_(std::move(line)), gap_(gap) {
    master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios raw{};
    char name[64];
    if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0 ||
        ::tcgetattr(master_, &raw) != 0 || ::ptsname_r(master_, name, sizeof name) != 0) {
        give_up("pseudo-terminal");
    }
    ::cfmakeraw(&raw);
    ::tcsetattr(master_, TCSANOW, &raw);
    line_.port.name = "line";
    line_.port.path = name;
    thread_ = std::thread([this] { serve(); });
}

PacedSlave::~PacedSlave() {
    stopping_ = true;
    thread_.join();
    ::close(master_);
}

void PacedSlave::serve() {
    ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    std::array<std::uint8_t, 256> request{};
    std::size_t have = 0;
    Instant began{};
    while (!stopping_) {
        pollfd entry{.fd = master_, .events = POLLIN, .revents = 0};
        if (::poll(&entry, 1, 20) <= 0) continue;
        const auto got = ::read(master_, request.data() + have, request.size() - have);
        if (got <= 0) {  // the near end is not open yet, or no more
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            continue;
        }
        if (have == 0) began = std::chrono::steady_clock::now();
        have += static_cast<std::size_t>(got);
        if (have < read_request) continue;
        have = 0;
        const std::size_t count = request[5];
        Bytes pdu{0x03, static_cast<std::uint8_t>(count * 2)};
        pdu.resize(2 + count * 2);
        const auto answer = wrap_rtu(request[0], pdu);
        std::this_thread::sleep_until(began + time_on_line(line_, read_request) + gap_ +
                                      time_on_line(line_, answer.size()));
        if (::write(master_, answer.data(), answer.size()) < 0) return;
    }
}

}  // namespace firebreak
