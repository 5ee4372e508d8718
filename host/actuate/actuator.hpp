// The seam to whatever carries traffic or load. Called from one crew worker at a time; may
// block for at most its endpoint's timeout. Errors: timeout, refused, busy, port_lost, corrupt.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/support/result.hpp"
#include "contract/support/time.hpp"
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

/// Between two orders of one drain: after a longer one its clocks begin anew.
inline constexpr Duration longest_pause = std::chrono::minutes(2);

class Actuator {
public:
    explicit Actuator(bool takes_many = false) : takes_many_(takes_many) {}
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
    [[nodiscard]] bool takes_many() const { return takes_many_; }

    /// Takes the answer to one of the orders, by its place among them.
    using Answer = std::function<void(std::size_t order, Result<ItemStates> states)>;

    /// Answers each order, in their order, as soon as it is known, and does not look at it any more
    /// from then on; what fails of one spoils no other.
    virtual void apply_all(const std::vector<Order>& orders, const Answer& answer) {
        for (std::size_t i = 0; i < orders.size(); ++i) {
            answer(i, apply(orders[i].target, orders[i].steps));
        }
    }

    /// What may wait until the answers are on their way. What fails of it is made up for at a later
    /// call.
    virtual void tidy_up() {}

private:
    bool takes_many_;
};

}  // namespace firebreak
