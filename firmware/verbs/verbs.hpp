// What firebreak-agent can be asked to do: each verb adds itself, its options and its action to the
// program. Exit codes: 0 well, 1 failed (a device did not answer), 2 wrong use or wrong files.
// Only `run` writes to a bus; only `run`, `alarm` and `sparkplug` talk to a broker.
#pragma once

#include "contract/support/program.hpp"

namespace firebreak {

void add_check(Program& program);
void add_run(Program& program);
void add_read(Program& program);
void add_watch(Program& program);
void add_scan(Program& program);
void add_alarm(Program& program);
void add_keygen(Program& program);
void add_sparkplug(Program& program);

}  // namespace firebreak
