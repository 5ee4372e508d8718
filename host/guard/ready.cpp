#include "host/guard/ready.hpp"

#include <algorithm>
#include <iterator>

namespace firebreak {
namespace {

void make_set(std::vector<std::string>& names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

std::optional<std::size_t> ReadySet::place_of(std::string_view item) const {
    for (auto place = last_; place < names_.size() && place <= last_ + 1; ++place) {
        if (names_[place] == item) return last_ = place;
    }
    const auto found = std::lower_bound(names_.begin(), names_.end(), item);
    if (found == names_.end() || *found != item) return std::nullopt;
    return last_ = static_cast<std::size_t>(found - names_.begin());
}

bool ReadySet::contains(std::string_view item) const {
    const auto place = place_of(item);
    return place && !taken_[*place];
}

void ReadySet::take(std::string_view item) {
    const auto place = place_of(item);
    if (!place || taken_[*place]) return;
    taken_[*place] = true;
    --left_;
}

std::vector<std::string_view> ReadySet::left() const {
    std::vector<std::string_view> out;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (!taken_[i]) out.emplace_back(names_[i]);
    }
    return out;
}

std::size_t ReadySet::count_without(const std::set<std::string>& local) const {
    std::size_t count = 0;
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (!taken_[i] && !local.contains(names_[i])) ++count;
    }
    return count;
}

ReadyServers ready_servers(const std::vector<const TargetLedger*>& views) {
    if (views.empty()) return std::nullopt;
    std::vector<std::string> ready, not_ready;
    for (const auto* view : views) {
        if (!view->known()) return std::nullopt;
        for (const auto& [item, state] : view->states()) {
            if (is_ready(state)) {
                ready.push_back(item);
            } else if (views.size() > 1) {
                not_ready.push_back(item);
            }
        }
        for (auto& item : view->going_down()) not_ready.push_back(std::move(item));
    }
    if (views.size() > 1) make_set(ready);  // the states of one come in order
    if (not_ready.empty()) return ReadySet(std::move(ready));
    make_set(not_ready);
    std::vector<std::string> left;
    std::set_difference(ready.begin(), ready.end(), not_ready.begin(), not_ready.end(),
                        std::back_inserter(left));
    return ReadySet(std::move(left));
}

}  // namespace firebreak
