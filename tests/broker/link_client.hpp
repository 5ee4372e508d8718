// A link with a shell's loop around it, for tests at a real broker.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "contract/link/link.hpp"
#include "contract/support/inbox.hpp"

namespace firebreak {

inline constexpr auto own_status = "firebreak/1/here/agent/one/status";

/// A link with the loop that a shell turns around it. Its clock can be put forward, so that a
/// test need not sit out a back-off.
class Client {
public:
    explicit Client(const std::string& url, std::vector<std::string> subscriptions = {},
                    const std::string& id = "one", const std::string& ca_file = "")
        : Client({.urls = {url}, .ca_file = ca_file}, std::move(subscriptions), id) {}

    explicit Client(BrokerPlan where, std::vector<std::string> subscriptions = {},
                    const std::string& id = "one", bool keeps_session = false)
        : Client(LinkOptions{.broker = std::move(where),
                             .client_id = id,
                             .subscriptions = std::move(subscriptions),
                             .keeps_session = keeps_session,
                             .will = {own_status, "died", true}}) {}

    explicit Client(LinkOptions options)
        : link_(make_mqtt_link(std::move(options),
                               [this](LinkEvent event) { (void)inbox_.post(std::move(event)); })) {}

    /// Turns the loop until `done`; false if that did not come to pass.
    template <class Done>
    [[nodiscard]] bool until(Done done, Duration patience = std::chrono::seconds(20)) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done()) {
            const auto now = std::chrono::steady_clock::now();
            if (now >= end) return false;
            due = link_->tick(now + ahead_);
            if (auto event = inbox_.take(now + std::chrono::milliseconds(10))) take(*event);
        }
        return true;
    }
    [[nodiscard]] bool comes_up() {
        return until([this, before = ups] { return ups > before; });
    }
    [[nodiscard]] bool goes_down() {
        return until([this, before = downs.size()] { return downs.size() > before; });
    }
    /// Puts the clock forward until the connection counts as a good one, so that the next
    /// attempt comes after the shortest wait.
    void grow_old() {
        due = link_->tick(std::chrono::steady_clock::now() + ahead_);
        ahead_ += std::chrono::seconds(20);
        due = link_->tick(std::chrono::steady_clock::now() + ahead_);
    }

    /// Offers the message until the link takes it.
    [[nodiscard]] bool publish(const Message& message) {
        return until([&] { return link_->publish(message).has_value(); });
    }

    Link& link() { return *link_; }
    void destroy() { link_.reset(); }

    int ups = 0;
    std::string broker;  ///< of the last LinkUp
    bool resumed = false;
    std::vector<std::string> downs;
    std::vector<Arrived> arrived;
    Instant due;

private:
    void take(LinkEvent& event) {
        if (auto* up = std::get_if<LinkUp>(&event)) {
            ++ups;
            broker = up->broker;
            resumed = up->resumed;
        }
        if (auto* down = std::get_if<LinkDown>(&event)) downs.push_back(down->why);
        if (auto* message = std::get_if<Arrived>(&event)) arrived.push_back(std::move(*message));
    }

    Inbox<LinkEvent> inbox_{10'000};
    Duration ahead_{};
    std::unique_ptr<Link> link_;
};

}  // namespace firebreak
