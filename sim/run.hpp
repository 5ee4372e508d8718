// `firebreak-sim run`: a room on real wires, at a speed. A shell: sockets, files and the clock;
// its one thread owns the room and the Modbus server, the racks' servers have their own.
// Writes the room's log, one line an event, flushed:
//   unix_ms,story_s,begin|event|feed_off|feed_on|rack_off|rack_on|end,what,why,kw
#pragma once

#include <cstdint>
#include <string>

#include "contract/support/result.hpp"
#include "sim/room_file.hpp"
#include "sim/world.hpp"

namespace firebreak {

/// Blocks until SIGTERM or SIGINT. Fault::config when a port or the log cannot be had.
[[nodiscard]] Result<void> run_room(const RoomPlan& plan);

/// One line of the room's log, without its end; commas in texts become semicolons.
[[nodiscard]] std::string log_line(std::int64_t unix_ms, const RoomEvent& event);

}  // namespace firebreak
