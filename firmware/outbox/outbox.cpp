#include "firmware/outbox/outbox.hpp"

#include <utility>

namespace firebreak {

void Outbox::mark(Slot& slot) {
    if (slot.dirty) return;
    slot.dirty = true;
    (slot.rank == Rank::urgent ? urgent_ : ordinary_).push_back(&slot);
}

void Outbox::put(Message message, Rank rank) {
    auto found = slots_.find(message.topic);
    if (found == slots_.end()) {
        if (slots_.size() >= max_topics_) {
            ++dropped_;
            return;
        }
        auto made =
            std::make_unique<Slot>(Slot{{std::move(message.topic), "", false}, rank, false});
        const std::string_view topic = made->message.topic;
        found = slots_.emplace(topic, std::move(made)).first;
    }
    Slot& slot = *found->second;
    slot.message.payload = std::move(message.payload);
    slot.message.payload.shrink_to_fit();  // it is kept for long: tens of thousands of them
    slot.message.retained = message.retained;
    mark(slot);
    // Replaced between front() and sent(): what was sent is no longer what is known.
    const bool is_offered = (offered_ == Offer::urgent && urgent_.front() == &slot) ||
                            (offered_ == Offer::ordinary && ordinary_.front() == &slot);
    if (is_offered) offered_ = Offer::nothing;
}

void Outbox::queue(Message message) {
    if (answers_.size() >= max_answers_) {
        if (offered_ == Offer::answer) offered_ = Offer::nothing;
        ++dropped_;
        if (answers_.empty()) return;  // provided for none at all
        answers_.pop_front();
    }
    answers_.push_back(std::move(message));
}

void Outbox::link_up() {
    up_ = true;
    offered_ = Offer::nothing;
    // The broker may have lost its memory: everything it should retain is said again.
    for (auto& [topic, slot] : slots_) mark(*slot);
}

void Outbox::say_urgent_again() {
    for (auto& [topic, slot] : slots_) {
        if (slot->rank == Rank::urgent) mark(*slot);
    }
}

void Outbox::link_down() {
    up_ = false;
    offered_ = Offer::nothing;
}

const Message* Outbox::front(Rank least) {
    offered_ = Offer::nothing;
    if (!up_) return nullptr;
    if (!urgent_.empty()) {
        offered_ = Offer::urgent;
        return &urgent_.front()->message;
    }
    if (!answers_.empty()) {
        offered_ = Offer::answer;
        return &answers_.front();
    }
    if (const Message* record = journal_.front()) {
        offered_ = Offer::record;
        offered_ticket_ = record->ticket;
        return record;
    }
    if (least == Rank::ordinary && !ordinary_.empty()) {
        offered_ = Offer::ordinary;
        return &ordinary_.front()->message;
    }
    return nullptr;
}

void Outbox::sent() {
    const auto clean = [](std::deque<Slot*>& queue) {
        queue.front()->dirty = false;
        queue.pop_front();
    };
    switch (std::exchange(offered_, Offer::nothing)) {
        case Offer::nothing:
            break;
        case Offer::urgent:
            clean(urgent_);
            break;
        case Offer::answer:
            answers_.pop_front();
            break;
        case Offer::record:
            journal_.sent(offered_ticket_);
            break;
        case Offer::ordinary:
            clean(ordinary_);
            break;
    }
}

}  // namespace firebreak
