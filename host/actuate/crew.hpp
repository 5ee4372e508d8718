// One worker thread an endpoint, so that an absent or hanging HAProxy stalls no other. Owns the
// actuators. Orders come from the core thread; receipts go to `sink` on the worker's thread,
// which must only post to an inbox. Orders with steps go ahead of observations.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/actuate/actuator.hpp"
#include "host/policy.hpp"

namespace firebreak {

class Crew {
public:
    /// False when the receipt could not be taken now: it is offered again.
    using Sink = std::function<bool(const std::string& target, const std::vector<Step>& steps,
                                    const Result<ItemStates>& states,
                                    const std::optional<Feedback>& feedback)>;
    /// Makes an endpoint's actuator; it must give up when the descriptor becomes readable.
    using Maker = std::function<std::unique_ptr<Actuator>(const EndpointPlan&, int stop_fd)>;

    Crew(const PolicyPlan& policy, const Maker& make, const Sink& sink);
    ~Crew();  ///< stops and joins: calls under way are given up
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;

    /// False when too many orders wait at the target's endpoint, or there is none.
    [[nodiscard]] bool order(const std::string& target, std::vector<Step> steps);

private:
    struct Worker;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::map<std::string, Worker*> by_target_;
    int stop_fd_ = -1;
};

}  // namespace firebreak
