#include "bench/support/process_figures.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

namespace firebreak {
namespace {

std::string folder_of(pid_t pid) {
    return "/proc/" + std::to_string(pid);
}

}  // namespace

double memory_mib(pid_t pid, const std::string& line) {
    std::ifstream in(folder_of(pid) + "/status");
    for (std::string each; std::getline(in, each);) {
        if (each.rfind(line + ":", 0) == 0) return std::stod(each.substr(line.size() + 1)) / 1024;
    }
    return 0;
}

double cpu_seconds(pid_t pid) {
    std::ifstream in(folder_of(pid) + "/stat");
    std::string text;
    std::getline(in, text);
    // proc(5): fields 14 and 15, utime and stime; the name in brackets may hold blanks.
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 2, text.size())));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int descriptors(pid_t pid) {
    std::error_code gone;
    const std::filesystem::directory_iterator open(folder_of(pid) + "/fd", gone);
    return gone ? 0 : static_cast<int>(std::distance(begin(open), end(open)));
}

double version_mib(const std::string& program) {
    const auto path = std::string(FIREBREAK_BIN_DIR) + "/firebreak-" + program;
    static_cast<void>(std::fflush(stdout));  // or the child would print it again
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (std::freopen("/dev/null", "w", stdout) == nullptr) ::_exit(127);
        ::execl(path.c_str(), path.c_str(), "--version", nullptr);
        ::_exit(127);
    }
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace firebreak
