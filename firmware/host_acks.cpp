#include "firmware/host_acks.hpp"

#include <algorithm>

namespace firebreak {

void HostAcks::acked(std::size_t alarm, std::uint64_t seq) {
    const auto found = owed_.find(alarm);
    if (found != owed_.end() && seq >= found->second.seq) owed_.erase(found);
}

std::optional<HostAcks::Owed> HostAcks::first() const {
    const auto first = std::min_element(owed_.begin(), owed_.end(), [](auto& a, auto& b) {
        return a.second.overdue() < b.second.overdue();
    });
    if (first == owed_.end()) return std::nullopt;
    return first->second;
}

bool HostAcks::take_due(Instant now) {
    const auto newest = first();
    const bool changed = newest != told_;
    if (changed) {
        told_ = newest;
        due_ = newest ? newest->overdue() : never;
    }
    if (now < due_) return changed;
    due_ = never;
    return true;
}

}  // namespace firebreak
