// One MQTT message on its way out, and what the link tells its owner. Plain values:
// the cores make and take these without knowing that MQTT exists.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

namespace firebreak {

struct Message {
    std::string topic;
    std::string payload;
    bool retained = false;
    std::uint64_t ticket = 0;  ///< not 0: its owner wants to know when the broker has it

    bool operator==(const Message&) const = default;
};

struct LinkUp {
    std::string broker = {};  ///< its URL
    bool resumed = false;     ///< what it kept for us while we were away comes first
};
struct LinkDown {
    std::string why;
};
struct Arrived {
    std::string topic;
    std::string payload;
};
using LinkEvent = std::variant<LinkUp, LinkDown, Arrived>;

}  // namespace firebreak
