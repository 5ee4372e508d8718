// Messages waiting for the link: records that somebody acts on first, then state, of which only the
// newest of a topic waits, then records for whoever is curious. Records wait in order, bounded:
// the oldest is dropped and counted. Nothing is offered while the link is down.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "contract/message.hpp"
#include "contract/posture.hpp"
#include "contract/topic.hpp"

namespace firebreak {

class Outgoing {
public:
    static constexpr std::size_t max_records = 4096;

    /// `self`: below whose topics commands are published.
    explicit Outgoing(Origin self) : self_(std::move(self)) {}
    Outgoing(const Outgoing&) = delete;
    Outgoing& operator=(const Outgoing&) = delete;

    void retain(Message message);
    /// Somebody waits for it.
    void record(Message message) { records_.push(std::move(message)); }
    void record(Command command) { records_.push(std::move(command)); }
    /// One that is carried out already, or by nobody: to be filled, whatever it holds. Where there
    /// is no room it is the oldest's: of tens of thousands at once most never come to their turn.
    [[nodiscard]] Command& note();

    /// Every retained message goes out again: the broker may be a new one.
    void link_up();
    void link_down() { up_ = false; }

    /// Without `notes` the records for the curious wait on.
    [[nodiscard]] const Message* next(bool notes = true);
    void sent();

    [[nodiscard]] std::uint64_t dropped() const { return records_.dropped + notes_.dropped; }

private:
    /// Written out only when its turn comes: of thousands at once most never come to it.
    using Record = std::variant<Message, Command>;

    struct Queue {
        std::deque<Record> waiting;
        std::uint64_t first = 0;  ///< the number of waiting.front() since the start
        std::uint64_t dropped = 0;

        void push(Record record);
        void pop();
    };
    [[nodiscard]] Message written(const Record& record) const;

    Origin self_;
    bool up_ = false;
    Queue records_;
    Queue notes_;
    std::map<std::string, Message> retained_;
    std::set<std::string> unsent_;      ///< topics of retained_
    Queue* offered_from_ = nullptr;     ///< nothing: a retained message
    std::uint64_t offered_number_ = 0;  ///< of the record offered
    Message offered_;
};

}  // namespace firebreak
