#include "host/journal/last_weights.hpp"

#include <algorithm>
#include <variant>

#include "host/actuate/haproxy_text.hpp"
#include "host/journal/words.hpp"

namespace firebreak {

LastWeights::LastWeights(const PolicyPlan& plan) {
    for (const auto& target : plan.targets) {
        if (!target.drain_by_weight) continue;
        missing_[target.name].items.insert(target.items.begin(), target.items.end());
    }
}

bool LastWeights::take(const std::string& text) {
    // Thousands of rows are of other targets: a look at their beginning must do.
    const auto of = std::find_if(missing_.begin(), missing_.end(), [&](const auto& missing) {
        return text.starts_with("{\"target\":\"" + missing.first + "\"");
    });
    if (of == missing_.end()) return !complete();
    const auto input = parse_input(EntryKind::receipt, text);
    const auto* receipt = input ? std::get_if<Receipt>(&*input) : nullptr;
    if (receipt == nullptr || !receipt->states) return true;
    auto& [items, left] = of->second;
    for (const auto& [item, state] : *receipt->states) {
        const auto weight = weight_behind(state);
        if (!weight || items.erase(item) == 0) continue;
        weights_[{of->first, item}] = *weight;
    }
    if (items.empty() || --left == 0) missing_.erase(of);
    return !complete();
}

}  // namespace firebreak
