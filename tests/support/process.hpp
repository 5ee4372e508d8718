// A program under test: started at construction, gone at the latest at destruction, with all
// of its process group. It also dies with the thread that started it, so nothing is left behind.
// Output is kept in memory files; read it at any time. Throws std::system_error on a bad start.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace firebreak {

class Process {
public:
    /// `program` is a path, or a name looked up in PATH and the sbin folders. `environment`
    /// is added to our own.
    Process(const std::string& program, const std::vector<std::string>& arguments,
            const std::map<std::string, std::string>& environment = {},
            const std::string& folder = "");
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();

    /// To the process itself, not to its group; nothing happens once it has ended.
    void signal(int number);
    /// SIGKILL to the whole group, and waits for the end.
    void kill();

    /// The exit code, or 128 + the signal that ended it; nothing while it still runs then.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds deadline);
    /// SIGTERM, then wait().
    [[nodiscard]] std::optional<int> stop(
        std::chrono::milliseconds deadline = std::chrono::seconds(30));

    [[nodiscard]] std::string out() const;  ///< stdout so far
    [[nodiscard]] std::string err() const;  ///< stderr so far

private:
    pid_t pid_ = -1;
    int end_ = -1;  ///< pidfd: readable once the process has ended
    int out_ = -1;
    int err_ = -1;
    std::optional<int> status_;
};

}  // namespace firebreak
