#include "host/journal/recorder.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

void Recorder::put(Entry entry) {
    if (out_.size() < most_untaken) return out_.push_back(std::move(entry));
    if (out_.back().kind == EntryKind::gap) return;
    out_.back() = {EntryKind::gap, entry.at, R"({"note":"more than could be recorded"})"};
}

void Recorder::put_all(Newest& newest) {
    std::vector<Repeated> in_order;
    for (auto& [name, repeated] : newest) in_order.push_back(std::move(repeated));
    newest.clear();
    std::sort(in_order.begin(), in_order.end(),
              [](const Repeated& a, const Repeated& b) { return a.order < b.order; });
    for (auto& each : in_order) put(std::move(each.entry));
}

void Recorder::keep(EntryKind kind, Now at, std::string text) {
    if (!on_) return;
    put_all(before_);
    if (tick_) put(*std::exchange(tick_, std::nullopt));
    put_all(since_);
    put({kind, at, std::move(text)});
}

void Recorder::repeat(const std::string& name, EntryKind kind, Now at, std::string text) {
    if (on_) since_[name] = {++counted_, {kind, at, std::move(text)}};
}

void Recorder::decided(EntryKind kind, std::string text) {
    if (on_) decided_.push_back({kind, {}, std::move(text)});
}

void Recorder::ticked(Now at) {
    if (!on_) return;
    if (decided_.empty()) {
        for (auto& [name, repeated] : since_) before_[name] = std::move(repeated);
        since_.clear();
        tick_ = Entry{EntryKind::tick, at, "{}"};
        return;
    }
    keep(EntryKind::tick, at, "{}");
    // What was decided stands before the steps that follow from it.
    std::stable_partition(decided_.begin(), decided_.end(),
                          [](const Entry& entry) { return entry.kind == EntryKind::decision; });
    for (auto& entry : std::exchange(decided_, {})) {
        entry.at = at;
        put(std::move(entry));
    }
}

}  // namespace firebreak
