#include "firmware/outbox/backlog.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace firebreak {

namespace {

/// How often a point was met, and whether it had a value when it was last.
struct Met {
    bool is_odd = false;
    bool was_missing = false;
};

/// Every second reading of each point; not one that went missing or came back.
std::vector<bool> mark_by_point(const Unsaid* begin, std::size_t count) {
    std::vector<bool> marked(count);
    std::unordered_map<std::uint32_t, Met> points;
    for (std::size_t i = 0; i < count; ++i) {
        const auto [point, is_first] = points.try_emplace(begin[i].point);
        auto& met = point->second;
        const bool is_missing = begin[i].missing.has_value();
        const bool turns = is_first || is_missing != met.was_missing;
        marked[i] = !turns && met.is_odd;
        met.is_odd = turns || !met.is_odd;
        met.was_missing = is_missing;
    }
    return marked;
}

}  // namespace

Backlog::Backlog(std::size_t most) : most_(most) {
    readings_.reserve(most);
}

void Backlog::add(Unsaid reading) {
    if (most_ == 0) {
        ++thinned_;
        return;
    }
    if (readings_.size() == most_) make_room();
    readings_.push_back(std::move(reading));
}

void Backlog::make_room() {
    if (first_ > 0) {  // room that sent() has left
        readings_.erase(readings_.begin(),
                        readings_.begin() + static_cast<std::ptrdiff_t>(std::exchange(first_, 0)));
        return;
    }
    const std::size_t half = (most_ + 1) / 2;
    auto marked = mark_by_point(readings_.data(), half);
    // So many points that none has two: then every second reading, whose ever it is.
    if (std::find(marked.begin(), marked.end(), true) == marked.end()) {
        for (std::size_t i = half > 1 ? 1 : 0; i < half; i += 2) marked[i] = true;
    }
    drop_marked(marked);
}

void Backlog::drop_marked(const std::vector<bool>& marked) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < readings_.size(); ++i) {
        if (i < marked.size() && marked[i]) continue;
        if (kept != i) readings_[kept] = std::move(readings_[i]);
        ++kept;
    }
    thinned_ += readings_.size() - kept;
    readings_.resize(kept);
}

const Unsaid* Backlog::front() const {
    return size() == 0 ? nullptr : &readings_[first_];
}

void Backlog::sent() {
    if (size() == 0) return;
    if (++first_ < readings_.size()) return;
    readings_.clear();
    first_ = 0;
}

}  // namespace firebreak
