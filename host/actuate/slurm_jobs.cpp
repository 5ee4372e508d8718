#include "host/actuate/slurm_jobs.hpp"

#include "host/hostlist.hpp"

namespace firebreak {
namespace {

using Names = SlurmTools::Names;

}  // namespace

Result<Names> SlurmJobs::end_jobs(const Names& nodes, Instant now) {
    if (how_.jobs == RunningJobs::kill) return nodes;
    std::string ids;
    for (const auto& list : fold_hostlist(nodes, SlurmTools::most_list_bytes)) {
        const auto jobs = tools_.run("squeue", {"--noheader", "--states=RUNNING,SUSPENDED",
                                                "--format=%A", "--nodelist=" + list});
        if (!jobs) return tl::unexpected(jobs.error());
        ids += *jobs;
    }
    if (ids.empty()) return nodes;
    if (how_.jobs == RunningJobs::signal) return signal_jobs(nodes, now);
    // A job that may not be requeued ends with its node: that is no reason to wait.
    for (const auto& list : comma_lists(ids, SlurmTools::most_list_bytes)) {
        const auto requeued = tools_.run("scontrol", {"requeue", list});
        if (requeued || requeued.error().fault == Fault::refused) continue;
        return tl::unexpected(requeued.error());
    }
    return nodes;
}

Result<Names> SlurmJobs::signal_jobs(const Names& nodes, Instant now) {
    Names over;
    Names fresh;
    for (const auto& name : nodes) {
        const auto [told, first] = signalled_.try_emplace(name, Signalled{now, now});
        // Not asked for in between, it may have other jobs by now.
        const bool anew = !first && now - told->second.asked > longest_pause;
        if (anew) told->second.at = now;
        if (first || anew) fresh.push_back(name);
        told->second.asked = now;
        if (now - told->second.at >= how_.grace) over.push_back(name);
    }
    if (fresh.empty()) return over;
    for (const auto& list : fold_hostlist(fresh, SlurmTools::most_list_bytes)) {
        const auto sent =
            tools_.run("scancel", {"--signal=" + how_.signal, "--full", "--nodelist=" + list});
        if (sent) continue;
        for (const auto& name : fresh) signalled_.erase(name);
        return tl::unexpected(sent.error());
    }
    return over;
}

}  // namespace firebreak
