// One worker thread an endpoint, or two, so that an absent or hanging HAProxy stalls no other. Owns
// the actuators, one a worker; a target always has the same. Orders come from the core thread;
// receipts go to `sink` on the worker's thread, which must only post to an inbox. Orders with steps
// go ahead of observations.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "host/actuate/receipt.hpp"
#include "host/policy.hpp"

namespace firebreak {

class Crew {
public:
    /// False when the receipt could not be taken now: it is still the caller's, and offered again.
    using Sink = std::function<bool(Receipt& receipt)>;
    /// Makes an endpoint's actuator; it must give up when the descriptor becomes readable.
    using Maker = std::function<std::unique_ptr<Actuator>(const EndpointPlan&, int stop_fd)>;

    Crew(const PolicyPlan& policy, const Maker& make, const Sink& sink);
    ~Crew();  ///< stops and joins: calls under way are given up
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// False when too many orders wait at the target's endpoint, or there is none: then the order
    /// is still the caller's.
    [[nodiscard]] bool order(Order& order);
    /// False, too, where orders that come together are carried out together.
    [[nodiscard]] bool order_alone(Order& order);
    [[nodiscard]] bool order(const std::string& target, std::vector<Step> steps) {
        Order made{target, std::move(steps)};
        return order(made);
    }

private:
    struct Worker;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::map<std::string, Worker*> by_target_;
    int stop_fd_ = -1;
};

}  // namespace firebreak
