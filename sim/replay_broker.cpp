#include "sim/replay_broker.hpp"

#include <algorithm>
#include <utility>

namespace firebreak {

bool topic_matches(std::string_view filter, std::string_view topic) {
    while (true) {
        if (filter == "#") return true;
        const auto filter_end = filter.find('/');
        const auto topic_end = topic.find('/');
        const auto level = filter.substr(0, filter_end);
        if (level != "+" && level != topic.substr(0, topic_end)) return false;
        if (filter_end == std::string_view::npos || topic_end == std::string_view::npos) {
            // "a/#" also matches "a" itself.
            const bool rest =
                filter_end != std::string_view::npos && filter.substr(filter_end + 1) == "#";
            return filter_end == topic_end || (topic_end == std::string_view::npos && rest);
        }
        filter.remove_prefix(filter_end + 1);
        topic.remove_prefix(topic_end + 1);
    }
}

std::vector<Delivery> ReplayBroker::connect(std::size_t client, std::vector<std::string> filters) {
    std::vector<Delivery> deliveries;
    for (const auto& [topic, payload] : retained_) {
        const auto matches = [&topic = topic](const auto& f) { return topic_matches(f, topic); };
        if (std::any_of(filters.begin(), filters.end(), matches)) {
            deliveries.push_back({client, {topic, payload}});
        }
    }
    filters_[client] = std::move(filters);
    return deliveries;
}

std::vector<Delivery> ReplayBroker::publish(const Message& message) {
    if (message.retained) retained_[message.topic] = message.payload;
    std::vector<Delivery> deliveries;
    for (const auto& [client, filters] : filters_) {
        const auto matches = [&](const auto& f) { return topic_matches(f, message.topic); };
        if (std::any_of(filters.begin(), filters.end(), matches)) {
            deliveries.push_back({client, {message.topic, message.payload}});
        }
    }
    return deliveries;
}

}  // namespace firebreak
