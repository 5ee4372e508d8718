// What waits for the broker. State: the newest message of each topic, offered again after every
// LinkUp. Answers: a bounded queue in order, the oldest dropped and counted. Records: the journal,
// which keeps them until they are had. Bounded throughout.
// Owned by the core. Nothing is offered while the link is down.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "contract/message.hpp"
#include "firmware/outbox/journal.hpp"

namespace firebreak {

/// Which state goes first when the link is slow.
enum class Rank : std::uint8_t { urgent, ordinary };

class Outbox {
public:
    Outbox(std::size_t max_topics, std::size_t max_answers, Journal journal = Journal(0))
        : max_topics_(max_topics), max_answers_(max_answers), journal_(std::move(journal)) {}

    /// So many topics more are provided for.
    void expect(std::size_t topics) { max_topics_ += topics; }

    /// State: replaces what is known of its topic, sent or not.
    void put(Message message, Rank rank);

    /// An answer: sent once, in order, after urgent state and before records and ordinary state.
    void queue(Message message);

    [[nodiscard]] Journal& journal() { return journal_; }
    [[nodiscard]] const Journal& journal() const { return journal_; }

    void link_up();
    void link_down();

    /// Urgent state is offered once more, for somebody who may have missed it.
    void say_urgent_again();

    [[nodiscard]] bool is_up() const { return up_; }

    /// The next message, the same until sent() or until it is replaced; with Rank::urgent only what
    /// goes before ordinary state.
    [[nodiscard]] const Message* front(Rank least = Rank::ordinary);

    /// The link took what front() last returned.
    void sent();

    /// Answers and records lost for want of room, and states of more topics than were provided for.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_ + journal_.thinned(); }
    [[nodiscard]] std::size_t waiting() const {
        return urgent_.size() + answers_.size() + journal_.size() + ordinary_.size();
    }

private:
    struct Slot {
        Message message;
        Rank rank = Rank::ordinary;
        bool dirty = false;
    };
    enum class Offer : std::uint8_t { nothing, urgent, answer, record, ordinary };

    void mark(Slot& slot);

    std::size_t max_topics_;
    std::size_t max_answers_;
    /// By the slot's own topic. A slot stays where it is: the queues point to it.
    std::map<std::string_view, std::unique_ptr<Slot>> slots_;
    std::deque<Slot*> urgent_;
    std::deque<Slot*> ordinary_;
    std::deque<Message> answers_;
    Journal journal_;
    std::uint64_t offered_ticket_ = 0;
    Offer offered_ = Offer::nothing;
    bool up_ = false;
    std::uint64_t dropped_ = 0;
};

}  // namespace firebreak
