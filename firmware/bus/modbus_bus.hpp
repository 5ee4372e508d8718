// A Bus over libmodbus. Connects on first use and again after port_lost, timeout or corrupt: a
// late answer dies with its connection. When to try again is the poll schedule's to say.
// A connect and a request take at most the plan's timeout each (a host name also its look-up).
#pragma once

#include <memory>

#include "firmware/bus/bus.hpp"
#include "firmware/bus/plan.hpp"

namespace firebreak {

[[nodiscard]] std::unique_ptr<Bus> make_modbus_bus(const BusPlan& plan);

}  // namespace firebreak
