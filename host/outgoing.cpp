#include "host/outgoing.hpp"

#include <utility>

namespace firebreak {

void Outgoing::retain(Message message) {
    unsent_.insert(message.topic);
    auto topic = message.topic;
    retained_.insert_or_assign(std::move(topic), std::move(message));
}

void Outgoing::record(Message message) {
    if (records_.size() >= max_records) {
        records_.pop_front();
        ++dropped_;
    }
    records_.push_back(std::move(message));
}

void Outgoing::link_up() {
    up_ = true;
    for (const auto& [topic, message] : retained_) unsent_.insert(topic);
}

const Message* Outgoing::next() {
    if (!up_) return nullptr;
    // Records first: a command to switch off must not wait behind a page of postures.
    offered_record_ = !records_.empty();
    if (offered_record_) {
        offered_ = records_.front();
        return &offered_;
    }
    if (unsent_.empty()) return nullptr;
    offered_ = retained_.at(*unsent_.begin());
    return &offered_;
}

void Outgoing::sent() {
    // Only what was offered and is still the newest: it may have been replaced meanwhile.
    if (offered_record_) {
        if (!records_.empty() && records_.front() == offered_) records_.pop_front();
        return;
    }
    const auto newest = retained_.find(offered_.topic);
    if (newest != retained_.end() && newest->second == offered_) unsent_.erase(offered_.topic);
}

}  // namespace firebreak
