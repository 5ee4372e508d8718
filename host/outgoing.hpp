// Messages waiting for the link. Of a retained topic only the newest waits; records wait in
// order, bounded: the oldest is dropped and counted. Nothing is offered while the link is down.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "contract/message.hpp"

namespace firebreak {

class Outgoing {
public:
    static constexpr std::size_t max_records = 4096;

    void retain(Message message);
    void record(Message message);

    /// Every retained message goes out again: the broker may be a new one.
    void link_up();
    void link_down() { up_ = false; }

    [[nodiscard]] const Message* next();
    void sent();

    [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
    bool up_ = false;
    std::deque<Message> records_;
    std::map<std::string, Message> retained_;
    std::set<std::string> unsent_;  ///< topics of retained_
    bool offered_record_ = false;
    Message offered_;
    std::uint64_t dropped_ = 0;
};

}  // namespace firebreak
