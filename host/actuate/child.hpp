// A program run to its end: absolute path, no shell, an environment of its own, input on stdin,
// output bounded. Blocks the calling thread at most until the deadline, or until `stop_fd` becomes
// readable: then the program and all it started are killed. Errors: config (cannot be started),
// timeout, corrupt (output without end).
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct ChildPlan {
    std::vector<std::string> words;        ///< the program's absolute path and its arguments
    std::vector<std::string> environment;  ///< "NAME=value", all of it
    std::string input;
    std::size_t most_output = 16UL * 1024 * 1024;  ///< of stdout; of stderr the beginning is kept
    std::function<void()> meanwhile = {};  ///< done once it runs, before anybody looks at it; short
};

struct ChildEnd {
    int code = 0;  ///< exit code, or 128 + the signal that ended it
    std::string out;
    std::string err;
};

[[nodiscard]] Result<ChildEnd> run_child(const ChildPlan& plan, Instant deadline, int stop_fd);

/// What it complained of, for people: the first line of stderr, else of stdout, else the code.
[[nodiscard]] std::string complaint_of(const ChildEnd& end);

}  // namespace firebreak
