// The seam to whatever carries traffic or load. Called from one crew worker at a time; may
// block for at most its endpoint's timeout. Errors: timeout, refused, busy, port_lost, corrupt.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "host/actuate/feedback.hpp"
#include "host/plan.hpp"

namespace firebreak {

/// Item name to its state as read back: "ready", "draining", "drain", "maint", "down", "on", "off";
/// plan.hpp has what may follow these words.
using ItemStates = std::map<std::string, std::string>;

/// Work for an endpoint. Empty `steps`: only observe.
struct Order {
    std::string target;
    std::vector<Step> steps;
};

class Actuator {
public:
    virtual ~Actuator() = default;

    /// The present state of every item of a target, and of the other servers of its backend.
    [[nodiscard]] Result<ItemStates> observe(const std::string& target) {
        return apply(target, {});
    }

    /// Carries out steps of one target, then reads back: the states that now hold.
    [[nodiscard]] virtual Result<ItemStates> apply(const std::string& target,
                                                   const std::vector<Step>& steps) = 0;

    /// How the others fared at the last read-back, where the actuator can tell and was asked to.
    [[nodiscard]] virtual std::optional<Feedback> feedback(const std::string& target) const {
        static_cast<void>(target);
        return std::nullopt;
    }

    /// Whether apply_all() of many orders costs little more than apply() of one.
    [[nodiscard]] virtual bool takes_many() const { return false; }

    /// An answer for each order, in their order; what fails of one spoils no other.
    [[nodiscard]] virtual std::vector<Result<ItemStates>> apply_all(
        const std::vector<Order>& orders) {
        std::vector<Result<ItemStates>> answers;
        for (const auto& order : orders) answers.push_back(apply(order.target, order.steps));
        return answers;
    }
};

}  // namespace firebreak
