// The seam to the broker. Owned by a shell; all calls from the core thread, none blocks.
// Events come on the library's thread and must only be posted to an inbox.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "contract/link/broker.hpp"
#include "contract/message.hpp"
#include "contract/support/result.hpp"
#include "contract/support/time.hpp"

namespace firebreak {

struct LinkOptions {
    BrokerPlan broker = {};
    std::string client_id = {};
    std::vector<std::string> subscriptions = {};       ///< made anew at every connection
    std::vector<std::string> sure_subscriptions = {};  ///< so too, at QoS 1 whatever the session
    /// QoS 1, and the broker keeps what comes while we are away, for as long as broker.session
    /// says. Otherwise QoS 0 and nothing: who must not be handed anything late is sent it again.
    bool keeps_session = false;
    Message will = {};  ///< QoS 1
    /// Of publish(), not of will and farewell. At 0 what a connection takes along is gone for good.
    int qos = 1;
    /// On the library's thread: what publish() was too busy for may be offered again.
    std::function<void()> on_room = [] {};
};

class Link {
public:
    virtual ~Link() = default;

    /// Connects to one broker after the other, with back-off once a round; returns when it wants to
    /// be called again.
    [[nodiscard]] virtual Instant tick(Instant now) = 0;

    /// Fault::busy when the link is down or too much is in flight: offer it again on_room().
    /// Once taken, a message with a ticket is sent on connection after connection until it is had.
    [[nodiscard]] virtual Result<void> publish(const Message& message) = 0;

    /// The tickets of messages that the broker has, or has refused for good, since the last call.
    [[nodiscard]] virtual std::vector<std::uint64_t> take_delivered() = 0;

    /// Publishes `farewell` if connected, then disconnects; takes at most a second.
    virtual void close(const Message& farewell) = 0;
};

/// MQTT 5 or 3.1.1 over paho. `sink` is called on paho's threads.
[[nodiscard]] std::unique_ptr<Link> make_mqtt_link(LinkOptions options,
                                                   std::function<void(LinkEvent)> sink);

}  // namespace firebreak
