#include "firmware/store/archive.hpp"

#include <utility>

namespace firebreak {

void Archive::restore(const std::vector<KeptText>& kept) {
    for (const auto& [name, text] : kept) kept_[name] = text;
}

void Archive::keep(const std::string& name, std::string text) {
    kept_[name] = std::move(text);
    changed_.insert(name);
}

void Archive::give_all(StoreOrder& order) {
    order.whole = true;
    order.keep.assign(kept_.begin(), kept_.end());
    changed_.clear();
}

void Archive::give_changes(StoreOrder& order) {
    for (const auto& name : changed_) order.keep.emplace_back(name, kept_[name]);
    changed_.clear();
}

std::optional<std::string> Archive::take(const Result<void>& report, Instant now) {
    busy_ = false;
    if (report) {
        if (!std::exchange(behind_, false) || std::exchange(told_, "").empty()) return std::nullopt;
        return "the disk takes again what must survive";
    }
    ++failures_;
    behind_ = true;
    // A corrupt file has been moved aside: the new one can be told everything at once.
    retry_ = report.error().fault == Fault::corrupt ? now : now + retry_after;
    if (report.error().what == told_) return std::nullopt;
    told_ = report.error().what;
    return told_ + "; going on in memory";
}

}  // namespace firebreak
