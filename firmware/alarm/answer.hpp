// What became of an operator's order, in a word and a text for him. Pure.
#pragma once

#include <string>

#include "contract/posture.hpp"
#include "firmware/alarm/step.hpp"

namespace firebreak {

struct OperatorAnswer {
    Outcome outcome = Outcome::done;  ///< done, already or refused
    std::string why;
};

/// `before` and `after` are the states around the step that took the order.
[[nodiscard]] OperatorAnswer answer_to(const OperatorOrder& order, const AlarmState& before,
                                       const AlarmState& after);

}  // namespace firebreak
