// What Home Assistant's MQTT discovery is told of a site: each measure is a sensor, each alarm a
// binary sensor of a problem, each device's answering one of connectivity. Pure; retained messages
// whose state topics are the contract's own. Written to
// https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery.
#pragma once

#include <vector>

#include "contract/message.hpp"
#include "firmware/site.hpp"

namespace firebreak {

/// One message an entity; none where the site has no [home_assistant].
[[nodiscard]] std::vector<Message> home_assistant_messages(const SitePlan& plan);

}  // namespace firebreak
