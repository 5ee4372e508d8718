// A real slurmctld with as many nodes as wanted and no slurmd: nobody runs jobs, everybody can be
// drained. And the floor: one scontrol call that does the same.
#pragma once

#include <memory>
#include <string>

#include "bench/host/fleet.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class SlurmCluster {
public:
    /// Answers once constructed. Nodes n0, n1, …
    explicit SlurmCluster(std::size_t nodes);

    [[nodiscard]] std::string conf() const { return (folder_.path() / "slurm.conf").string(); }
    /// Seconds that one `scontrol update` of all nodes takes.
    double update(const std::string& state) const;
    /// Seconds that one `scontrol show node` takes, whose answer is thrown away.
    double show() const;
    /// The same of the least that Slurm's tools can read back: nodes that are alike in one line.
    double show_alike() const;
    [[nodiscard]] std::size_t count_drained() const;

private:
    void settle() const;
    [[nodiscard]] double timed(const std::string& tool,
                               const std::vector<std::string>& words) const;

    std::size_t count_;
    TempDir folder_;
    std::unique_ptr<Process> munge_, controller_;
};

/// Every target, 500 nodes each, drains while "gas" is active at pangyo.
[[nodiscard]] std::string slurm_policy_file(std::size_t nodes, const std::string& broker_url,
                                            const std::string& conf);

}  // namespace firebreak
