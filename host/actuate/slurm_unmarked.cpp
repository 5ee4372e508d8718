#include "host/actuate/slurm_unmarked.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace firebreak {

bool SlurmUnmarked::suits(const std::vector<const Step*>& steps) const {
    return !steps.empty() && std::all_of(steps.begin(), steps.end(), [&](const Step* step) {
        return step->action == "drain" && carrying_.contains(step->item);
    });
}

void SlurmUnmarked::sent(const std::vector<const Step*>& steps, std::string_view host) {
    Names names;
    if (!batches_.empty()) {
        for (const auto* step : steps) names.push_back(step->item);
    }
    forget(names);
    const Step* last = nullptr;
    for (const auto* step : steps) {
        const auto before = carrying_.find(step->item);
        if (before == carrying_.end()) continue;
        if (last == nullptr || last->because != step->because) {
            batches_.push_back({slurm_reason(host, *step, ""), {}});
            batches_.back().drains.reserve(steps.size());
        }
        last = step;
        batches_.back().drains.push_back({step->item, before->second});
    }
}

bool SlurmUnmarked::is_ours(SlurmNode& node, const Drain& drain, const Batch& batch) {
    if (node.reason_at == drain.before.at && node.reason == drain.before.text) {
        node.reason = batch.mark;
        return true;
    }
    // It bears the mark, or somebody gave it a reason of his since.
    if (node.down && !bears_a_mark(node)) surplus_.push_back(drain.node);
    return false;
}

void SlurmUnmarked::read(SlurmNodes& nodes) {
    for (auto& batch : batches_) {
        std::erase_if(batch.drains, [&](Drain& drain) {
            const auto node = nodes.find(drain.node);
            if (node == nodes.end()) return false;
            // Not drained yet, or not any more.
            if (!node->second.drained) return drain.is_read;
            drain.is_read = true;
            return !is_ours(node->second, drain, batch);
        });
    }
    clear_up();
}

void SlurmUnmarked::saw(const SlurmNodes& nodes) {
    carrying_.reserve(nodes.size());
    for (const auto& [name, node] : nodes) {
        if (node.drained || node.down || node.off) {
            carrying_.erase(name);
        } else {
            carrying_[name] = {node.reason_at, node.reason};
        }
    }
}

std::map<std::string, SlurmUnmarked::Names> SlurmUnmarked::owed() const {
    std::map<std::string, Names> marks;
    for (const auto& batch : batches_) {
        for (const auto& drain : batch.drains) {
            if (drain.is_read) marks[batch.mark].push_back(drain.node);
        }
    }
    return marks;
}

SlurmUnmarked::Names SlurmUnmarked::take_surplus() {
    return std::exchange(surplus_, {});
}

void SlurmUnmarked::forget(const Names& names) {
    if (batches_.empty()) return;
    const std::set<std::string_view> gone(names.begin(), names.end());
    for (auto& batch : batches_) {
        std::erase_if(batch.drains, [&](const auto& drain) { return gone.contains(drain.node); });
    }
    clear_up();
}

void SlurmUnmarked::clear_up() {
    std::erase_if(batches_, [](const auto& batch) { return batch.drains.empty(); });
}

}  // namespace firebreak
