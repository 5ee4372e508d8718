#include "firmware/alarm/flood.hpp"

#include <utility>

namespace firebreak {

void Flood::came(std::size_t alarm, Instant now) {
    active_[alarm] = true;
    if (recent_.size() == most_counted) recent_.pop_front();
    recent_.push_back({alarm, now});
    if (on_) group(alarm);
}

bool Flood::tick(Instant now) {
    while (!recent_.empty() && now - recent_.front().at >= plan_.within) recent_.pop_front();
    if (!on_ && recent_.size() > plan_.begins_above) begin();
    if (on_ && recent_.size() < plan_.ends_below) {
        on_ = false;
        changed_ = true;
    }
    return std::exchange(changed_, false);
}

void Flood::begin() {
    on_ = true;
    changed_ = true;
    group_.clear();
    grouped_.assign(grouped_.size(), false);
    // What came and went before the others is no cause of theirs, as long as one has stayed.
    for (const auto& [alarm, at] : recent_) {
        if (active_[alarm]) group(alarm);
    }
    for (const auto& [alarm, at] : recent_) group(alarm);
}

void Flood::group(std::size_t alarm) {
    if (grouped_[alarm]) return;
    grouped_[alarm] = true;
    group_.push_back(alarm);
    changed_ = true;
}

Instant Flood::next_deadline() const {
    if (!on_ || recent_.size() < plan_.ends_below) return never;
    return recent_[recent_.size() - plan_.ends_below].at + plan_.within;
}

}  // namespace firebreak
