// A real HAProxy with a fleet's servers, and the floor: the same command lines poured into its
// socket by nobody but a loop, which reads the answers and looks at nothing in them.
#pragma once

#include <memory>
#include <string>

#include "bench/host/fleet.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class Edge {
public:
    /// Answers once constructed.
    explicit Edge(const Fleet& fleet);

    [[nodiscard]] std::string socket() const;
    /// Every backend's lines, one after the other; seconds from the first to the last answer.
    double pour(const std::string& action);
    /// Servers of the burning site that HAProxy itself says are in `state`.
    [[nodiscard]] std::size_t count(const std::string& state) const;
    [[nodiscard]] pid_t pid() const { return process_->pid(); }

private:
    Fleet fleet_;
    TempDir folder_;
    std::unique_ptr<Process> process_;
};

}  // namespace firebreak
