// An actuator over Slurm's own tools, which speak to slurmctld as the local user may. Owned by one
// crew worker. Each order ends within the endpoint's timeout, or at once when `stop_fd` becomes
// readable. Errors: see the seam; refused when Slurm says no, port_lost when slurmctld is away.
#pragma once

#include <memory>
#include <string>

#include "host/actuate/actuator.hpp"
#include "host/actuate/marks.hpp"

namespace firebreak {

/// `nodes`: target name to the names of its nodes. `host`: whose marks count as ours, and as
/// peers'.
[[nodiscard]] std::unique_ptr<Actuator> make_slurm(
    const EndpointPlan& endpoint, std::map<std::string, std::vector<std::string>> nodes,
    HostMarks host, int stop_fd);

}  // namespace firebreak
