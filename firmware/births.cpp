#include "firmware/births.hpp"

#include <algorithm>

namespace firebreak {

void Births::heard(const Origin& host, const std::string& boot, Instant now) {
    const auto known = lives_.find(host);
    if (known != lives_.end() && known->second == boot) return;
    if (known == lives_.end() && lives_.size() >= max_hosts) return;
    lives_[host] = boot;
    due_ = std::max(now, not_before_);
}

bool Births::take_due(Instant now) {
    if (now < due_) return false;
    due_ = never;
    not_before_ = now + at_most_every;
    return true;
}

}  // namespace firebreak
