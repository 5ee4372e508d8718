#include "tests/support/pty.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace firebreak {

using namespace std::chrono_literals;

namespace {

/// Not a test's own check: the benches, which are no tests, need lines too.
void expect(bool done, const char* what) {
    if (!done) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

ScriptedLine::ScriptedLine(std::string path, Behaviour usual)
    : path_(std::move(path)), usual_(std::move(usual)) {
    const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    expect(fd >= 0, "posix_openpt");
    expect(::grantpt(fd) == 0, "grantpt");
    expect(::unlockpt(fd) == 0, "unlockpt");
    termios raw{};
    expect(::tcgetattr(fd, &raw) == 0, "tcgetattr");
    ::cfmakeraw(&raw);
    expect(::tcsetattr(fd, TCSANOW, &raw) == 0, "tcsetattr");
    char name[64];
    expect(::ptsname_r(fd, name, sizeof name) == 0, "ptsname");
    std::filesystem::remove(path_);
    std::filesystem::create_symlink(name, path_);
    fd_ = fd;
    thread_ = std::thread([this] { serve(); });
}

ScriptedLine::~ScriptedLine() {
    stopping_ = true;
    thread_.join();
    unplug();
    std::filesystem::remove(path_);
}

void ScriptedLine::does(Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    script_.push_back(std::move(behaviour));
}

void ScriptedLine::unplug() {
    if (const int fd = fd_.exchange(-1); fd >= 0) ::close(fd);
}

ScriptedLine::Behaviour ScriptedLine::next() {
    const std::lock_guard lock(mutex_);
    if (script_.empty()) return usual_;
    auto behaviour = script_.front();
    script_.pop_front();
    return behaviour;
}

void ScriptedLine::serve() {
    while (!stopping_) {
        pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
        if (::poll(&entry, 1, 10) <= 0) continue;
        std::vector<std::uint8_t> request(256);
        const auto count = ::read(entry.fd, request.data(), request.size());
        if (count <= 0) {  // nobody has the near end open
            std::this_thread::sleep_for(2ms);
            continue;
        }
        request.resize(static_cast<std::size_t>(count));
        reply(next()(request));
    }
}

void ScriptedLine::reply(const LineReply& reply) {
    for (const auto& part : reply.parts) {
        std::this_thread::sleep_for(reply.gap);
        if (::write(fd_, part.data(), part.size()) < 0) return;
    }
    if (reply.unplug) unplug();
}

}  // namespace firebreak
