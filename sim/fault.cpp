#include "sim/fault.hpp"

namespace firebreak {

const FaultPlan* FaultTable::active(std::string_view device, Duration now) const {
    const FaultPlan* found = nullptr;
    for (const auto& fault : faults_) {
        if (fault.device == device && fault.at <= now && now < fault.until) found = &fault;
    }
    return found;
}

std::optional<Duration> FaultTable::next_edge(Duration now) const {
    std::optional<Duration> next;
    for (const auto& fault : faults_) {
        for (const Duration edge : {fault.at, fault.until}) {
            if (edge > now && edge != Duration::max() && (!next || edge < *next)) next = edge;
        }
    }
    return next;
}

}  // namespace firebreak
