// What waits for the broker. State: the newest message of each topic, offered again after every
// LinkUp. Records: a bounded queue in order, the oldest dropped and counted. Bounded throughout.
// Owned by the core. Nothing is offered while the link is down.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "contract/message.hpp"

namespace firebreak {

/// Which state goes first when the link is slow.
enum class Rank : std::uint8_t { urgent, ordinary };

class Outbox {
public:
    Outbox(std::size_t max_topics, std::size_t max_records)
        : max_topics_(max_topics), max_records_(max_records) {}

    /// State: replaces what is known of its topic, sent or not.
    void put(Message message, Rank rank);

    /// A record: sent once, in order, after urgent state and before ordinary.
    void queue(Message message);

    void link_up();
    void link_down();

    /// The next message, the same until sent() or until it is replaced.
    [[nodiscard]] const Message* front();

    /// The link took what front() last returned.
    void sent();

    /// Records lost to a full queue, and states of more topics than were provided for.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
    [[nodiscard]] std::size_t waiting() const {
        return urgent_.size() + records_.size() + ordinary_.size();
    }

private:
    struct Slot {
        Message message;
        Rank rank = Rank::ordinary;
        bool dirty = false;
    };
    enum class Offer : std::uint8_t { nothing, urgent, record, ordinary };

    void mark(Slot& slot);

    std::size_t max_topics_;
    std::size_t max_records_;
    /// By the slot's own topic. A slot stays where it is: the queues point to it.
    std::map<std::string_view, std::unique_ptr<Slot>> slots_;
    std::deque<Slot*> urgent_;
    std::deque<Slot*> ordinary_;
    std::deque<Message> records_;
    Offer offered_ = Offer::nothing;
    bool up_ = false;
    std::uint64_t dropped_ = 0;
};

}  // namespace firebreak
