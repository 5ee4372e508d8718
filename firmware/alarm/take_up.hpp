// What an earlier life of the agent last said of an alarm, taken up by this one: a restart clears
// nothing, and forgets nothing that a person did. Pure. Wall time may have jumped in between.
#pragma once

#include "contract/alarm.hpp"
#include "firmware/alarm/step.hpp"

namespace firebreak {

/// `present` with what is to be taken up. An active alarm goes on firing until there is evidence, a
/// latched one until it is reset; a shelved one ends at its time, and not later than its length
/// from now, whatever the clock says.
[[nodiscard]] AlarmState taken_up(const AlarmState& present, const AlarmPlan& plan,
                                  const AlarmNotice& earlier, Now now);

}  // namespace firebreak
