// Messages waiting for the link. Of a retained topic only the newest waits; records wait in
// order, bounded: the oldest is dropped and counted. Nothing is offered while the link is down.
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

    void retain(Message message);
    void record(Message message) { push(std::move(message)); }
    /// Written out only when its turn comes: of thousands at once most never come to it.
    void record(Command command) { push(std::move(command)); }

    /// Every retained message goes out again: the broker may be a new one.
    void link_up();
    void link_down() { up_ = false; }

    [[nodiscard]] const Message* next();
    void sent();

    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
    using Record = std::variant<Message, Command>;
    void push(Record record);
    [[nodiscard]] Message written(const Record& record) const;

    Origin self_;
    bool up_ = false;
    std::deque<Record> records_;
    std::uint64_t first_record_ = 0;    ///< the number of records_.front() since the start
    std::uint64_t offered_number_ = 0;  ///< of the record offered
    std::map<std::string, Message> retained_;
    std::set<std::string> unsent_;  ///< topics of retained_
    bool offered_record_ = false;
    Message offered_;
    std::uint64_t dropped_ = 0;
};

}  // namespace firebreak
