#include "tests/support/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

extern char** environ;

namespace firebreak {
namespace {

[[noreturn]] void raise_error(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    // Servers live in sbin, which is not in everybody's PATH.
    std::istringstream folders(std::string(path == nullptr ? "" : path) +
                               ":/usr/local/sbin:/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        const auto file = folder + '/' + name;
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    throw std::system_error(ENOENT, std::generic_category(), name);
}

std::vector<std::string> joined_environment(const std::map<std::string, std::string>& added) {
    std::vector<std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!added.contains(text.substr(0, text.find('=')))) out.push_back(text);
    }
    for (const auto& [key, value] : added) out.push_back(key + '=' + value);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

int memory_file(const char* name) {
    const int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0) raise_error("memfd_create");
    return fd;
}

std::string content(int fd) {
    std::string out;
    char buffer[4096];
    for (ssize_t got = 0;
         (got = pread(fd, buffer, sizeof(buffer), static_cast<off_t>(out.size()))) > 0;) {
        out.append(buffer, static_cast<std::size_t>(got));
    }
    return out;
}

struct Start {
    const char* program;
    char** arguments;
    char** environment;
    const char* folder;  ///< or nullptr
    pid_t parent;
    int out;
    int err;
};

/// Between fork and exec, where only async-signal-safe functions may be called.
[[noreturn]] void become(const Start& start) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != start.parent) _exit(126);  // the parent died before the line above
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int nothing = open("/dev/null", O_RDONLY);
    const bool wired = dup2(nothing, STDIN_FILENO) >= 0 && dup2(start.out, STDOUT_FILENO) >= 0 &&
                       dup2(start.err, STDERR_FILENO) >= 0;
    if (!wired || (start.folder != nullptr && chdir(start.folder) != 0)) _exit(126);
    close_range(3, ~0U, 0);
    execve(start.program, start.arguments, start.environment);
    _exit(127);
}

}  // namespace

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 const std::map<std::string, std::string>& environment, const std::string& folder)
    : out_(memory_file("stdout")), err_(memory_file("stderr")) {
    const auto file = find_program(program);
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto variables = joined_environment(environment);
    auto argv = pointers(words);
    auto envp = pointers(variables);
    const Start start{
        file.c_str(), argv.data(), envp.data(), folder.empty() ? nullptr : folder.c_str(),
        getpid(),     out_,        err_};
    pid_ = fork();
    if (pid_ < 0) raise_error("fork");
    if (pid_ == 0) become(start);
    setpgid(pid_, pid_);  // here too, so that the group exists whichever of us runs first
    end_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    if (end_ < 0) raise_error("pidfd_open");
}

Process::~Process() {
    kill();
    for (const int fd : {end_, out_, err_}) close(fd);
}

bool Process::running() {
    return !wait(std::chrono::milliseconds(0));
}

void Process::signal(int number) {
    if (!status_) ::kill(pid_, number);
}

void Process::kill() {
    // Its number stays its own until it is waited for; after that the group may be a stranger's.
    if (status_) return;
    ::kill(-pid_, SIGKILL);
    (void)wait(std::chrono::seconds(10));
}

std::optional<int> Process::wait(std::chrono::milliseconds deadline) {
    if (status_) return status_;
    pollfd ended{end_, POLLIN, 0};
    int ready = 0;
    do {
        ready = poll(&ended, 1, static_cast<int>(deadline.count()));
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) return std::nullopt;
    ::kill(-pid_, SIGKILL);  // children it left behind, while the number is still its own
    int status = 0;
    if (waitpid(pid_, &status, 0) != pid_) raise_error("waitpid");
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return status_;
}

std::optional<int> Process::stop(std::chrono::milliseconds deadline) {
    signal(SIGTERM);
    return wait(deadline);
}

std::string Process::out() const {
    return content(out_);
}
std::string Process::err() const {
    return content(err_);
}

}  // namespace firebreak
