// A private Slurm for one test: munged, slurmctld and a slurmd for all but the last of its nodes
// n1, n2, …, on free ports, in a folder of its own. Debian's munge, slurmctld and slurmd.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace firebreak {

class Slurm22 {
public:
    explicit Slurm22(int nodes = 3);
    ~Slurm22();  ///< with the jobs' keepers, which Slurm puts into groups of their own
    Slurm22(const Slurm22&) = delete;
    Slurm22& operator=(const Slurm22&) = delete;

    [[nodiscard]] std::string conf() const { return path("slurm.conf"); }
    /// What a tool prints, with this cluster's configuration; it must succeed.
    std::string tool(const std::string& name, const std::vector<std::string>& words) const;
    [[nodiscard]] std::string show(const std::string& node) const {
        return tool("scontrol", {"--oneliner", "show", "node", node});
    }
    /// Submits a job that sleeps on this node and waits until it runs; its id.
    [[nodiscard]] std::string job(const std::string& node, const std::string& script) const;
    void stop_controller() { controller_.reset(); }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_.path() / name).string();
    }

private:
    TempDir folder_;
    std::unique_ptr<Process> munge_;
    std::unique_ptr<Process> controller_;
    std::vector<std::unique_ptr<Process>> nodes_;
};

}  // namespace firebreak
