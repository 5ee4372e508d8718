// A Bus over a Port: requests framed for its wire, answers assembled and checked. The port is
// opened on first use and again after port_lost; a socket also after timeout or corrupt, so that
// a late answer dies with its connection. When to try again is the poll schedule's to say.
#pragma once

#include <memory>

#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"
#include "firmware/bus/port.hpp"

namespace firebreak {

[[nodiscard]] std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan);
[[nodiscard]] std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan, std::unique_ptr<Port> port);

}  // namespace firebreak
