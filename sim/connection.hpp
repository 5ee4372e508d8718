// One master's TCP connection, with Modbus TCP or RTU frames in it. It does its own framing
// because libmodbus' server blocks in the middle of a frame, and a client that hangs there would
// stall all others. Owned by the ModbusServer.
#pragma once

#include <memory>

#include "firmware/bus/plan.hpp"
#include "sim/endpoint.hpp"
#include "sim/socket.hpp"

namespace firebreak {

[[nodiscard]] std::unique_ptr<Endpoint> make_connection(Descriptor fd, std::size_t bus,
                                                        Wire framing, const ModbusAnswer& answer);

}  // namespace firebreak
