// A link for brokers that cannot carry a dot in a topic: NATS before 2.10 ends the connection,
// RabbitMQ makes it a slash. Another character, which no name can have, stands for it on the way.
// Owned and called as the link it wraps; its sink is called on that link's threads.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "contract/link/link.hpp"

namespace firebreak {

/// The contract's dot and what stands for it at the broker.
class Dots {
public:
    explicit Dots(char instead) : instead_(instead) {}

    [[nodiscard]] std::string away(std::string topic) const {
        std::replace(topic.begin(), topic.end(), '.', instead_);
        return topic;
    }
    [[nodiscard]] std::string back(std::string topic) const {
        std::replace(topic.begin(), topic.end(), instead_, '.');
        return topic;
    }
    [[nodiscard]] LinkOptions away(LinkOptions options) const {
        for (auto* filters : {&options.subscriptions, &options.sure_subscriptions}) {
            for (auto& filter : *filters) filter = away(std::move(filter));
        }
        options.will.topic = away(std::move(options.will.topic));
        return options;
    }
    [[nodiscard]] std::function<void(LinkEvent)> back(std::function<void(LinkEvent)> sink) const {
        return [dots = *this, sink = std::move(sink)](LinkEvent event) {
            if (auto* arrived = std::get_if<Arrived>(&event)) {
                arrived->topic = dots.back(std::move(arrived->topic));
            }
            sink(std::move(event));
        };
    }

private:
    char instead_;
};

/// `link` has been made with options and a sink that went through the same dots.
class DotlessLink final : public Link {
public:
    DotlessLink(Dots dots, std::unique_ptr<Link> link) : dots_(dots), link_(std::move(link)) {}

    Instant tick(Instant now) override { return link_->tick(now); }
    Result<void> publish(const Message& message) override { return link_->publish(away(message)); }
    std::vector<std::uint64_t> take_delivered() override { return link_->take_delivered(); }
    void close(const Message& farewell) override { link_->close(away(farewell)); }

private:
    [[nodiscard]] Message away(Message message) const {
        message.topic = dots_.away(std::move(message.topic));
        return message;
    }

    Dots dots_;
    std::unique_ptr<Link> link_;
};

}  // namespace firebreak
