// Evidence to verdict, for one comparison and for a joined set, and the words for it. Pure.
// Hysteresis holds from the moment a condition is met, so from *pending* on: a reading that
// chatters about its limit cannot postpone an alarm for ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "contract/support/time.hpp"
#include "firmware/alarm/history.hpp"
#include "firmware/alarm/plan.hpp"

namespace firebreak {

enum class Verdict : std::uint8_t { met, unmet, no_evidence };
[[nodiscard]] std::string_view to_string(Verdict verdict);

/// The comparison alone; `held`: it was met before, so the hysteresis counts.
[[nodiscard]] bool meets(Compare compare, double limit, double hysteresis, double value, bool held);
[[nodiscard]] inline bool meets(const ConditionPlan& condition, double value, bool held) {
    return meets(condition.compare, condition.limit, condition.hysteresis, value, held);
}

/// Of a condition on a reading itself or on a device's silence; the watch judges the others.
/// `held`: the last verdict that had evidence was `met`.
[[nodiscard]] Verdict judge(const ConditionPlan& condition, const History& history, Instant now,
                            bool held);

/// Kleene's logic: what is missing decides nothing that the rest has decided.
[[nodiscard]] Verdict join(const std::vector<Verdict>& verdicts, bool all);

/// Of `at_least` among them, with what is missing deciding nothing; 0 is all.
[[nodiscard]] Verdict join(std::size_t met, std::size_t missing, std::size_t of,
                           std::size_t at_least);

/// "above", "not below" …
[[nodiscard]] std::string_view word(Compare compare);
/// The unit that the quantity's number has: that of the point, per second, seconds …
[[nodiscard]] std::string quantity_unit(const Quantity& quantity, Unit of_point);

/// For people: "ups1 battery.temperature 71.2 Cel above 60".
[[nodiscard]] std::string explain(const ConditionPlan& condition, const History& history,
                                  Instant now, Verdict verdict);

/// The condition alone: "ups1 battery.temperature above 60", "fire1 silent".
[[nodiscard]] std::string describe(const ConditionPlan& condition);

}  // namespace firebreak
