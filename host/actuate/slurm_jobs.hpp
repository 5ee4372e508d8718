// What becomes of the jobs of nodes that are to go down: requeued, signalled and given some time,
// or left to end with their node, as the policy says.
#pragma once

#include <map>
#include <string>

#include "host/actuate/slurm_tools.hpp"

namespace firebreak {

class SlurmJobs {
public:
    /// Both must outlive this.
    SlurmJobs(SlurmTools& tools, const SlurmEndpoint& how) : tools_(tools), how_(how) {}

    /// The nodes of these that may go down now.
    [[nodiscard]] Result<SlurmTools::Names> end_jobs(const SlurmTools::Names& nodes, Instant now);

    /// It does not go down now: when it is to do so again, its jobs are told anew.
    void forget(const std::string& node) {
        if (!signalled_.empty()) signalled_.erase(node);
    }

private:
    struct Signalled {
        Instant at, asked;
    };

    [[nodiscard]] Result<SlurmTools::Names> signal_jobs(const SlurmTools::Names& nodes,
                                                        Instant now);

    SlurmTools& tools_;
    const SlurmEndpoint& how_;
    std::map<std::string, Signalled> signalled_;  ///< nodes whose jobs were told, and when
};

}  // namespace firebreak
