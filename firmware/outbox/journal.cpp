#include "firmware/outbox/journal.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

void Journal::restore(const std::vector<Record>& earlier) {
    for (const auto& record : earlier) {
        if (record.id <= last_) continue;  // the disk gives them in order
        last_ = record.id;
        records_.push_back({record, Weight::major});
        records_.back().record.message.ticket = record.id;
        make_room();
    }
    taken_ = safe_ = last_;
}

void Journal::append(Message message, Weight weight) {
    message.ticket = ++last_;
    records_.push_back({{last_, std::move(message)}, weight});
    if (until_ == Until::delivered) {
        append_.push_back(last_);
    } else {
        taken_ = safe_ = last_;
    }
    if (weight == Weight::minor) ++minors_;
    make_room();
}

void Journal::make_room() {
    if (records_.size() <= most_) return;
    ++thinned_;
    std::size_t at = 0;
    if (minors_ > 0) {
        while (records_[at].weight != Weight::minor) ++at;
    }
    erase(at);
}

void Journal::erase(std::size_t at) {
    const auto id = records_[at].record.id;
    if (records_[at].weight == Weight::minor) --minors_;
    records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(at));
    if (until_ == Until::sent) return;
    if (id <= taken_) {
        drop_.push_back(id);
    } else {
        std::erase(append_, id);  // the disk has never heard of it
    }
}

void Journal::take_changes(StoreOrder& into) {
    for (const auto id : append_) {
        const auto found = std::lower_bound(
            records_.begin(), records_.end(), id,
            [](const Entry& entry, std::uint64_t wanted) { return entry.record.id < wanted; });
        into.append.push_back(found->record);
    }
    append_.clear();
    into.drop = std::exchange(drop_, {});
    taken_ = last_;
}

void Journal::take_all(StoreOrder& into) {
    for (const auto& entry : records_) into.append.push_back(entry.record);
    append_.clear();
    drop_.clear();
    taken_ = last_;
}

const Message* Journal::front() {
    const auto next =
        std::upper_bound(records_.begin(), records_.end(), sent_,
                         [](std::uint64_t id, const Entry& entry) { return id < entry.record.id; });
    if (next == records_.end() || next->record.id > safe_) return nullptr;
    return &next->record.message;
}

void Journal::sent(std::uint64_t ticket) {
    sent_ = std::max(sent_, ticket);
    if (until_ == Until::sent) delivered(ticket);
}

void Journal::delivered(std::uint64_t ticket) {
    const auto found = std::lower_bound(
        records_.begin(), records_.end(), ticket,
        [](const Entry& entry, std::uint64_t wanted) { return entry.record.id < wanted; });
    if (found == records_.end() || found->record.id != ticket) return;
    erase(static_cast<std::size_t>(found - records_.begin()));
}

}  // namespace firebreak
