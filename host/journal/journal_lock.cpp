#include "host/journal/journal_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <tuple>

namespace firebreak {
namespace {

/// What its holder left there, for people: whatever else may stand in it is made harmless.
std::string owner_in(int fd) {
    std::array<char, 400> text{};
    const auto size = ::pread(fd, text.data(), text.size(), 0);
    if (size <= 0) return "another program";
    std::string owner(text.data(), static_cast<std::size_t>(size));
    owner.resize(std::min(owner.find('\n'), owner.size()));
    for (auto& letter : owner) {
        if (letter < ' ' || letter > '~') letter = '?';
    }
    return owner.empty() ? "another program" : owner;
}

}  // namespace

JournalLock::~JournalLock() {
    if (fd_ >= 0) ::close(fd_);
}

Result<void> JournalLock::take(const std::string& journal, const std::string& owner) {
    if (fd_ >= 0) return {};
    // By whichever link it is named, there is one lock.
    std::error_code unknown;
    const auto file = std::filesystem::weakly_canonical(journal, unknown);
    const auto path = (unknown ? journal : file.string()) + ".lock";
    const auto cannot = [&](int error) {
        const bool lasting = error == EACCES || error == EPERM || error == EROFS;
        return fail(lasting ? Fault::refused : Fault::busy,
                    fmt::format("locking {}: {}", path, std::strerror(error)));
    };
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return cannot(errno);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        const auto holder = owner_in(fd);
        ::close(fd);
        if (error != EWOULDBLOCK) return cannot(error);
        return fail(Fault::config,
                    fmt::format("{} is in use by {}: give each host a journal of its own", journal,
                                holder));
    }
    // Only for people: on a full disk the lock holds without it.
    std::array<char, HOST_NAME_MAX + 1> machine{};
    std::ignore = ::gethostname(machine.data(), machine.size() - 1);
    const auto line = fmt::format("host {}, process {} on {}\n", owner, ::getpid(), machine.data());
    if (::ftruncate(fd, 0) == 0) std::ignore = ::pwrite(fd, line.data(), line.size(), 0);
    fd_ = fd;
    return {};
}

}  // namespace firebreak
