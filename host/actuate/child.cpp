#include "host/actuate/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace firebreak {
namespace {

constexpr std::size_t most_complaint = 4096;
constexpr std::size_t most_told = 200;
constexpr int last_rounds = 64;  // more than a socket holds

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    ~Fd() { close(); }
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        close();
        fd_ = std::exchange(other.fd_, -1);
        return *this;
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_ = -1;
};

/// Ours does not block; theirs does, as programs expect. Socket pairs, because a write to a child
/// that does not read must not raise SIGPIPE in us.
struct Channel {
    Fd ours, theirs;

    bool open() {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return false;
        ours = Fd(ends[0]);
        theirs = Fd(ends[1]);
        return ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) == 0;
    }
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

/// In a group of its own, so that what it starts can be ended with it; signals as at login;
/// no descriptor of ours but the three.
class Spawning {
public:
    Spawning(int in, int out, int err) {
        posix_spawn_file_actions_init(&files_);
        posix_spawn_file_actions_adddup2(&files_, in, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&files_, out, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&files_, err, STDERR_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&files_, 3);
        posix_spawn_file_actions_addchdir_np(&files_, "/");
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setpgroup(&attributes_, 0);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes_, &none);
        sigset_t reset;
        sigemptyset(&reset);
        for (const int number : {SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGCHLD}) {
            sigaddset(&reset, number);
        }
        posix_spawnattr_setsigdefault(&attributes_, &reset);
    }
    ~Spawning() {
        posix_spawn_file_actions_destroy(&files_);
        posix_spawnattr_destroy(&attributes_);
    }
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;

    int run(pid_t& pid, const ChildPlan& plan) {
        auto words = plan.words;
        auto environment = plan.environment;
        return ::posix_spawn(&pid, words.front().c_str(), &files_, &attributes_,
                             pointers(words).data(), pointers(environment).data());
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

class Child {
public:
    Child(const ChildPlan& plan, Instant deadline, int stop_fd)
        : plan_(plan), deadline_(deadline), stop_fd_(stop_fd) {}
    ~Child() { finish(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    Result<ChildEnd> run() {
        if (auto started = start(); !started) return tl::unexpected(started.error());
        if (plan_.meanwhile) plan_.meanwhile();
        // Its end counts, not the end of its output: something it left behind may hold that open.
        while (!ended_) {
            if (auto stepped = step(); !stepped) return tl::unexpected(stepped.error());
        }
        finish();
        drain(out_.ours, end_.out, plan_.most_output, last_rounds);
        drain(err_.ours, end_.err, most_complaint, last_rounds);
        if (end_.out.size() > plan_.most_output) return fail(Fault::corrupt, "output without end");
        end_.code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
        return std::move(end_);
    }

private:
    Result<void> start() {
        const auto trouble = [](int number) {
            return fail(Fault::busy, "cannot start: " + std::generic_category().message(number));
        };
        if (!in_.open() || !out_.open() || !err_.open()) return trouble(errno);
        Spawning spawning(in_.theirs.get(), out_.theirs.get(), err_.theirs.get());
        if (const int error = spawning.run(pid_, plan_); error != 0) {
            pid_ = -1;
            if (error == EAGAIN || error == ENOMEM) return trouble(error);
            return fail(Fault::config,
                        plan_.words.front() + ": " + std::generic_category().message(error));
        }
        for (auto* channel : {&in_, &out_, &err_}) channel->theirs.close();
        end_fd_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
        if (end_fd_.get() < 0) return trouble(errno);
        feed();
        return {};
    }

    Result<void> step() {
        using std::chrono::milliseconds;
        const auto left = deadline_ - std::chrono::steady_clock::now();
        const auto ms = std::chrono::ceil<milliseconds>(left).count();
        if (ms <= 0) return fail(Fault::timeout, "not done in time");
        std::array<pollfd, 5> fds = {pollfd{end_fd_.get(), POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0},
                                     pollfd{out_.ours.get(), POLLIN, 0},
                                     pollfd{err_.ours.get(), POLLIN, 0},
                                     pollfd{in_.ours.get(), POLLOUT, 0}};
        const auto wait = static_cast<int>(std::min<long>(ms, 60'000));
        if (::poll(fds.data(), fds.size(), wait) <= 0) return {};
        if (fds[1].revents != 0) return fail(Fault::timeout, "stopping");
        if (fds[2].revents != 0) drain(out_.ours, end_.out, plan_.most_output);
        if (fds[3].revents != 0) drain(err_.ours, end_.err, most_complaint);
        if (fds[4].revents != 0) feed();
        if (end_.out.size() > plan_.most_output) return fail(Fault::corrupt, "output without end");
        ended_ = fds[0].revents != 0;
        return {};
    }

    void feed() {
        while (fed_ < plan_.input.size()) {
            const auto sent = ::send(in_.ours.get(), plan_.input.data() + fed_,
                                     plan_.input.size() - fed_, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0 && errno == EAGAIN) return;
            if (sent < 0) break;  // it does not want to read: its exit code tells whether it had to
            fed_ += static_cast<std::size_t>(sent);
        }
        in_.ours.close();
    }

    /// Beyond the bound one byte more is kept, which tells of the rest; the rest is read all the
    /// same, so that the program does not stand still. Bounded: it may write faster than we read.
    static void drain(Fd& from, std::string& to, std::size_t most, int rounds = 1) {
        std::array<char, 64 * 1024> buffer{};
        for (int round = 0; round < rounds && from.get() >= 0; ++round) {
            const auto got = ::recv(from.get(), buffer.data(), buffer.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0 && errno == EAGAIN) return;
            if (got <= 0) return from.close();
            to.append(buffer.data(), std::min(static_cast<std::size_t>(got), most + 1 - to.size()));
        }
    }

    /// Nothing of its group outlives it; its number is still its own until it is waited for.
    void finish() {
        if (pid_ < 0) return;
        ::kill(-pid_, SIGKILL);
        while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
    }

    const ChildPlan& plan_;
    Instant deadline_;
    int stop_fd_;
    Channel in_, out_, err_;
    Fd end_fd_;
    pid_t pid_ = -1;
    std::size_t fed_ = 0;
    bool ended_ = false;
    int status_ = 0;
    ChildEnd end_;
};

std::string first_line(const std::string& text) {
    return text.substr(0, std::min(text.find('\n'), most_told));
}

}  // namespace

Result<ChildEnd> run_child(const ChildPlan& plan, Instant deadline, int stop_fd) {
    return Child(plan, deadline, stop_fd).run();
}

std::string complaint_of(const ChildEnd& end) {
    for (const auto* text : {&end.err, &end.out}) {
        if (const auto line = first_line(*text); !line.empty()) return line;
    }
    return "exit code " + std::to_string(end.code);
}

}  // namespace firebreak
