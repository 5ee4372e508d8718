#include "firmware/alarm/answer.hpp"

namespace firebreak {

namespace {

OperatorAnswer answer_set(bool was, bool is, const char* wanted) {
    if (was != is) return {Outcome::done, wanted};
    return {Outcome::already, std::string("was so before: ") + wanted};
}

}  // namespace

OperatorAnswer answer_to(const OperatorOrder& order, const AlarmState& before,
                         const AlarmState& after) {
    switch (order.action) {
        case OperatorAction::acknowledge:
            if (!after.acknowledged) return {Outcome::refused, "it is not active"};
            return answer_set(before.acknowledged && !(after.asked_again > before.asked_again),
                              true, "acknowledged");
        case OperatorAction::reset:
            if (after.latched) {
                return {Outcome::refused, "its condition is met, or not known to be over"};
            }
            return answer_set(before.latched, false, "not latched");
        case OperatorAction::shelve:
            if (order.shelve_for <= Duration::zero()) return {Outcome::refused, "for how long?"};
            return {Outcome::done, "shelved for " + format_duration(order.shelve_for)};
        case OperatorAction::unshelve:
            return answer_set(before.shelved_until.has_value(), false, "not shelved");
        case OperatorAction::suppress:
            return answer_set(before.suppressed, true, "suppressed");
        case OperatorAction::unsuppress:
            return answer_set(before.suppressed, false, "not suppressed by request");
        case OperatorAction::out_of_service:
            return answer_set(before.out_of_service, true, "out of service");
        case OperatorAction::in_service:
            return answer_set(before.out_of_service, false, "in service");
    }
    return {Outcome::refused, "not known here"};
}

}  // namespace firebreak
