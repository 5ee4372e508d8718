// Slurm as its tools and firebreak-slurm show and change it: what is asked of which program, and
// what an answer means. Each call ends by the deadline, or at once when `stop_fd` becomes readable.
// Errors: timeout; config for a program that is missing; refused when Slurm says no; port_lost when
// slurmctld is away; corrupt.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/actuate/slurm_text.hpp"
#include "host/endpoint.hpp"

namespace firebreak {

/// slurmctld did not answer: another program would hear nothing, either.
[[nodiscard]] bool is_away(const Error& error);

class SlurmTools {
public:
    using Names = std::vector<std::string>;

    /// One program's words may not grow without bound: the kernel takes 128 KiB a word.
    static constexpr std::size_t most_list_bytes = 100'000;

    SlurmTools(const EndpointPlan& endpoint, int stop_fd);

    /// Of all the calls until this is set anew.
    void end_by(Instant deadline) { deadline_ = deadline; }

    /// At least these nodes in full, but for those that Slurm does not know.
    [[nodiscard]] Result<SlurmNodes> show(const Names& names);

    /// Those that are drained, down or off, at half the cost of all there is to say of every node.
    /// Nothing where it does not pay, is not needed or cannot tell of all of these.
    [[nodiscard]] std::optional<SlurmNodes> lowered(const Names& names);

    [[nodiscard]] bool has_library() const { return !helper_.empty(); }
    /// Drains nodes and leaves their reasons as they are, then shows all nodes. By Slurm's library
    /// only.
    /// `on_way` is called once that is out, while it is carried out.
    [[nodiscard]] Result<SlurmNodes> drain_unmarked(const Names& names,
                                                    const std::function<void()>& on_way);

    /// "" leaves the state, or the reason, as it is.
    [[nodiscard]] Result<void> set(const Names& names, const std::string& state,
                                   const std::string& reason);

    /// A tool's output.
    [[nodiscard]] Result<std::string> run(const std::string& tool, const Names& words);

private:
    [[nodiscard]] Result<std::string> call(const std::string& program, const std::string& name,
                                           const Names& words,
                                           const std::function<void()>& meanwhile = {});

    std::string folder_, conf_, helper_;
    int stop_fd_;
    Instant deadline_{};
    std::unordered_set<std::string> in_partition_;  ///< of others sinfo says nothing
};

}  // namespace firebreak
