// The floor of mqtt_bench: paho alone, QoS 1, one message on its way at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "contract/support/time.hpp"

namespace firebreak {

/// Calls back for each message, on paho's thread. Ends the program when the broker is not there.
class RawSubscriber {
public:
    using Heard = std::function<void(const std::string& payload)>;
    RawSubscriber(const std::string& url, const std::string& filter, Heard heard);
    ~RawSubscriber();
    RawSubscriber(const RawSubscriber&) = delete;
    RawSubscriber& operator=(const RawSubscriber&) = delete;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Publishes what `next` gives, retained, once a period, `count` times.
void publish_raw(const std::string& url, const std::string& topic, Duration period, int count,
                 const std::function<std::string()>& next);

}  // namespace firebreak
