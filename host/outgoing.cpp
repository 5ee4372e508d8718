#include "host/outgoing.hpp"

#include "contract/payload.hpp"

namespace firebreak {

void Outgoing::retain(Message message) {
    unsent_.insert(message.topic);
    auto topic = message.topic;
    retained_.insert_or_assign(std::move(topic), std::move(message));
}

void Outgoing::Queue::push(Record record) {
    if (waiting.size() >= max_records) {
        pop();
        ++dropped;
    }
    waiting.push_back(std::move(record));
}

Command& Outgoing::note() {
    auto& waiting = notes_.waiting;
    notes_.push(waiting.size() < max_records ? Record(Command{}) : std::move(waiting.front()));
    return std::get<Command>(waiting.back());
}

void Outgoing::Queue::pop() {
    waiting.pop_front();
    ++first;
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

const Message* Outgoing::next(bool notes) {
    if (!up_) return nullptr;
    // A command to switch off must not wait behind a page of postures, nor they behind the record
    // of what has been done to thousands of servers.
    offered_from_ = nullptr;
    if (!records_.waiting.empty()) {
        offered_from_ = &records_;
    } else if (notes && unsent_.empty() && !notes_.waiting.empty()) {
        offered_from_ = &notes_;
    }
    if (offered_from_ != nullptr) {
        offered_ = written(offered_from_->waiting.front());
        offered_number_ = offered_from_->first;
        return &offered_;
    }
    if (unsent_.empty()) return nullptr;
    offered_ = retained_.at(*unsent_.begin());
    return &offered_;
}

void Outgoing::sent() {
    // Only what was offered and is still the newest: it may have been replaced meanwhile.
    if (offered_from_ != nullptr) {
        auto& from = *offered_from_;
        if (!from.waiting.empty() && from.first == offered_number_) from.pop();
        return;
    }
    const auto newest = retained_.find(offered_.topic);
    if (newest != retained_.end() && newest->second == offered_) unsent_.erase(offered_.topic);
}

}  // namespace firebreak
