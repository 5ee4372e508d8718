#include "sim/fault.hpp"

#include <algorithm>

namespace firebreak {
namespace {

bool holds(const FaultPlan& fault, Duration now) {
    return fault.at <= now && now < fault.until;
}

/// A fault at a table does not concern a request for the device's name.
bool is_aimed_at(const FaultAim& aim, const Touch& touch) {
    return touch.table ? aim.touches(*touch.table, touch.address, touch.count) : !aim.table;
}

}  // namespace

FaultTable::FaultTable(std::vector<FaultPlan> faults) {
    for (auto& fault : faults) {
        edges_.push_back(fault.at);
        if (fault.until != Duration::max()) edges_.push_back(fault.until);
        auto device = fault.device;
        faults_[std::move(device)].push_back({std::move(fault), 0});
    }
    std::sort(edges_.begin(), edges_.end());
}

bool FaultTable::hits(Fault& fault) {
    const auto& aim = fault.plan.aim;
    if (++fault.aimed < aim.every) return false;
    fault.aimed = 0;
    // By hand, since what std::bernoulli_distribution draws is the library's own choice.
    return aim.chance >= 1 || static_cast<double>(random_()) < aim.chance * 4294967296.0;
}

const FaultPlan* FaultTable::strike(std::string_view device, Duration now, const Touch& touch) {
    const auto found = faults_.find(device);
    if (found == faults_.end()) return nullptr;
    const FaultPlan* struck = nullptr;
    for (auto& fault : found->second) {
        const auto& plan = fault.plan;
        if (plan.kind == FaultKind::stuck || !holds(plan, now)) continue;
        if (is_aimed_at(plan.aim, touch) && hits(fault)) struck = &plan;
    }
    return struck;
}

std::vector<FaultAim> FaultTable::stuck(std::string_view device, Duration now) const {
    std::vector<FaultAim> aims;
    const auto found = faults_.find(device);
    if (found == faults_.end()) return aims;
    for (const auto& [plan, aimed] : found->second) {
        if (plan.kind == FaultKind::stuck && holds(plan, now)) aims.push_back(plan.aim);
    }
    return aims;
}

std::optional<Duration> FaultTable::next_edge(Duration now) const {
    const auto next = std::upper_bound(edges_.begin(), edges_.end(), now);
    return next == edges_.end() ? std::nullopt : std::optional(*next);
}

}  // namespace firebreak
