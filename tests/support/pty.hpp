// A serial line for tests: a pseudo-terminal whose far end does what a script says. One thread of
// its own answers; the test's thread scripts it. Unplugging closes the far end for good.
// Throws std::system_error when there is no pseudo-terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace firebreak {

/// What the far end does with one request.
struct LineReply {
    std::vector<std::vector<std::uint8_t>> parts{};  ///< sent one after the other
    std::chrono::milliseconds gap{0};                ///< before each part
    bool unplug = false;                             ///< afterwards
};

class ScriptedLine {
public:
    using Behaviour = std::function<LineReply(const std::vector<std::uint8_t>& request)>;

    /// What is not scripted gets `usual`'s reply. The line appears at `path`, a link.
    ScriptedLine(std::string path, Behaviour usual);
    ~ScriptedLine();
    ScriptedLine(const ScriptedLine&) = delete;
    ScriptedLine& operator=(const ScriptedLine&) = delete;

    void does(Behaviour behaviour);
    void unplug();

private:
    void serve();
    void reply(const LineReply& reply);
    [[nodiscard]] Behaviour next();

    std::string path_;
    Behaviour usual_;
    std::atomic<int> fd_{-1};
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::deque<Behaviour> script_;
    std::thread thread_;
};

}  // namespace firebreak
