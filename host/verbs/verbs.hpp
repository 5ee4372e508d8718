// The verbs of firebreak-host that look at a running host or at its journal, each in a source of
// its own. They own no state but the words they were given.
#pragma once

#include "contract/support/program.hpp"

namespace firebreak {

void add_history(Program& program);
/// status, plan, why, hold, resume, arm, disarm, restore, drill: asked of a running host.
void add_operator(Program& program);

}  // namespace firebreak
