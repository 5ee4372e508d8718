#include "host/outgoing.hpp"

#include "contract/payload.hpp"

namespace firebreak {

void Outgoing::retain(Message message) {
    unsent_.insert(message.topic);
    auto topic = message.topic;
    retained_.insert_or_assign(std::move(topic), std::move(message));
}

void Outgoing::push(Record record) {
    if (records_.size() >= max_records) {
        records_.pop_front();
        ++first_record_;
        ++dropped_;
    }
    records_.push_back(std::move(record));
}

Message Outgoing::written(const Record& record) const {
    if (const auto* message = std::get_if<Message>(&record)) return *message;
    const auto& command = std::get<Command>(record);
    return {to_string(Topic{self_, Kind::command, command.target, ""}), to_json(command), false};
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
        offered_ = written(records_.front());
        offered_number_ = first_record_;
        return &offered_;
    }
    if (unsent_.empty()) return nullptr;
    offered_ = retained_.at(*unsent_.begin());
    return &offered_;
}

void Outgoing::sent() {
    // Only what was offered and is still the newest: it may have been replaced meanwhile.
    if (offered_record_) {
        if (records_.empty() || first_record_ != offered_number_) return;
        records_.pop_front();
        ++first_record_;
        return;
    }
    const auto newest = retained_.find(offered_.topic);
    if (newest != retained_.end() && newest->second == offered_) unsent_.erase(offered_.topic);
}

}  // namespace firebreak
