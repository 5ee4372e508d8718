// A serial line without hardware: a pseudo-terminal behind a link where the board has its port,
// paced to the baud rate. A request takes its characters' time however fast it was written; the
// answer follows after the gap and no byte of it comes early. Owned by the ModbusServer.
// Errors: Fault::config when the link or the terminal cannot be had.
#pragma once

#include <memory>

#include "contract/support/result.hpp"
#include "firmware/bus/plan.hpp"
#include "sim/endpoint.hpp"

namespace firebreak {

/// Replaces a link at the port's path, nothing else; takes the link away in the end.
[[nodiscard]] Result<std::unique_ptr<Endpoint>> make_serial_line(const BusPlan& plan,
                                                                 std::size_t bus,
                                                                 const ModbusAnswer& answer);

}  // namespace firebreak
