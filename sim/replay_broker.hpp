// The replay's stand-in for the broker: topics, wildcards and retained messages, no wires.
// Deliveries are in the order of subscription, so a replay is the same every time. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contract/message.hpp"

namespace firebreak {

struct Delivery {
    std::size_t client = 0;
    Arrived message;
};

class ReplayBroker {
public:
    /// The retained messages that the new client's filters match.
    std::vector<Delivery> connect(std::size_t client, std::vector<std::string> filters);
    std::vector<Delivery> publish(const Message& message);

private:
    std::map<std::size_t, std::vector<std::string>> filters_;
    std::map<std::string, std::string> retained_;
};

/// MQTT 5, section 4.7: "+" is one level, "#" the rest.
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace firebreak
